# packages.sh: every Debian or Ubuntu package Chaac needs, in one place. Sourced; runs nothing.
# The names are those of Debian 12; packages_for() knows where other distributions differ.
# shellcheck shell=bash
# shellcheck disable=SC2034  # The arrays are read through packages_for and script/bootstrap.

# To build the server and to run script/server.
SERVER_PACKAGES=(
  build-essential cmake ninja-build ccache pkg-config
  libboost1.81-dev libsimdjson-dev libhiredis-dev libcli11-dev libspdlog-dev libfmt-dev
  prometheus-cpp-dev libexpected-dev libssl-dev libxxhash-dev
  python3 python3-venv python3-yaml ca-certificates curl
)

# What script/test and script/lint need besides: the tests' libraries, Clang for the fuzzers and
# clang-tidy (with its sanitizer run times), and the programs that tests and measurements run.
TEST_PACKAGES=(
  libgtest-dev libgmock-dev liblua5.1-0-dev
  clang clang-tidy libclang-rt-dev llvm
  chromium fonts-dejavu-core nginx wrk valgrind strace shellcheck jq iso-codes git
)

# What script/bench and the tests of deploy/ need besides: programs in Go. 1.21 or newer, which fetches
# the toolchain that a go.mod names by itself.
BENCH_PACKAGES=(golang-go)

# What script/test monitoring needs besides: the programs that the rules and dashboards are tried on.
MONITORING_PACKAGES=(prometheus prometheus-alertmanager prometheus-redis-exporter)

# What script/image and the tests of containers need where no engine runs: an engine of their own, and
# what makes a base image out of the distribution's packages.
CONTAINER_PACKAGES=(docker.io iptables iproute2 mmdebstrap)

# What script/deploy needs where there is no new kubectl, which itself comes from npm.
KUBECTL_PACKAGES=(python3 python3-venv ca-certificates curl)

# The store; where the distribution has no Valkey at all, Redis 7 speaks the same protocol.
STORE_PACKAGES=(valkey-server valkey-tools)
STORE_FALLBACK_PACKAGES=(redis-server redis-tools)

# supported_codename: prints the code name of this distribution; fails on one that is not supported.
supported_codename() {
  local ID='' VERSION_CODENAME=''
  # shellcheck source=/dev/null
  [[ ! -r /etc/os-release ]] || . /etc/os-release
  case "$ID/$VERSION_CODENAME" in
    debian/bookworm | debian/trixie | ubuntu/noble) printf '%s\n' "$VERSION_CODENAME" ;;
    *) return 1 ;;
  esac
}

# packages_for GROUP CODENAME: prints the packages of GROUP (server, test, bench, monitoring, containers,
# deploy or kubectl), the store's left out.
packages_for() {
  local group=$1 codename=$2 package
  local -a packages=("${SERVER_PACKAGES[@]}")
  [[ $group == server ]] || packages+=("${TEST_PACKAGES[@]}")
  [[ $group != bench && $group != deploy ]] || has_new_go || packages+=("${BENCH_PACKAGES[@]}")
  [[ $group != monitoring ]] || packages+=("${MONITORING_PACKAGES[@]}")
  [[ $group != containers ]] || packages=("${CONTAINER_PACKAGES[@]}")
  [[ $group != kubectl ]] || packages=("${KUBECTL_PACKAGES[@]}")
  for package in "${packages[@]}"; do
    # Where an engine runs already, Debian's would be a second one, or in conflict with it.
    [[ $package != docker.io ]] || ! docker info >/dev/null 2>&1 || continue
    case "$package/$codename" in
      libboost1.81-dev/bookworm) ;;                # Its libboost-dev is 1.74: too old.
      libboost1.81-dev/*) package=libboost-dev ;;  # 1.83 on Debian 13 and Ubuntu 24.04.
      golang-go/bookworm) package=golang-1.23-go ;;  # From its backports; its own is 1.19.
      chromium/noble) continue ;;                  # A snap there: CHAAC_CHROMIUM names one.
      docker.io/bookworm) ;;
      docker.io/trixie) printf 'docker-cli\ndocker-buildx\n' ;;  # Packages of their own there.
      docker.io/*) printf 'docker-buildx\n' ;;
    esac
    printf '%s\n' "$package"
  done
}

# has_new_go: whether a Go of at least 1.21 is there, from wherever.
has_new_go() {
  local version
  version=$(go version 2>/dev/null) && [[ $version =~ go1\.([0-9]+) ]] && ((BASH_REMATCH[1] >= 21))
}

# packages_missing PACKAGE…: prints those that are not installed.
packages_missing() {
  local installed LC_ALL=C  # comm wants the order that sort made.
  installed=$(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
    sed -n 's/^installed //p') || true
  comm -23 <(printf '%s\n' "$@" | sort -u) <(sort -u <<<"$installed")
}
