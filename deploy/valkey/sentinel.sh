#!/bin/sh
# Starts a Sentinel. What it learns (who is the primary, of which epoch) it writes to its own configuration,
# which therefore lives on a volume; here the lines that are ours are written anew at every start.
set -eu
# shellcheck source=deploy/valkey/common.sh
. "$(dirname "$0")/common.sh"

: "${SENTINEL_PORT:=26379}"
: "${VALKEY_FIRST_PRIMARY:?host of the node that is the primary of a new, empty deployment}"
file=$VALKEY_DATA/sentinel.conf
umask 077

ours='^(port|dir|tls-.*|sentinel (resolve-hostnames|announce-hostnames|announce-ip|announce-port|down-after-milliseconds|failover-timeout|parallel-syncs|auth-user|auth-pass|sentinel-user|sentinel-pass)|user|protected-mode|loglevel) '
kept=
[ ! -s "$file" ] || kept=$(grep -vE "$ours" "$file" || true)
case $kept in
  *"sentinel monitor $VALKEY_GROUP "*) ;;
  *) kept="sentinel monitor $VALKEY_GROUP $VALKEY_FIRST_PRIMARY $VALKEY_PORT 2" ;;
esac
# Clients may ask where the primary is, and no more; Sentinels and the nodes' own scripts may do all.
sentinel=$(password_of sentinel)
sentinel_digest=$(digest_of sentinel)
chaac_digest=$(digest_of chaac)
{
  listen_on "$SENTINEL_PORT"
  cat <<CONF
dir /tmp
protected-mode no
user default off resetkeys resetchannels -@all
user sentinel on #$sentinel_digest allchannels +@all
user chaac on #$chaac_digest resetkeys resetchannels -@all +ping +role +client|setname +sentinel|get-master-addr-by-name +sentinel|get-primary-addr-by-name +sentinel|replicas +sentinel|sentinels
sentinel sentinel-user sentinel
sentinel sentinel-pass $sentinel
sentinel resolve-hostnames yes
sentinel announce-hostnames yes
sentinel announce-ip $(node_name "$POD_NAME")
sentinel announce-port $SENTINEL_PORT
$kept
sentinel down-after-milliseconds $VALKEY_GROUP 5000
sentinel failover-timeout $VALKEY_GROUP 30000
sentinel parallel-syncs $VALKEY_GROUP 1
sentinel auth-user $VALKEY_GROUP sentinel
sentinel auth-pass $VALKEY_GROUP $sentinel
CONF
  more_configuration
} >"$file.new"
mv "$file.new" "$file"
exec valkey-server "$file" --sentinel
