"""Times commands in turns: `alternate.py ROUNDS '{"NAME": ["ARGV", …], …}'` prints JSON.

Each round runs every command once; the order moves on by one from round to round, and the first round does not count.
For each name: the wall seconds of each run, the processor seconds of the command with the children it waited for,
and the most memory (kB) that it, or one of these, had.
"""

import json
import os
import subprocess
import sys
import time
from typing import Any


def once(argv: list[str]) -> tuple[float, float, int]:
    began = time.perf_counter()
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{argv} ended with {process.returncode}: {error.decode(errors='replace')}")
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def main() -> None:
    rounds, commands = int(sys.argv[1]), json.loads(sys.argv[2])
    names = list(commands)
    taken: dict[str, dict[str, Any]] = {name: {"wall": [], "cpu": [], "memory": []} for name in names}
    for number in range(rounds + 1):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            wall, cpu, memory = once(commands[name])
            if number:
                taken[name]["wall"].append(wall)
                taken[name]["cpu"].append(cpu)
                taken[name]["memory"].append(memory)
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
