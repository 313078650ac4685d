"""`hubinstall announce`: a text on the hub's pages, at once and without a restart."""

import json
import time
from datetime import datetime

from hubinstall import layout
from hubinstall.cli import moments
from hubinstall.errors import UserError
from hubinstall.hubside import appearance
from hubinstall.machine.host import Host
from hubinstall.report.words import say
from hubinstall.settings.values.pages import parse_announcement
from hubinstall.settings.values.words import WrongValueError


def announce(host: Host, text: str, *, until: str = "", clear: bool = False) -> int:
    """Show `text` on the hub's pages until that time, remove it, or print what is shown; returns the exit code."""
    if not host.exists(layout.LEDGER):
        raise UserError("hubinstall is not installed here", "Install it first: hubinstall apply")
    if clear:
        host.remove(layout.ANNOUNCEMENT)
        say("Nothing is announced any more.")
        return 0
    if not text:
        if until:
            raise UserError("there is nothing to announce", "Write the text before --until.", code=2)
        return show(host)
    now = time.time()
    end = moments.coming(until, now) if until else None
    said = {"text": _checked(text), "until": end}
    host.write(layout.ANNOUNCEMENT, (json.dumps(said, ensure_ascii=False) + "\n").encode())
    say(f"Everyone reads it on the hub's pages now, {_until(end)}. To remove it: hubinstall announce --clear")
    return 0


def show(host: Host) -> int:
    """Print what is announced now."""
    found = list(appearance.current(host.path(layout.ANNOUNCEMENT), time.time()))
    print("\n".join(found) or "Nothing is announced. To announce something: hubinstall announce TEXT")
    return 0


def _until(end: float | None) -> str:
    return "until you remove it" if end is None else f"until {datetime.fromtimestamp(end).astimezone():%Y-%m-%d %H:%M}"


def _checked(text: str) -> str:
    try:
        return parse_announcement(text)
    except WrongValueError as error:
        raise UserError(error.message, f"{error.hint.capitalize()}.", code=2) from None
