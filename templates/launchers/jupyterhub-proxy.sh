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
exec {{ node | sh }}/bin/node --require {{ script | sh }} \
    {{ modules | sh }}/node_modules/configurable-http-proxy/bin/configurable-http-proxy \
    --socket {{ public_socket | sh }} --api-socket {{ api_socket | sh }} \
    --error-target {{ error_target | sh }} --log-level warn
