#!/bin/sh
# The readiness probe: 0 when the node answers commands and, as a replica, follows its primary. A rolling
# update thus goes on only when the replica that was restarted has everything again.
set -eu
# shellcheck source=deploy/valkey/common.sh
. "$(dirname "$0")/common.sh"

answer=$(own reader PING) || die "no answer on port $VALKEY_PORT."
[ "$answer" = PONG ] || die "PING is answered with: $answer"
[ -n "$VALKEY_SENTINELS" ] || exit 0
info=$(own reader INFO replication | tr -d '\r')
case $info in
  *role:master*) ;;
  *master_link_status:up*) ;;
  *role:*) die "this replica does not follow its primary." ;;
  *) die "INFO is answered with: $info" ;;
esac
