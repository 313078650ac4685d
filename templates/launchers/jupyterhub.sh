{% include "templates/launchers/common.sh" %}
# Starts the hub, once Docker, the firewall and the address that it listens on are there.
socket_there() { [ -S {{ docker_socket | sh }} ]; }
firewall_there() { [ -e {{ firewall_done | sh }} ]; }
# Not through netlink, which the unit's sandbox closes.
address_there() { grep -qF {{ ("|-- " ~ gateway) | sh }} /proc/self/net/fib_trie; }

end_predecessor
wait_for "the firewall" firewall_there
wait_for "Docker" socket_there
wait_for "the network of the user servers ({{ gateway }})" address_there

HUBINSTALL_STARTED_WITH=$(started_with {{ files | map("sh") | join(" ") }} {{ dropins | sh }}/*.py)
HOME={{ state | sh }}
PYTHONPATH={{ hubside | sh }}
PYTHONNOUSERSITE=1
PATH={{ venv | sh }}/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HUBINSTALL_STARTED_WITH HOME PYTHONPATH PYTHONNOUSERSITE PATH
umask 0077
cd "$HOME"
exec {{ venv | sh }}/bin/python3 -P -m hubinstall.hubside.hub --config {{ config | sh }}
