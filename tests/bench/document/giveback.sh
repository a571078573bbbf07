#!/bin/sh
# Takes a host's virtual address down here once its main address answers a ping, then watches it
# again with takeover.sh: MAIN VIRTUAL DEVICE ALIAS
until ping -q -c 1 -W 1 "$1" > /dev/null; do
    sleep 1
done
ip address del "$2/24" dev "$3"
echo "gave $2 back"
exec "$(dirname "$0")/takeover.sh" "$@"
