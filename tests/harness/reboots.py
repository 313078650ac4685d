"""A machine with a kernel of its own boots itself again, in order or as after a failure of its power."""

import time

from harness.commands import execute
from harness.nspawn import BootError
from harness.ssh import Connection

BOOT_ID = ["cat", "/proc/sys/kernel/random/boot_id"]
# The kernel's own key for it (docs.kernel.org, sysrq): at once, and nothing is written to the disk before.
AT_ONCE = "echo 1 >/proc/sys/kernel/sysrq; (sleep 1; echo b >/proc/sysrq-trigger) >/dev/null 2>&1 &"
WITHIN = 900
"""Seconds, for an emulated machine beside other work."""


def itself(connection: Connection, *, power_cut: bool = False) -> None:
    """Return when the machine has booted again, and all that it starts has started.

    :raises BootError: it was not back in time.
    """
    before = execute([*connection.prefix(), *BOOT_ID]).out
    asked = ["sh", "-c", AT_ONCE] if power_cut else ["systemctl", "reboot"]
    execute([*connection.prefix(), *asked], check=False, timeout=60)
    end = time.monotonic() + WITHIN
    while time.monotonic() < end:
        if connection.open(30) and execute([*connection.prefix(), *BOOT_ID], check=False).out not in {"", before}:
            state = [*connection.prefix(), "systemctl", "is-system-running", "--wait"]
            execute(state, check=False, timeout=WITHIN)
            return
        time.sleep(2)
    raise BootError(f"{connection.target} did not come back after it was rebooted")
