{% include "templates/launchers/common.sh" %}
# Starts nginx in the foreground. Another nginx of this machine hands over: it has the same configuration and ports.
# Its connections are served to their end.
quit() {
    if [ -s {{ pid | sh }} ] && [ "$(readlink "/proc/$(cat {{ pid | sh }})/exe" 2>/dev/null)" = "$(readlink -f "$nginx")" ]; then
        kill -QUIT "$(cat {{ pid | sh }})" 2>/dev/null || :
    fi
    # The workers of a master that was killed still listen.
    for worker in $(orphans "$nginx"); do kill -QUIT "$worker" 2>/dev/null || :; done
}

nginx=$(command -v nginx)
quit
mkdir -p /var/log/nginx
"$nginx" -t -q
{{ recorder | sh }}
exec "$nginx" -g 'daemon off; master_process on;'
