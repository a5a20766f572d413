#!/bin/sh
# Starts one node of the store. Before it writes the configuration in force: the shipped one, the users with
# their passwords' digests, and the role. With Sentinels the role is theirs to say, at every start: a node
# that was the primary yesterday and comes back must not believe it still is.
set -eu
# shellcheck source=deploy/valkey/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=deploy/valkey/heal.sh
. "$(dirname "$0")/heal.sh"

users_with_password() { sed -n 's/^user [^ ]* on #%\([a-z]*\)%.*/\1/p' "$VALKEY_CONFIG/users.acl"; }

write_users() {
  script=
  for user in $(users_with_password); do
    digest=$(digest_of "$user")
    script="$script;s/#%$user%/#$digest/"
  done
  [ -n "$VALKEY_SENTINELS" ] || script="$script;/^user chaac /s/\$/ +config|get/"
  sed "/^#/d${script}" "$VALKEY_CONFIG/users.acl" >"$VALKEY_RUN/users.acl"
}

has_data() { [ -n "$(ls -A "$VALKEY_DATA/appendonlydir" 2>/dev/null)" ]; }

# Whether any Sentinel knows of a replica. They need not agree: one that knows is enough to be careful.
replicas_known() {
  for sentinel in $VALKEY_SENTINELS; do
    known=$(cli "${sentinel%:*}" "${sentinel##*:}" sentinel SENTINEL REPLICAS "$VALKEY_GROUP" 2>/dev/null) ||
      continue
    case $known in *role-reported*) return 0 ;; esac
  done
  return 1
}

# Prints the primary to follow as "host port", or "self". Waits for a majority of the Sentinels: to guess is
# how two primaries come about.
find_role() {
  self=$(node_name "$POD_NAME")
  while true; do
    primary=$(ask_sentinels get-primary-addr-by-name "$VALKEY_GROUP")
    if [ -z "$primary" ]; then
      say "no majority of the Sentinels ($VALKEY_SENTINELS) names a primary yet: waiting."
    elif [ "$primary" != "$self $VALKEY_PORT" ]; then
      echo "$primary"
      return
    elif what_sentinels_see | grep -q '^fails-over '; then
      # Started as the primary now, it would take reports that are dropped when the replica is promoted.
      say "this node is the primary, but a Sentinel promotes a replica: waiting for what comes of it."
    elif has_data || ! replicas_known; then
      echo self
      return
    else
      # Replicas have what this node lost. As an empty primary it would have them drop it.
      say "this node is the primary, but its volume is empty: waiting until a replica is promoted."
    fi
    sleep 2
  done
}

write_role() {
  listen_on "$VALKEY_PORT"
  [ -z "${VALKEY_MAXMEMORY:-}" ] || echo "maxmemory $VALKEY_MAXMEMORY"
  [ -n "$VALKEY_SENTINELS" ] || return 0
  cat <<CONF
replica-announce-ip $(node_name "$POD_NAME")
replica-announce-port $VALKEY_PORT
primaryuser replica
primaryauth $(password_of replica)
# A primary that is cut off from all replicas refuses writes: nothing is acknowledged that a failover loses.
min-replicas-to-write 1
min-replicas-max-lag 10
CONF
  role=$(find_role)
  [ "$role" = self ] || echo "replicaof $role"
  say "role: $role"
}

umask 077
heal_torn_end # Before the role is asked for: it may take seconds, and the answer must not be old.
mkdir -p "$VALKEY_RUN"
rm -f "$VALKEY_RUN/seen-by-sentinels" # The folder outlives a container that is restarted in its pod.
write_users
{
  cat "$VALKEY_CONFIG/valkey.conf"
  echo "aclfile $VALKEY_RUN/users.acl"
  echo "dir $VALKEY_DATA"
  write_role
  more_configuration
} >"$VALKEY_RUN/valkey.conf"
exec valkey-server "$VALKEY_RUN/valkey.conf"
