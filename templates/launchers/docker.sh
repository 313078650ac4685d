{% include "templates/launchers/common.sh" %}
{% include "templates/launchers/end-orphan.sh" %}
# Starts dockerd. One that somebody else runs here is left alone: this one waits until it is gone.
containerd_answers() { [ -S {{ containerd_socket | sh }} ]; }
nobody_runs() {
    [ -s {{ pid | sh }} ] || return 0
    case $(readlink "/proc/$(cat {{ pid | sh }})/exe" 2>/dev/null) in
        */dockerd*) return 1 ;;
    esac
    rm -f {{ pid | sh }}
}

end_orphan dockerd
wait_for "another dockerd to end" nobody_runs
wait_for "containerd" containerd_answers
# A host without systemd may have no control groups mounted.
if command -v cgroupfs-mount > /dev/null && ! grep -q '^[^ ]* /sys/fs/cgroup' /proc/mounts; then cgroupfs-mount; fi
ulimit -n "$(ulimit -H -n)"
{% if way_out %}
if [ -f {{ way_out | sh }} ]; then
    set -a
    . {{ way_out | sh }}
    set +a
fi
{% endif %}
exec dockerd --containerd={{ containerd_socket | sh }}
