{% include "templates/launchers/common.sh" %}
# Answers the hub's calls of Docker.
end_predecessor
{% set d = directory %}
[ -d {{ d.name | sh }} ] || install -d -m {{ d.mode }} -o {{ d.owner | sh }} -g {{ d.group | sh }} {{ d.name | sh }}
{% set d = builds %}
# Nothing waits for this one.
[ -d {{ d.name | sh }} ] || install -d -m {{ d.mode }} -o {{ d.owner | sh }} -g {{ d.group | sh }} {{ d.name | sh }} || true
PYTHONPATH={{ hubside | sh }}
export PYTHONPATH
HUBINSTALL_STARTED_WITH=$(started_with {{ policy | sh }})
export HUBINSTALL_STARTED_WITH
umask 0077
cd /
exec {{ venv | sh }}/bin/python3 -P -s -S -m hubinstall.broker
