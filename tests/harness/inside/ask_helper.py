"""Runs as the hub's account: what a hub that somebody has taken over gets from the accounts helper, and from PAM.

Arguments: the socket, a person, their password. Prints JSON: what was tried → what was answered.
"""

import json
import socket
import sys
import time
from pathlib import Path
from typing import Any

PATH, PERSON, PASSWORD = sys.argv[1:4]
GUESSES = 3000
SECRETS = ("/etc/shadow", "/etc/gshadow", "/var/lib/hubinstall/secrets/accounts-key")


def said(text: bytes) -> str:
    """The answer to raw bytes; "" if the connection was closed instead."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(60)
        try:
            line.connect(PATH)
            line.sendall(text)
            return line.makefile("rb").readline().decode().strip()
        except (ConnectionResetError, BrokenPipeError):
            return ""
        except OSError as error:
            return f"no connection: {error.strerror}"


def asked(**question: Any) -> str:
    return said(json.dumps(question).encode() + b"\n")


def password(name: str, typed: str = PASSWORD) -> str:
    return asked(ask="password", name=name, password=typed)


def change(name: str, typed: str = PASSWORD, new: str = "brand-new-1906") -> str:
    return asked(ask="change", name=name, password=typed, new=new)


def guesses() -> dict[str, Any]:
    """A word list against one account, over one connection after the other, as fast as it goes."""
    began, kinds = time.monotonic(), dict[str, int]()
    for number in range(GUESSES):
        kind = str(json.loads(password(PERSON, f"guess{number}"))["answer"])
        kinds[kind] = kinds.get(kind, 0) + 1
    return {"seconds": time.monotonic() - began, **kinds}


def readable(path: str) -> str:
    try:
        return f"{len(Path(path).read_bytes())} bytes"
    except OSError as error:
        return str(error.strerror)


BOTH = json.dumps({"ask": "password", "name": PERSON, "password": PASSWORD}).encode()
NONSENSE = {
    "a change without the old one": b'{"ask": "change", "name": "%s", "new": "brand-new-1906"}\n' % PERSON.encode(),
    "hash": b'{"ask": "hash", "name": "%s"}\n' % PERSON.encode(),
    "another service": BOTH[:-1] + b', "service": "login"}\n',
    "a path": b'{"ask": "states", "names": ["/etc/shadow"], "file": "/etc/shadow"}\n',
    "a key twice": BOTH[:-1] + b', "name": "root"}\n',
    "a null byte": b'{"ask": "password", "name": "root\\u0000", "password": "x"}\n',
    "raw null byte": b"\0" + BOTH + b"\n",
    "overlong line": b"x" * 300_000 + b"\n",
    "overlong password": b'{"ask": "password", "name": "root", "password": "%s"}\n' % (b"x" * 5000),
    "many names": json.dumps({"ask": "states", "names": ["root"] * 501}).encode() + b"\n",
    "no json": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "deep": b"[" * 100_000 + b"\n",
}
# A line in what is asked ends no question: this one is about a name with a line break, not about root.
NEW_LINE = f"{PERSON}\nroot"
OTHERS = ("root", "daemon", "www-data", "jupyterhub", "jupyterhub-proxy", "nobody", "nobody-here", NEW_LINE, "../root")
found = {
    "files": {path: readable(path) for path in SECRETS},
    "right": password(PERSON),
    "wrong": password(PERSON, f"{PASSWORD}x"),
    "state": asked(ask="states", names=[PERSON, "root", "www-data"]),
    "nonsense": {name: said(text) for name, text in NONSENSE.items()},
    "others": {name: password(name) for name in OTHERS},
    "changes": {
        **{name: change(name) for name in OTHERS},
        "wrong": change(PERSON, f"{PASSWORD}x"),
        "empty": change(PERSON, ""),
        "short": change(PERSON, new="x"),
        "common": change(PERSON, new="password123"),
        "the same": change(PERSON, new=PASSWORD),
    },
    "accounts": {name: asked(ask="account", name=name, of=name) for name in ("newcomer", PERSON, "root")},
    "guesses": guesses(),
}  # fmt: skip
print(json.dumps(found))
