# end_orphan EXECUTABLE: end what a killed supervisord has left of this very service, because nobody reads what it
# writes any more: the program, or a launcher that still waits. Never what they have started: containers live on, and
# the next one finds them.
end_orphan() {
    program=$(readlink -f "$(command -v "$1")")
    for file in $(grep -lzx "HUBINSTALL_SERVICE=$HUBINSTALL_SERVICE" /proc/[0-9]*/environ 2>/dev/null); do
        orphan=${file#/proc/} orphan=${orphan%/environ}
        lost_its_parent "$orphan" || continue
        case $(readlink "/proc/$orphan/exe" 2>/dev/null)" "$(tr '\0' ' ' < "/proc/$orphan/cmdline" 2>/dev/null) in
            "$program "* | *" $0 "*) ;;
            *) continue ;;
        esac
        tries=0
        while kill "$orphan" 2>/dev/null; do
            tries=$((tries + 1))
            if [ "$tries" -gt 100 ]; then kill -KILL "$orphan" 2>/dev/null || :; fi
            sleep 0.2
        done
    done
}
