{% include "templates/launchers/common.sh" %}
# Loads the firewall's table, whole or not at all. Frames between containers pass it only with br_netfilter.
modprobe br_netfilter 2>/dev/null || :
if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then
    echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables || :
fi
nft -f {{ rules | sh }}
started_with > {{ done | sh }}.new
mv {{ done | sh }}.new {{ done | sh }}
