"""`hubinstall certificate status | renew`: for the timer, and for people who do not want to wait for it."""

import dataclasses
import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from hubinstall.errors import UserError
from hubinstall.installation import lock
from hubinstall.installation.renewal import Renewal, applied
from hubinstall.machine.host import Host
from hubinstall.report.words import say
from hubinstall.verify.certificate import seen

PATIENCE = 600.0
"""Seconds that a renewal waits for another run to end."""


def renew(host: Host, logged: Callable[[Host], AbstractContextManager[object]], *, force: bool, if_due: bool) -> int:
    """Renew the certificate; returns 0 if it is as it should be, or if renewal is not due. `logged`: the context in
    which the run is logged.

    The timer waits for another run to end; a person gets an error that names it.
    """
    if if_due and not Renewal(host).is_due():
        return 0
    with lock.one_run("certificate renew", patience=PATIENCE if if_due else 0), logged(host):
        host.forget()  # the run that we waited for may have applied other settings
        renewal = Renewal(host)
        failures = renewal.run(force=force, if_due=if_due)
    found = seen(host, renewal.desired.settings, renewal.desired.resources, time.time())
    if failures:
        raise UserError("\n".join(failures), f"The certificate in use: {found.message}\n{found.hint}")
    say(f"{', '.join(found.names)}: {found.message}")
    return 0


def status(host: Host, *, as_json: bool) -> int:
    desired = applied(host)
    settings = desired.settings
    found = seen(host, settings, desired.resources, time.time())
    if as_json:
        print(json.dumps(dataclasses.asdict(found), indent=1))
        return 0
    rows = {
        "state": f"{found.state}: {found.message}",
        "mode": found.mode if settings.https.mode else f"{found.mode} (by default: https.mode is not set)",
        "names": ", ".join(found.names),
        "issuer": found.issuer,
        "serial": found.serial,
        "expires": _time(found.ends),
        "next attempt": f"after {_time(found.next_try)}" if found.next_try else "",
        "last failure": f"{_time(found.last_failure_at)}: {found.last_failure}" if found.last_failure else "",
        "what to do": found.hint if found.state != "ok" else "",
    }
    for name, value in rows.items():
        if value:
            print(f"{name:<12}  {value}")
    return 0


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds)) if seconds else ""
