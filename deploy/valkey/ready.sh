#!/bin/sh
# The probes. `ready.sh`, for readiness: 0 when the node answers commands and, as a replica, follows its primary and is
# seen by two Sentinels. A rolling update or a drain thus goes on only when the replica that was restarted has
# everything again and may be promoted: if the primary went before, nobody could take over from it.
# `ready.sh started`, for the start: 0 when the node answers commands, so it has loaded its data.
set -eu
# shellcheck source=deploy/valkey/common.sh
. "$(dirname "$0")/common.sh"

# A replica that was seen stays ready while the Sentinels are away: otherwise they would take all replicas along.
# start.sh removes it, and so do a link that breaks and a promotion.
readonly SEEN="$VALKEY_RUN/seen-by-sentinels"

require_sentinels_see_this_replica() {
  seen=$(what_sentinels_see)
  fit=$(printf '%s\n' "$seen" | grep -c '^fit ' || true)
  by=$(printf '%s\n' "$seen" | grep -cF "sees $(node_name "$POD_NAME") $VALKEY_PORT " || true)
  if [ "$by" -ge 2 ]; then
    : >"$SEEN"
  elif [ "$fit" -ge 2 ]; then
    die "the Sentinels do not see this replica yet: $by of $fit do, and two must."
  elif [ ! -e "$SEEN" ]; then
    die "too few Sentinels can say whether they see this replica: $fit answer and may act, and two must."
  fi
}

answer=$(own reader PING) || die "no answer on port $VALKEY_PORT."
[ "$answer" = PONG ] || die "PING is answered with: $answer"
[ "${1:-}" != started ] || exit 0
[ -n "$VALKEY_SENTINELS" ] || exit 0
info=$(own reader INFO replication | tr -d '\r')
case $info in
  *role:master*) rm -f "$SEEN" ;; # As a replica again, it must be seen again.
  *master_link_status:up*) require_sentinels_see_this_replica ;;
  *role:*)
    rm -f "$SEEN"
    die "this replica does not follow its primary."
    ;;
  *) die "INFO is answered with: $info" ;;
esac
