#!/bin/sh
# Runs before the node is stopped on purpose (preStop). A primary with replicas hands its role over first:
# a failover that is asked for takes about a second, one that has to be noticed takes more than five.
set -eu
# shellcheck source=deploy/valkey/common.sh
. "$(dirname "$0")/common.sh"

[ -n "$VALKEY_SENTINELS" ] || exit 0
role() { own sentinel ROLE 2>/dev/null | head -n 1; }

[ "$(role)" = master ] || exit 0
asked=no
for sentinel in $VALKEY_SENTINELS; do
  answer=$(cli "${sentinel%:*}" "${sentinel##*:}" sentinel SENTINEL FAILOVER "$VALKEY_GROUP" 2>/dev/null) || continue
  if [ "$answer" = OK ]; then
    asked=yes
    break
  fi
done
[ $asked = yes ] || {
  say "no Sentinel takes the role over (no replica is fit?): stopping as the primary."
  exit 0
}
left=30
while [ "$(role)" = master ] && [ $left -gt 0 ]; do
  sleep 1
  left=$((left - 1))
done
say "the role is $(role) now."
