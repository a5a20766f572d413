#!/bin/sh
# Runs before the node is stopped on purpose (preStop). A primary with replicas hands its role over first, and loses
# nothing by it: it takes no more writes, waits until its replicas have all, has the Sentinels promote one, and follows
# that one itself. Sentinels alone would leave it a primary for ten seconds more, and what it took after the promotion
# would be dropped. (Valkey 9 can do the like by itself: SENTINEL FAILOVER … COORDINATED.)
set -eu
# shellcheck source=deploy/valkey/common.sh
. "$(dirname "$0")/common.sh"

readonly PAUSE_S=30 # Longer than all that follows: writes wait so long at most if this script is killed.
readonly CATCH_UP_S=3
readonly PROMOTION_S=12

[ -n "$VALKEY_SENTINELS" ] || exit 0
role() { own sentinel ROLE 2>/dev/null | head -n 1; }

# replicas_have_all: whether at least one replica is connected and each has confirmed what was written before.
replicas_have_all() {
  own sentinel INFO replication | tr -d '\r' | awk -F '[:,=]' '
    /^slave[0-9]+:/ { for (i = 1; i < NF; i++) if ($i == "offset") confirmed[n++] = $(i + 1) }
    /^master_repl_offset:/ { wanted = $2 }
    END { for (i in confirmed) if (confirmed[i] + 0 < wanted + 0) exit 1; exit !n }'
}

# wait_for SECONDS COMMAND…: until it succeeds.
wait_for() {
  left=$(($1 * 5))
  shift
  until "$@"; do
    [ $left -gt 0 ] || return 1
    left=$((left - 1))
    sleep 0.2
  done
}

ask_for_failover() {
  for sentinel in $VALKEY_SENTINELS; do
    answer=$(cli "${sentinel%:*}" "${sentinel##*:}" sentinel SENTINEL FAILOVER "$VALKEY_GROUP" 2>/dev/null) || continue
    [ "$answer" != OK ] || return 0
  done
  return 1
}

# another_is_primary: sets primary to "host port" once a majority of the Sentinels names another node.
another_is_primary() {
  primary=$(ask_sentinels get-primary-addr-by-name "$VALKEY_GROUP")
  [ -n "$primary" ] && [ "$primary" != "$(node_name "$POD_NAME") $VALKEY_PORT" ]
}

hand_over() {
  wait_for "$CATCH_UP_S" replicas_have_all || {
    say "no replica has all after $CATCH_UP_S s: stopping as the primary."
    return
  }
  ask_for_failover || {
    say "no Sentinel takes the role over (no replica is fit?): stopping as the primary."
    return
  }
  wait_for "$PROMOTION_S" another_is_primary || {
    say "no other primary after $PROMOTION_S s: stopping as what the node is."
    return
  }
  # shellcheck disable=SC2086  # Host and port.
  own sentinel REPLICAOF $primary >/dev/null
  # Who waits with a write is sent to ask for the primary anew.
  own sentinel CLIENT KILL TYPE normal >/dev/null
}

[ "$(role)" = master ] || exit 0
own sentinel CLIENT PAUSE "${PAUSE_S}000" WRITE >/dev/null
trap 'own sentinel CLIENT UNPAUSE >/dev/null || true' EXIT
hand_over
say "the role is $(role) now."
