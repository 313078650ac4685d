{% include "templates/launchers/common.sh" %}
# Keeps the quotas of homes.
PYTHONPATH={{ hubside | sh }}
export PYTHONPATH
umask 0077
cd /
set -- {{ policy | sh }} {{ homes | sh }} {{ socket | sh }} {{ gathered | sh }} "$@"
if [ "${5:-}" = undo ]; then exec {{ venv | sh }}/bin/python3 -P -s -S -m hubinstall.quotas "$@"; fi
end_predecessor
HUBINSTALL_STARTED_WITH=$(started_with {{ policy | sh }})
export HUBINSTALL_STARTED_WITH
exec {{ venv | sh }}/bin/python3 -P -s -S -m hubinstall.quotas "$@"
