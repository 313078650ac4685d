{% include "templates/launchers/common.sh" %}
# Checks passwords for the hub.
end_predecessor
{% set d = directory %}
[ -d {{ d.name | sh }} ] || install -d -m {{ d.mode }} -o {{ d.owner | sh }} -g {{ d.group | sh }} {{ d.name | sh }}
PYTHONPATH={{ hubside | sh }}
export PYTHONPATH
HUBINSTALL_STARTED_WITH=$(started_with {{ files | map("sh") | join(" ") }})
export HUBINSTALL_STARTED_WITH
umask 0077
cd /
exec {{ venv | sh }}/bin/python3 -P -s -m hubinstall.accounts_helper
