{% include "templates/launchers/common.sh" %}
# Starts supervisord again if it was killed, which nothing else does on a machine without an init that could. It starts
# this one again in turn. Told to stop, supervisord stops this one first.
runs() {
    grep -qzx HUBINSTALL_SERVICE={{ supervisord | sh }} "/proc/$(cat {{ pid | sh }})/environ"
}

revive() {
    # The one that is gone has read what was written here.
    exec > /dev/null 2>&1
    until runs; do
        env -i {{ environment | map("sh") | join(" ") }} setsid {{ launcher | sh }} && exit 0
        sleep 5
    done
    exit 0
}

# Only what a process was started with can be read from outside. The kernel sends the signal when the parent ends.
configured=$(started_with)
if [ "${HUBINSTALL_STARTED_WITH:-}" != "$configured" ]; then
    HUBINSTALL_STARTED_WITH=$configured
    export HUBINSTALL_STARTED_WITH
    exec setpriv --pdeathsig USR1 -- "$0"
fi

child=
trap 'if [ -n "$child" ]; then kill "$child" 2>/dev/null || :; fi; exit 0' TERM INT
trap 'if [ -n "$child" ]; then kill "$child" 2>/dev/null || :; fi; revive' USR1
# It may have ended before the kernel knew of the wish.
if lost_its_parent $$; then revive; fi
while :; do
    setpriv --pdeathsig KILL sleep 86400 &
    child=$!
    wait "$child" || :
done
