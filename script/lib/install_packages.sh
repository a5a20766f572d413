#!/usr/bin/env bash
# The part of script/bootstrap that needs root: install_packages.sh CODENAME LOG PACKAGE…
#
# Installs the packages without starting their services (a policy-rc.d that says no, while it runs)
# and without leaving any enabled that was not before. Where the distribution has no Valkey, adds
# Debian's backports (Debian 12) or takes Redis. One at a time per machine: it holds a lock.
set -euo pipefail
SCRIPT_NAME=bootstrap  # The name that messages carry.
# shellcheck source=script/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=script/lib/packages.sh
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1

readonly POLICY=/usr/sbin/policy-rc.d  # Asked by invoke-rc.d before it starts a service; 101: no.
readonly POLICY_SAVED=$POLICY.saved-by-chaac
readonly POLICY_MARK='# Temporary, by script/bootstrap of Chaac: removed when it ends.'
readonly BACKPORTS_FILE=/etc/apt/sources.list.d/chaac-bookworm-backports.sources
readonly APT_OPTIONS=(-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0
  -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold)

main() {
  local codename=$1 log=$2
  shift 2
  mkdir -p /run/lock
  with_lock /run/lock/chaac-bootstrap.lock "waiting for another bootstrap on this machine."
  restore_policy  # Left behind if an earlier run was killed.

  local -a packages=("$@")
  refresh_lists "$log"
  local absent
  absent=$(unavailable "${packages[@]}" | xargs)
  if [[ -n $absent ]]; then
    [[ $codename != bookworm ]] || add_backports "$log" "$absent"
    if [[ " ${packages[*]} " == *" valkey-server "* && -n $(unavailable valkey-server) ]]; then
      say "no Valkey package here: installing Redis, which speaks the same protocol."
      mapfile -t packages < <(without_store "$@")
      packages+=("${STORE_FALLBACK_PACKAGES[@]}")
    fi
  fi
  check_available "$codename" "$log" "${packages[@]}"
  install_without_services "$log" "${packages[@]}"
}

refresh_lists() {
  # A broken source of the user's own must not stop us: what matters is that our packages are found.
  run_step "refreshing the package lists" "$1" apt-get "${APT_OPTIONS[@]}" update ||
    warn "apt-get update reported errors ($1); going on with the lists at hand."
}

# unavailable PACKAGE…: prints those that apt knows no version of.
unavailable() {
  local known
  known=$(apt-cache policy "$@" | awk '/^[^ ]/ { name = $1 } /^  Candidate: [^(]/ { print name }')
  comm -23 <(printf '%s\n' "$@" | sort -u) <(tr -d : <<<"$known" | sort -u)
}

without_store() {
  local package
  for package in "$@"; do
    [[ " ${STORE_PACKAGES[*]} " == *" $package "* ]] || printf '%s\n' "$package"
  done
}

# Debian 12 has Valkey, and a new Go, in its backports only. The new source uses the mirror and the key of the
# machine's own; apt never takes a package from it that Debian 12 itself has.
add_backports() {
  local log=$1 absent=$2 format mirror file key
  # shellcheck disable=SC2016  # apt-get fills these in.
  format='$(ORIGIN) $(CODENAME) $(COMPONENT) $(REPO_URI) $(SOURCESENTRY)'
  read -r mirror file < <(apt-get indextargets --format "$format" 'Created-By: Packages' |
    sed -n 's/^Debian bookworm main //p' | head -n 1) || return 0
  # deb822 has "Signed-By: PATH", else "[signed-by=PATH]", or neither: then apt's own keys.
  key=$(grep -oiP '^\s*[^#]*signed-by[:=]\s*\K/[^\s\]]+' "${file%:*}" | head -n 1) || true
  say "Debian 12 has $absent in its backports only: adding that package source, $BACKPORTS_FILE."
  {
    printf '# Added by script/bootstrap of Chaac, for %s.\n' "$absent"
    printf 'Types: deb\nURIs: %s\nSuites: bookworm-backports\nComponents: main\n' "$mirror"
    [[ -z $key ]] || printf 'Signed-By: %s\n' "$key"
  } >"$BACKPORTS_FILE"
  refresh_lists "$log"
  # shellcheck disable=SC2086  # Several names.
  [[ $(unavailable $absent | xargs) == "$absent" ]] || return 0
  rm -f "$BACKPORTS_FILE"
  explain_network "$log"
  say "that mirror has no $absent either: the package source is removed again."
}

