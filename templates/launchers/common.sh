#!/bin/sh
# Made by hubinstall; it is written again by the next apply.
set -eu

# wait_for WORDS COMMAND…: until the command succeeds. After 10 s it looks less often, and says what it waits for.
wait_for() {
    what=$1 tries=0
    shift
    until "$@"; do
        tries=$((tries + 1))
        if [ "$tries" -lt 50 ]; then
            sleep 0.2
        else
            if [ $((tries % 50)) -eq 0 ]; then echo "waiting for $what" >&2; fi
            sleep 3
        fi
    done
}

# started_with [FILE…]: the digest of what is started now: of the files as they are, and of what the manager says.
started_with() {
    {
        echo "$HUBINSTALL_CONFIGURED"
        for file; do
            if [ -f "$file" ]; then sha256sum "$file"; fi
        done
    } | sha256sum | cut -d ' ' -f 1
}

lost_its_parent() { grep -q '^PPid:[[:space:]]*1$' "/proc/$1/status" 2>/dev/null; }

# orphans EXECUTABLE: the processes of this machine (not of its containers) that run it and have lost their parent.
orphans() {
    for link in $(find /proc -maxdepth 2 -path '/proc/[0-9]*/exe' -lname "$(readlink -f "$1")" 2>/dev/null); do
        pid=${link#/proc/} pid=${pid%/exe}
        [ "$(readlink "/proc/$pid/ns/pid")" = "$(readlink /proc/self/ns/pid)" ] || continue
        if lost_its_parent "$pid"; then echo "$pid"; fi
    done
}

# end_predecessor: end what a process manager that was killed left running of this very service.
end_predecessor() {
    for file in $(grep -lzx "HUBINSTALL_SERVICE=$HUBINSTALL_SERVICE" /proc/[0-9]*/environ 2>/dev/null); do
        pid=${file#/proc/} pid=${pid%/environ}
        if [ "$pid" -ne $$ ] && lost_its_parent "$pid"; then kill "$pid" 2>/dev/null || :; fi
    done
}
