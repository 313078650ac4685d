"""The machine's time zone and language, for the servers on it. Read at every start: a change needs no apply."""

import os
import re
import shlex
from pathlib import Path

ZONES = "/usr/share/zoneinfo/"
ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
VARIABLE = re.compile(r"LANG|LANGUAGE|LC_[A-Z]+")
LOCALE = re.compile(r"[A-Za-z0-9_.@:-]+")


def time_zone(etc: str = "/etc") -> dict[str, str]:
    """TZ (tzset(3)) by the name of the zone in localtime(5), which a mount would not bring: in an image it is a link,
    so that the file of another zone would be replaced. Empty if the zone has no name.
    """
    try:
        _, found, name = os.readlink(f"{etc}/localtime").rpartition(ZONES)
    except OSError:
        found, name = "", ""
    if not found:  # a copy of the zone's file
        name = text(f"{etc}/timezone").strip()
    return {"TZ": name} if ZONE.fullmatch(name) else {}


def language(etc: str = "/etc") -> dict[str, str]:
    """LANG and the like (locale(7)), as pam_env(8) gives them to who logs in on this machine."""
    found = {}
    for line in (text(f"{etc}/default/locale") or text(f"{etc}/locale.conf")).splitlines():
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            continue
        name, _, value = words[-1].partition("=") if words and words[:-1] in ([], ["export"]) else ("", "", "")
        if VARIABLE.fullmatch(name) and LOCALE.fullmatch(value):
            found[name] = value
    return found


def text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
