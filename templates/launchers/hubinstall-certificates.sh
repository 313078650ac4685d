{% include "templates/launchers/common.sh" %}
# Looks after the certificate once an hour, where no timer of systemd does.
# Only what a process was started with can be read from outside; what it finds there at first is supervisord's own.
configured=$(started_with)
if [ "${HUBINSTALL_STARTED_WITH:-}" != "$configured" ]; then
    end_predecessor
    HUBINSTALL_STARTED_WITH=$configured
    export HUBINSTALL_STARTED_WITH
    exec "$0"
fi

# What is under way is not broken off: it ends by itself.
child=
trap 'if [ -n "$child" ]; then kill "$child" 2>/dev/null || :; fi; exit 0' TERM INT

# Up to half an hour: not the whole world at once.
pause=$(($(od -An -N2 -tu2 /dev/urandom) % 1800))
while :; do
    sleep "$pause" &
    child=$!
    wait "$child" || :
    child=
    # No trace of this service in it: what it starts (a reload of nginx) is not this service.
    env -u HUBINSTALL_SERVICE -u HUBINSTALL_STARTED_WITH {{ command | sh }} certificate renew --if-due &
    wait $! || :
    pause=3600
done
