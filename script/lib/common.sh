# common.sh: what Chaac's shell scripts share: paths, messages and quiet steps with progress.
# Sourced by bash 5 scripts that have set -euo pipefail; runs nothing by itself.
# shellcheck shell=bash

REPO_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
VAR_DIR=$REPO_ROOT/var       # All that scripts make at run time, builds aside; never committed.
LOG_DIR=$VAR_DIR/log
VENV=$VAR_DIR/venv           # The Python tools of script/requirements.txt.
# shellcheck disable=SC2034  # Used by the scripts that source this file.
CLANG_FORMAT=$VENV/bin/clang-format  # One version, so that code is formatted alike everywhere.
: "${SCRIPT_NAME:=$(basename "$0")}"

say() { printf '%s: %s\n' "$SCRIPT_NAME" "$*"; }
warn() { say "$@" >&2; }

# die MESSAGE…: says what is wrong and the way out, and ends the script with status 1.
die() {
  warn "$@"
  exit 1
}

# die_usage MESSAGE…: the same for a wrong flag, with status 2.
die_usage() {
  warn "$* See script/$SCRIPT_NAME --help."
  exit 2
}

# make_var_dirs: creates var/ and var/log, or explains why it cannot.
make_var_dirs() {
  mkdir -p "$LOG_DIR" 2>/dev/null || true
  [[ -w $VAR_DIR && -w $LOG_DIR ]] ||
    die "$VAR_DIR cannot be written by $(id -un); an earlier run as another user may own it:" \
      "sudo chown -R $(id -un) '$VAR_DIR'."
}

# ensure_bootstrap [GROUP]: installs what is missing for GROUP (server or test; default test).
ensure_bootstrap() { "$REPO_ROOT/script/bootstrap" --for "${1:-test}"; }

# compiler_clang: prints the Clang C++ compiler to use, the version the code is held to if present.
compiler_clang() {
  command -v clang++-14 || command -v clang++ ||
    die "Clang is not installed: run script/bootstrap."
}

# run_step LABEL LOG COMMAND…: runs COMMAND with its output in LOG and returns its status. Meanwhile
# a terminal shows LABEL, the seconds and the log's last line; a file gets a line every 30 seconds.
run_step() {
  local label=$1 log=$2 status=0 painter started=$SECONDS
  shift 2
  : >"$log"
  paint_progress "$label" "$log" "$started" &
  painter=$!
  # COMMAND stays in the foreground: bash lets background jobs ignore Ctrl-C.
  "$@" >>"$log" 2>&1 </dev/null || status=$?
  kill "$painter" 2>/dev/null || true
  wait "$painter" 2>/dev/null || true
  [[ ! -t 1 ]] || printf '\r\033[K'
  return "$status"
}

paint_progress() {
  local label=$1 log=$2 started=$3 owner=$$ seconds shown=0 last never
  # Reading from a pipe that stays silent is a sleep that leaves no process behind when killed.
  exec {never}<> <(:)
  [[ -t 1 ]] || say "$label"
  while kill -0 "$owner" 2>/dev/null; do
    seconds=$((SECONDS - started))
    last=$(tail -n 1 "$log" 2>/dev/null | tr -cd '[:print:]')
    if [[ -t 1 ]]; then
      last="$SCRIPT_NAME: $label ($seconds s) $last"
      printf '\r\033[K%.*s' "$(($(terminal_columns) - 1))" "$last"
    elif ((seconds >= shown + 30)); then
      shown=$seconds
      say "$label ($seconds s) ${last:0:100}" # A tool may write lines without end.
    fi
    read -rt 0.5 -u "$never" || true
  done
}

terminal_columns() {
  local size
  size=$(stty size </dev/tty 2>/dev/null) || size='24 80'
  printf '%s' "${size#* }"
}

# with_lock FILE MESSAGE: takes FILE's lock until this script ends; says MESSAGE if it has to wait.
with_lock() {
  local descriptor
  [[ ! -e $1 || -w $1 ]] || die "$1 belongs to another user: remove it and try again."
  exec {descriptor}>"$1"
  flock --nonblock "$descriptor" && return
  say "$2"
  flock "$descriptor"
}
