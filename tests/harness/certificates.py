"""The certificate of a machine: what its nginx serves, what hubinstall says about it, and the timer's run."""

import json
from typing import Any

from harness.machine import Machine
from harness.nspawn import ProcessManager

NAME = "hub.example.org"
# The timer itself, which does not have to wait for the hour, and the service that it has started. What the timer says
# of its last trigger also changes when a timer that has never triggered is restarted.
SOON = """set -e
folder=/run/systemd/system/hubinstall-certificates.timer.d
mkdir -p $folder
printf '[Timer]\\n%s\\n' OnCalendar= OnActiveSec=1s RandomizedDelaySec=0 AccuracySec=100ms >$folder/soon.conf
systemctl daemon-reload
last() { systemctl show -p ExecMainStartTimestampMonotonic --value hubinstall-certificates.service; }
before=$(last)
systemctl restart hubinstall-certificates.timer
for i in $(seq 1200); do [ "$(last)" != "$before" ] && break; sleep 0.1; done
[ "$(last)" != "$before" ]
rm -r $folder
systemctl daemon-reload
systemctl restart hubinstall-certificates.timer"""
CTL = "/opt/hubinstall/supervisor/bin/supervisorctl -c /opt/hubinstall/etc/supervisord.conf"
# The scheduler itself: its pause is cut short, and the next pause shows that the run has ended.
WOKEN = f"""scheduler=$({CTL} pid hubinstall-certificates)
pause() {{ pgrep -x -P $scheduler sleep; }}
for i in $(seq 1200); do before=$(pause) && break; sleep 0.1; done
kill $before || exit
for i in $(seq 3000); do now=$(pause) && [ "$now" != "$before" ] && exit; sleep 0.1; done; exit 1"""
# The run that a change to the files has started.
ENDED = """for i in $(seq 3000); do
    systemctl show -p ActiveState --value hubinstall-certificates.service | grep -qE 'inactive|failed' && exit
    sleep 0.1
done; exit 1"""


def served(machine: Machine, name: str = NAME) -> dict[str, str]:
    """Serial number and issuer of the certificate that nginx serves for `name`, or without a name."""
    asked = f"-servername {name}" if name else "-noservername"
    ask = f"openssl s_client -connect {machine.address}:443 {asked} </dev/null 2>/dev/null"
    lines = machine.run(f"{ask} | openssl x509 -noout -serial -issuer").out.splitlines()
    return dict(line.split("=", 1) for line in lines)


def certificate(machine: Machine) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(machine.run(["hubinstall", "certificate", "status", "--json"]).out)
    return found


def timer(machine: Machine) -> None:
    """Trigger the timer, or the scheduler if there is no timer, and return when its run has ended."""
    if machine.process_manager is ProcessManager.SYSTEMD:
        machine.run(SOON)
        machine.run(ENDED, timeout=400)
    else:
        machine.run(WOKEN, timeout=400)


def status_of_certificate(machine: Machine) -> str:
    """The certificate's state according to `hubinstall status`."""
    checks = json.loads(machine.run(["hubinstall", "status", "--json"], check=False).out)["checks"]
    return str(next(check["state"] for check in checks if check["name"] == "certificate"))
