#!/bin/sh
# Runs before the node is stopped on purpose (preStop). A primary with replicas hands its role over first, and loses
# nothing by it: it takes no more writes, waits until its replicas have all, has a Sentinel promote one, and follows
# that one itself. Sentinels alone would leave it a primary for ten seconds more, and what it took after the promotion
# would be dropped. (Valkey 9 can do the like by itself: SENTINEL FAILOVER … COORDINATED.)
#
# Writes are paused from then on until the process ends, whatever comes of it: a Sentinel that was asked may still
# promote a replica when this script has given up, and what this node took in between would be dropped. (What Sentinels
# publish waits too, so after five seconds they take a paused primary for down, and fail over unasked.) Only a node that
# has become a replica is opened again, since it refuses writes.
set -eu
# shellcheck source=deploy/valkey/common.sh
. "$(dirname "$0")/common.sh"

# Together, with CLI_S more for each and for the request, and with the 10 s that Valkey waits for its replicas when it
# is stopped (shutdown-timeout), less than the pod's terminationGracePeriodSeconds.
readonly SENTINELS_S=20 # Writes go on meanwhile. Sentinels that distrust their clocks do so for 30 s.
readonly CATCH_UP_S=3
readonly PROMOTION_S=12
readonly PAUSE_S=90 # Longer than terminationGracePeriodSeconds: it must not end before the process does.

[ -n "$VALKEY_SENTINELS" ] || exit 0
role() { own sentinel ROLE 2>/dev/null | head -n 1; }

# wait_for SECONDS COMMAND…: until it succeeds.
wait_for() {
  deadline=$(($(date +%s) + $1))
  shift
  until "$@"; do
    [ "$(date +%s)" -lt "$deadline" ] || return 1
    sleep 0.2
  done
}

# find_sentinels: sets fit to the Sentinels that may act, promotable to the replicas that they may promote, a line
# each: "sees HOST PORT SENTINEL", and under_way to those lines that say that a failover is on its way, or done: then
# this node is listed as a replica. Others than those that are fit must not be asked: what_sentinels_see tells why.
find_sentinels() {
  seen=$(what_sentinels_see)
  fit=$(printf '%s\n' "$seen" | sed -n 's/^fit //p')
  tilt=$(printf '%s\n' "$seen" | grep -c '^tilt ' || true)
  promotable=$(printf '%s\n' "$seen" | grep '^sees ' || true)
  under_way=$(printf '%s\n' "$seen" | grep -e '^fails-over ' -e "^sees $(node_name "$POD_NAME") $VALKEY_PORT " || true)
  [ -n "$fit" ]
}

# replicas_have_all: whether there are replicas that may be promoted, and each of them is connected and has confirmed
# all that was written. Each, as a Sentinel that is asked compares what its last look said, which may be 10 s ago: it
# may take the one that lags, although the other one has more. (When the primary is gone it looks each second.)
replicas_have_all() {
  find_sentinels || return 1
  [ -z "$under_way" ] || return 0 # It is too late to wait: the one that is promoted has left this node.
  { printf '%s\n' "$promotable" && own sentinel INFO replication; } | tr -d '\r' | awk '
    $1 == "sees" { may_be_promoted[$2 " " $3] }
    /^slave[0-9]+:/ {
      sub(/^[^:]*:/, "")
      count = split($0, facts, /[=,]/)
      for (i = 1; i < count; i += 2) fact[facts[i]] = facts[i + 1]
      if (fact["state"] == "online") confirmed[fact["ip"] " " fact["port"]] = fact["offset"] + 0
    }
    /^master_repl_offset:/ { sub(/^[^:]*:/, ""); written = $0 + 0; known = 1 }
    END {
      for (node in may_be_promoted) {
        found = 1
        if (!(node in confirmed) || confirmed[node] < written) exit 1
      }
      exit !(known && found)
    }'
}

# ask_for_failover: whether a failover comes of it, or may.
ask_for_failover() {
  [ -z "$under_way" ] || return 0 # A second one might promote another replica behind the first one's back.
  for sentinel in $fit; do
    answer=$(cli "${sentinel%:*}" "${sentinel##*:}" sentinel SENTINEL FAILOVER "$VALKEY_GROUP" 2>&1) || true
    case $answer in
      OK) return 0 ;;
      NO* | ERR* | AUTH* | *"Could not connect"*) say "$sentinel does not take the role over: $answer" ;;
      *INPROG*)
        say "$sentinel is at it already."
        return 0
        ;;
      *) # It may have heard the question before it fell silent. A second one would be a second failover.
        say "$sentinel may take the role over: its answer did not come."
        return 0
        ;;
    esac
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
    say "the replicas that may be promoted do not have all after $CATCH_UP_S s: stopping as the primary."
    return
  }
  ask_for_failover || {
    say "no Sentinel takes the role over: stopping as the primary."
    return
  }
  wait_for "$PROMOTION_S" another_is_primary || {
    say "no other primary after $PROMOTION_S s: stopping as the primary."
    return
  }
  # shellcheck disable=SC2086  # Host and port.
  own sentinel REPLICAOF $primary >/dev/null
  # Who waits with a write is sent to ask for the primary anew.
  own sentinel CLIENT KILL TYPE normal >/dev/null
}

[ "$(role)" = master ] || exit 0
wait_for "$SENTINELS_S" find_sentinels ||
  say "no Sentinel may act after $SENTINELS_S s, $tilt of them distrust their clocks: stopping as the primary."
# From here on writes wait, so those that did not answer are not waited for again: one that hangs costs CLI_S a look.
[ -z "$fit" ] || VALKEY_SENTINELS=$(printf '%s\n' "$seen" | sed -n -e 's/^fit //p' -e 's/^tilt //p' | tr '\n' ' ')
own sentinel CLIENT PAUSE "${PAUSE_S}000" WRITE >/dev/null
if [ -n "$fit" ] && [ "$(role)" = master ]; then hand_over; fi
now=$(role)
if [ "$now" = slave ]; then own sentinel CLIENT UNPAUSE >/dev/null; fi
say "the role is $now now."
