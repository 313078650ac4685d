"""Why a server did not start, in words for its owner. The spawn page shows them, so they are escaped for HTML."""

import html
import pwd
import re
import shlex
from typing import Any

LOG_LINES = 20
LAST_OUTPUT = "Its last output:"
"""How a message ends that the log completes."""
LINE = 300
# A terminal's colours and cursor movements (control sequences of ECMA-48), then other control characters.
_CONTROLS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")


def shown(message: str, log: str, hint: str = "") -> tuple[str, str]:
    """The message and the last log lines, as plain text and as HTML, which folds the log away.

    `hint`: only in the text; pages have a button.
    """
    lines = last_lines(log)
    if not lines:
        message = message.replace(LAST_OUTPUT, "It printed nothing.")
    plain = "\n".join(part for part in (message, lines, hint) if part)
    if not lines:
        return plain, html.escape(message)
    return plain, (
        f"{html.escape(message.removesuffix(LAST_OUTPUT).rstrip())}<details class='text-start'>"
        f"<summary>{LAST_OUTPUT.rstrip(':')}</summary><pre>{html.escape(lines)}</pre></details>"
    )


def last_lines(log: str) -> str:
    """The end of a container's log, without control characters."""
    lines = [_CONTROLS.sub("", line)[:LINE].rstrip() for line in log.splitlines()]
    return "\n".join([line for line in lines if line][-LOG_LINES:])


def died(state: dict[str, Any], memory: int | None) -> str:
    """What the state of a container that has exited means (`State` in Docker's container inspect)."""
    code = state.get("ExitCode", 0)
    if state.get("OOMKilled") or code == 137:
        limit = f" of {memory // 1024**2} MB" if memory else ""
        return f"Your server was killed while it was starting: it needed more than its memory limit{limit}."
    if state.get("Error"):
        return f"Your server could not be started: {state['Error']}"
    return f"Your server exited while it was starting (exit code {code}). {LAST_OUTPUT}"


def anothers_home(home: str, name: str, log: str) -> str:
    """What container.HOME_CHECK found. `log`: what it has printed."""
    said = re.search(r"^owner=(\d+)$", log, re.MULTILINE)
    whose = "another account"
    if said:
        whose = account_name(int(said[1])) or f"the number {said[1]}, which no account has"
    return (
        f"The home directory {home} belongs to {whose}, and {name} cannot write to it. Ask the administrator of this "
        f"machine to move it away and to give {name} a new one, or, if its files are for {name}, "
        f"to run `chown -R {shlex.quote(name)}: {shlex.quote(home)}`."
    )


def account_name(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def refused(explanation: str, home: str, image: str) -> str:
    """What Docker's reason for not creating or starting a container means here."""
    missing = re.search(r"bind source path does not exist: (.*\S)", explanation)
    if missing and missing[1] == home:
        return f"Your home directory {home} does not exist. Ask the administrator of this machine."
    if missing:
        return f"{missing[1]} does not exist on this machine. Ask its administrator."
    if "No such image" in explanation:
        return f"This machine does not have the image {image}. Ask its administrator to run `hubinstall apply`."
    if explanation.startswith(("The ", "This machine has ")) and " GPU" in explanation:
        return explanation  # the broker's own words
    return f"Docker could not start your server: {explanation}"
