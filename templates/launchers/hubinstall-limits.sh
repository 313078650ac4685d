{% include "templates/launchers/common.sh" %}
# Makes the control group of all user servers, so that they leave the host its reserve (cgroups(7)).
memory={{ memory }}
weight={{ weight }}
group={{ group | sh }}

# One group in each hierarchy (version 1), or one (version 2); those that are in use stay.
undo() { find /sys/fs/cgroup -maxdepth 2 -depth -type d -name "$group" -exec rmdir {} \; 2>/dev/null || :; }

if [ "${1:-}" = undo ]; then
    undo
    exit 0
fi

put() { echo "$2" > "$1"; }

# The hub reads there what servers use, as everybody may in a group that systemd makes. The unit's umask would close it.
make() { mkdir -p "$@" && chmod 0755 "$@"; }

version_1() {
    make "/sys/fs/cgroup/memory/$group" "/sys/fs/cgroup/cpu/$group"
    cd "/sys/fs/cgroup/memory/$group"
    # The limit with swap may never be the smaller one: raised before, lowered after.
    if [ -e memory.memsw.limit_in_bytes ]; then put memory.memsw.limit_in_bytes "$memory" 2>/dev/null || :; fi
    put memory.limit_in_bytes "$memory"
    if [ -e memory.memsw.limit_in_bytes ]; then put memory.memsw.limit_in_bytes "$memory"; fi
    # Of 1024 that every other group has.
    put "/sys/fs/cgroup/cpu/$group/cpu.shares" $((weight * 1024 / 100))
}

version_2() {
    put /sys/fs/cgroup/cgroup.subtree_control "+memory +cpu"
    make "/sys/fs/cgroup/$group"
    put "/sys/fs/cgroup/$group/memory.max" "$memory"
    put "/sys/fs/cgroup/$group/memory.swap.max" 0 2>/dev/null || :
    put "/sys/fs/cgroup/$group/cpu.weight" "$weight"
}

if command -v cgroupfs-mount > /dev/null && ! grep -q '^[^ ]* /sys/fs/cgroup' /proc/mounts; then cgroupfs-mount; fi
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then version_2; else version_1; fi
started_with > {{ done | sh }}.new
mv {{ done | sh }}.new {{ done | sh }}
