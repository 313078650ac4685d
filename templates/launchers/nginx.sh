{% include "templates/launchers/common.sh" %}
# Starts nginx in the foreground. One that somebody else started here goes on: it reads the same configuration, and
# so serves our site too. This one stands by, and takes over when that one is gone.
title() { tr '\0' ' ' < "/proc/$1/cmdline" 2>/dev/null || :; }

# runs: whether a master runs that reads this machine's configuration; leaves its number in $master.
runs() {
    master=$(cat {{ pid | sh }} 2>/dev/null) && [ -n "$master" ] || return 1
    [ "$(readlink "/proc/$master/exe")" = "$(readlink -f "$nginx")" ]
}

ours() {
    case $(title "$master") in
        *HUBINSTALL_SERVICE*) return 0 ;;
        *) return 1 ;;
    esac
}

stand_by() {
    echo "nginx runs already (pid $master), started by somebody else: it goes on, and serves the hub's site too" >&2
    trap 'kill -HUP "$master" 2>/dev/null || :' HUP
    kill -HUP "$master"
    {{ recorder | sh }}
    gone=0
    # Whoever restarts it by hand is given two seconds.
    while [ $gone -lt 3 ]; do
        if runs && ! ours; then gone=0; else gone=$((gone + 1)); fi
        # Not in the foreground: the shell would read the signal only at its end.
        sleep 1 &
        wait $! || :
    done
    trap - HUP
    echo "the other nginx has ended: this one takes over" >&2
}

nginx=$(command -v nginx)
mkdir -p /var/log/nginx
"$nginx" -t -q
if runs && ! ours; then stand_by; fi
# What a process manager that was killed has left of ours hands over: its connections are served to their end.
if runs; then kill -QUIT "$master" 2>/dev/null || :; fi
# The workers of a master that was killed still listen. A master of somebody else's is none of our business.
for process in $(orphans "$nginx"); do
    case $(title "$process") in
        "nginx: worker"*) kill -QUIT "$process" 2>/dev/null || : ;;
    esac
done
{{ recorder | sh }}
exec "$nginx" -g 'daemon off; master_process on; env HUBINSTALL_SERVICE;'
