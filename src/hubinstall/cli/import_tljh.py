"""`hubinstall import-tljh`: what a config.yaml of The Littlest JupyterHub says, as one of ours."""

import os

from hubinstall import layout
from hubinstall.cli.session import need_root
from hubinstall.config import tljh, validate
from hubinstall.errors import UserError
from hubinstall.machine.host import Host
from hubinstall.report.words import say


def import_tljh(host: Host, file: str, output: str = "") -> int:
    """Print our config.yaml, or write it to a new file; what is different goes to stderr. Returns the exit code."""
    path = os.path.abspath(file)
    data = host.read(path)
    if data is None:
        hint = "Copy it from the machine with TLJH; there it is /opt/tljh/config/config.yaml."
        raise UserError(f"there is no file {file}", hint)
    made = tljh.imported(validate.decode(data), file)
    if output:
        keep(host, os.path.abspath(output), made.text)
    else:
        print(made.text, end="")
    for line in lines(made, output):
        say(line)
    return 0


def keep(host: Host, path: str, text: str) -> None:
    """Write a new file, readable by root only; an existing one is never replaced."""
    need_root()
    if host.exists(path):
        raise UserError(f"{path} exists, and was not changed", "Move it away, or name another file.")
    host.write(path, text.encode(), "0600")


def lines(made: tljh.Imported, output: str) -> list[str]:
    """What to know and do."""
    told = ["Different here:", *(f"  {note}" for note in made.notes)] if made.notes else []
    if made.admins:
        told.append(f"`hubinstall apply` creates the accounts of administrators: {', '.join(made.admins)}")
    if made.people:
        told.append(f"Create the other accounts with adduser: {', '.join(made.people)}")
    told.append("TLJH's accounts and homes are called jupyter-NAME; here they are called NAME.")
    if os.path.abspath(output or layout.CONFIG_FILE) != layout.CONFIG_FILE or not output:
        told.append(f"Save it as {layout.CONFIG_FILE} on the new machine, then run the installation there.")
    return told
