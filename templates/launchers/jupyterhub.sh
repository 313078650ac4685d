{% include "templates/launchers/common.sh" %}
# Starts the hub, once the broker before Docker, the firewall and the address that it listens on are there.
socket_there() { [ -S {{ docker_socket | sh }} ]; }
firewall_there() { [ -e {{ firewall_done | sh }} ]; }
# Not through netlink, which the unit's sandbox closes.
address_there() { grep -qF {{ ("|-- " ~ gateway) | sh }} /proc/self/net/fib_trie; }
# Somebody may have removed the network that has this address.
network_there() {
    address_there && return
    {{ venv | sh }}/bin/python3 -P -m hubinstall.hubside.repair && address_there && return
    sleep 2
    return 1
}

HOME={{ state | sh }}
PYTHONPATH={{ hubside | sh }}
PYTHONNOUSERSITE=1
PATH={{ venv | sh }}/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME PYTHONPATH PYTHONNOUSERSITE PATH

end_predecessor
wait_for "the firewall" firewall_there
wait_for "the broker before Docker" socket_there
wait_for "the network of the user servers ({{ gateway }})" network_there

HUBINSTALL_STARTED_WITH=$(started_with {{ files | map("sh") | join(" ") }} {{ dropins | sh }}/*.py)
export HUBINSTALL_STARTED_WITH
umask 0077
cd "$HOME"
exec {{ venv | sh }}/bin/python3 -P -m hubinstall.hubside.hub --config {{ config | sh }}
