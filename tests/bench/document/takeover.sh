#!/bin/sh
# Brings up a host's virtual address here once its main address has missed two pings in a row, then
# waits with giveback.sh until it answers again: MAIN VIRTUAL DEVICE ALIAS
# A ping every 2 s, with a timeout of 1 s.
misses=0
while [ "$misses" -lt 2 ]; do
    if ping -q -c 1 -W 1 "$1" > /dev/null; then
        misses=0
        sleep 2
    else
        misses=$((misses + 1))
        [ "$misses" -eq 2 ] || sleep 1
    fi
done
ip address add "$2/24" dev "$3" label "$3:$4"
echo "took $2"
exec "$(dirname "$0")/giveback.sh" "$@"
