{% include "templates/launchers/common.sh" %}
# Starts the proxy. It cannot bind sockets that a killed one left behind.
end_predecessor
rm -f {{ public_socket | sh }} {{ api_socket | sh }}

HUBINSTALL_STARTED_WITH=$(started_with)
CONFIGPROXY_AUTH_TOKEN=$(cat {{ token | sh }})
export HUBINSTALL_STARTED_WITH CONFIGPROXY_AUTH_TOKEN
# The folders hand their groups on: nginx's to the public socket, the hub's to the other.
umask 0007
cd /
# What it keeps is 12 MB; without a bound on the room for young objects it takes 45 MB more as requests come and go.
exec {{ node | sh }}/bin/node --max-semi-space-size=2 \
{% for script in scripts %}
    --require {{ script | sh }} \
{% endfor %}
    {{ modules | sh }}/node_modules/configurable-http-proxy/bin/configurable-http-proxy \
    --socket {{ public_socket | sh }} --api-socket {{ api_socket | sh }} \
{% if host_routing %}
    --host-routing \
{% endif %}
    --error-target {{ error_target | sh }} --log-level warn
