#!/bin/sh
# Made by hubinstall; it is written again by the next apply. Starts supervisord, after a boot or by hand.
set -eu
{% for d in directories %}
install -d -m {{ d.mode }} -o {{ d.owner | sh }} -g {{ d.group | sh }} {{ d.name | sh }}
{% endfor %}
# What a oneshot did before is not done after this start.
rm -f {{ runtime | sh }}/*.done
limit=$(ulimit -H -n)
if [ "$limit" = unlimited ] || [ "$limit" -gt 1048576 ]; then limit=1048576; fi
ulimit -n "$limit"
# Users' programs go first when memory ends; Docker gives containers a value of their own.
{ echo -500 > /proc/self/oom_score_adj; } 2>/dev/null || :
HUBINSTALL_SERVICE={{ service | sh }}
HUBINSTALL_STARTED_WITH={{ started_with | sh }}
export HUBINSTALL_SERVICE HUBINSTALL_STARTED_WITH
umask 022
cd /
exec {{ venv | sh }}/bin/supervisord --configuration {{ config | sh }}