check_available() {
  local codename=$1 log=$2 absent hint
  shift 2
  absent=$(unavailable "$@" | xargs)
  [[ -n $absent ]] || return 0
  hint="Enable the distribution's standard package sources in /etc/apt"
  [[ $codename != noble ]] || hint="Enable Ubuntu's component universe in /etc/apt"
  explain_network "$log"
  die "apt knows no such packages: $absent. $hint and run script/bootstrap again."
}

explain_network() {
  local signs='Temporary failure resolving|Could not resolve|Could not connect|Unable to connect'
  signs+='|Connection failed|[Cc]onnection timed out|Network is unreachable'
  ! grep -qE "$signs" "$1" ||
    die "the package servers cannot be reached (see $1): check the network, or apt's proxy" \
      "setting, and run script/bootstrap again."
}

install_without_services() {
  local log=$1
  shift
  services_before=$(enabled_services)
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  forbid_services
  dpkg --configure -a </dev/null >"$log" 2>&1 || true  # Ends what an interrupted run had begun.
  run_step "installing $# packages" "$log" \
    apt-get "${APT_OPTIONS[@]}" install --yes --no-install-recommends "$@" ||
    explain_install_failure "$log"
}

clean_up() {
  trap '' INT TERM HUP
  restore_policy
  disable_new_services "$services_before"
}

explain_install_failure() {
  explain_network "$1"
  ! grep -qE "No space left on device|don't have enough free space" "$1" ||
    die "the disk is full: free some space and run script/bootstrap again."
  ! grep -q 'Could not get lock' "$1" ||
    die "another package manager is at work: wait for its end and run script/bootstrap again."
  tail -n 20 "$1" >&2
  die "apt-get could not install the packages; its last lines are above, the rest in $1."
}

forbid_services() {
  [[ ! -e $POLICY && ! -L $POLICY ]] || mv "$POLICY" "$POLICY_SAVED"
  printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" >"$POLICY"
  chmod 755 "$POLICY"
}

restore_policy() {
  ! grep -qsF "$POLICY_MARK" "$POLICY" || rm -f "$POLICY"
  [[ ! -e $POLICY_SAVED && ! -L $POLICY_SAVED ]] || mv "$POLICY_SAVED" "$POLICY"
}

# enabled_services: one line a link that starts a service at boot: systemd's, and the rc?.d of
# sysvinit (without the number that orders them, which may change).
enabled_services() {
  [[ ! -d /etc/systemd/system ]] || find /etc/systemd/system -type l
  local link
  for link in /etc/rc[2-5].d/S[0-9][0-9]*; do
    [[ ! -L $link ]] || printf 'sysvinit %s\n' "${link##*/S[0-9][0-9]}"
  done
}

disable_new_services() {
  local link
  local -A disabled=()
  while read -r link; do
    case "$link" in
      sysvinit\ *)
        update-rc.d "${link#* }" disable >/dev/null
        disabled[${link#* }]=1
        ;;
      *.wants/*)
        rm -f "$link"
        disabled[$(basename "$link" .service)]=1
        ;;
      *) rm -f "$link" ;;  # A second name of a unit, such as valkey.service.
    esac
  done < <(comm -13 <(sort -u <<<"$1") <(enabled_services | sort -u))
  ((${#disabled[@]})) || return 0
  [[ ! -d /run/systemd/system ]] || systemctl daemon-reload
  say "left disabled and not running, as Chaac starts its own:" \
    "$(printf '%s\n' "${!disabled[@]}" | sort | xargs)."
}

main "$@"
