"""Makes many accounts of people in one go: `accounts.py COUNT FROM`: p00001, … with the password of the account FROM.

As `adduser` makes them, but for what is in a home: the same numbers of user and group, a home that is theirs alone.
"""

import os
import pwd
import sys
from pathlib import Path

# Above the numbers that adduser gives, below the UID_MAX of login.defs.
FIRST = 20000


def main() -> None:
    count, like = int(sys.argv[1]), sys.argv[2]
    shadow = {line.split(":")[0]: line.split(":")[1] for line in Path("/etc/shadow").read_text().splitlines()}
    have = {entry.pw_name for entry in pwd.getpwall()}
    people = [(f"p{n:05}", FIRST + n) for n in range(1, count + 1) if f"p{n:05}" not in have]
    add("/etc/passwd", [f"{name}:x:{number}:{number}::/home/{name}:/bin/bash" for name, number in people])
    add("/etc/shadow", [f"{name}:{shadow[like]}:20000:0:99999:7:::" for name, _ in people])
    add("/etc/group", [f"{name}:x:{number}:" for name, number in people])
    add("/etc/gshadow", [f"{name}:!::" for name, _ in people])
    for name, number in people:
        home = f"/home/{name}"
        os.mkdir(home, 0o700)
        os.chown(home, number, number)


def add(path: str, lines: list[str]) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()
