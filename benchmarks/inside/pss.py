"""The memory of every process: prints JSON, a list of [account, program, words of its command line, PSS in bytes].

PSS is the kernel's proportional set size (proc(5), smaps_rollup): pages that several processes share count for each
in part, so that sums of it are right.
"""

import contextlib
import json
import os
import pwd
from pathlib import Path


def account(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def main() -> None:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            lines = (folder / "smaps_rollup").read_text().splitlines()
            pss = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            who = account(os.stat(folder).st_uid)
            found.append([who, (folder / "comm").read_text().strip(), " ".join(words), pss])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
