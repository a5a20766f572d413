# common.sh: what the store's scripts share. Sourced by POSIX shells with set -eu; runs nothing by itself.
# shellcheck shell=sh

: "${VALKEY_CONFIG:=/etc/valkey}"           # valkey.conf, users.acl, conf.d/ (read-only)
: "${VALKEY_SECRETS:=/run/secrets/valkey}"  # a file a user, with its password
: "${VALKEY_RUN:=/run/valkey}"              # written here, in memory: the configuration in force
: "${VALKEY_DATA:=/data}"
: "${VALKEY_PORT:=6379}"
: "${VALKEY_DOMAIN:=}"    # The headless Service's; a node is called $POD_NAME.$VALKEY_DOMAIN
: "${VALKEY_SENTINELS:=}" # host:port, with blanks between; empty: one Valkey, no failover
: "${VALKEY_GROUP:=chaac}"
: "${VALKEY_TLS_CA:=}"    # Set: TLS, and these certificates are trusted
readonly CLI_S=3          # The longest that one command to a node or a Sentinel takes

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() {
  say "$@"
  exit 1
}

# node_name POD: the name by which others reach a pod.
node_name() { if [ -n "$VALKEY_DOMAIN" ]; then echo "$1.$VALKEY_DOMAIN"; else echo "$1"; fi; }

# listen_on PORT: prints the lines of a configuration that open it, with TLS alone when there is TLS.
listen_on() { if [ -n "$VALKEY_TLS_CA" ]; then printf 'port 0\ntls-port %s\n' "$1"; else echo "port $1"; fi; }

# more_configuration: prints what components have put into conf.d.
more_configuration() {
  for more in "$VALKEY_CONFIG"/conf.d/*.conf; do
    [ ! -e "$more" ] || cat "$more"
  done
}

# password_of USER: prints it, or explains what is missing.
password_of() {
  [ -s "$VALKEY_SECRETS/$1" ] ||
    die "the password of \"$1\" is missing: the Secret valkey-passwords needs the key \"$1\"." \
      "script/deploy makes it; see docs/deploy.md."
  tr -d '\n' <"$VALKEY_SECRETS/$1"
}

# digest_of USER: the SHA-256 of the password, as ACLs write it.
digest_of() {
  digested=$(password_of "$1") # Alone on its line: in a pipe its failure would go unseen.
  printf '%s' "$digested" | sha256sum | cut -d ' ' -f 1
}

# cli HOST PORT USER COMMAND…: one command, or those on its input, in CLI_S seconds at most. The password is in no
# argument list.
cli() {
  cli_host=$1 cli_port=$2 cli_user=$3
  shift 3
  if [ -n "$VALKEY_TLS_CA" ]; then set -- --tls --cacert "$VALKEY_TLS_CA" "$@"; fi
  REDISCLI_AUTH=$(password_of "$cli_user") timeout "$CLI_S" valkey-cli -h "$cli_host" -p "$cli_port" \
    --user "$cli_user" --no-auth-warning "$@"
}

# own USER COMMAND…: the same, to the node in this container.
own() {
  own_user=$1
  shift
  cli 127.0.0.1 "$VALKEY_PORT" "$own_user" "$@"
}

# ask_sentinels COMMAND…: prints what at least two Sentinels answer alike, or nothing. All are asked at once, so that
# those that are away cost their time only once.
ask_sentinels() {
  {
    for sentinel in $VALKEY_SENTINELS; do
      {
        answer=$(cli "${sentinel%:*}" "${sentinel##*:}" sentinel SENTINEL "$@" 2>/dev/null | tr '\n' ' ')
        printf '%s\n' "$answer" # In one piece, as the others write here too.
      } &
    done
    wait
  } | sort | uniq -c | sed -n 's/^ *\([2-9]\|[1-9][0-9]\) \(.*[^ ]\) *$/\2/p' | head -n 1
}

# what_sentinels_see: asks all of them, at once too. Prints
#   "fit SENTINEL"            one that answers and may act,
#   "tilt SENTINEL"           one that distrusts its own clock: it acts on nothing for 30 s, and what it says of the
#                             nodes is old. It accepts the order to fail over all the same, and obeys it much later,
#   "fails-over SENTINEL"     one that is about to promote a replica, in the middle of it, or will go on with it when it
#                             trusts its clock again,
#   "sees HOST PORT SENTINEL" a replica that one that is fit may promote.
what_sentinels_see() {
  for sentinel in $VALKEY_SENTINELS; do
    printf 'INFO sentinel\nSENTINEL MASTER %s\nSENTINEL REPLICAS %s\n' "$VALKEY_GROUP" "$VALKEY_GROUP" |
      cli "${sentinel%:*}" "${sentinel##*:}" sentinel 2>/dev/null | tr -d '\r' | awk -v sentinel="$sentinel" '
        /^sentinel_tilt:/ { tilt = $0 == "sentinel_tilt:0" ? "fit" : "tilt"; print tilt, sentinel }
        $0 == "ip" { getline ip }
        $0 == "port" { getline port }
        $0 == "flags" {
          getline flags
          if (flags ~ /failover_in_progress/) print "fails-over", sentinel
          if (tilt == "fit" && flags !~ /master|s_down|o_down|disconnected/) print "sees", ip, port, sentinel
        }' &
  done
  wait
}
