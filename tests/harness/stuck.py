"""What a machine is doing when a test's command does not end: the only trace of a hang that nobody can reproduce."""

import subprocess
from collections.abc import Sequence

LOOKS = (
    ["ps", "-ww", "-eo", "pid,ppid,stat,wchan:24,etimes,cputimes,args", "--forest"],
    ["sh", "-c", "ss -tnpo state all | grep -v LISTEN"],
    ["lslocks", "--notruncate", "--output", "PID,TYPE,MODE,BLOCKER,PATH"],
    ["sh", "-c", 'tail -n 40 "$(ls -t /var/log/hubinstall/*.log | head -n 1)"'],
)
SECONDS = 20


def story(prefix: Sequence[str]) -> str:
    """Its processes and where each is waiting, connections, locks, and the end of the newest log; never raises."""
    told = []
    for look in LOOKS:
        told.append(f"$ {' '.join(look)}")
        try:
            done = subprocess.run(
                [*prefix, *look], capture_output=True, check=False, text=True, errors="replace", timeout=SECONDS,
                stdin=subprocess.DEVNULL, cwd="/",
            )  # fmt: skip
            told.append((done.stdout + done.stderr).rstrip())
        except subprocess.TimeoutExpired:
            told.append(f"does not end either, in {SECONDS} s")
    return "\n".join(told)
