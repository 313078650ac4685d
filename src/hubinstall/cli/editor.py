"""`hubinstall config edit`: the file in an editor, checked before it counts.

People edit a copy. A copy that cannot be used is opened again; if they give up, it stays, and the next `config edit`
continues with it.
"""

import os
import shlex
import sys

from hubinstall import layout
from hubinstall.cli.session import apply_config
from hubinstall.config import validate
from hubinstall.config.problems import ConfigError
from hubinstall.errors import BAD_CONFIGURATION, UserError
from hubinstall.installation import inputs, lock
from hubinstall.machine.host import Host
from hubinstall.report.words import say

SAVED = f"saved in {layout.CONFIG_FILE}; to apply it, run: hubinstall apply"
COPY = f"{layout.EDITS}/config.yaml"
EDITORS = ("sensible-editor", "nano", "vi", "ed")


def edit_file(host: Host, text: str, *, apply: bool) -> int:
    """Let a person edit config.yaml, which says `text`; save it if it is valid, and apply it if they want that."""
    command = editor(host)
    begin(host, text)
    while True:
        if code := host.show([*command, str(host.path(COPY))]):
            raise UserError(f"`{shlex.join(command)}` ended with exit code {code}", _kept(host, text))
        try:
            new = validate.load(validate.decode(host.read(COPY) or b""), COPY)
            break
        except ConfigError as error:
            again(error, _kept(host, text))
    if new.text == text:
        host.remove(COPY)
        say("nothing changed")
        return 0
    if inputs.config_text(host) != text:
        raise UserError(f"{layout.CONFIG_FILE} was changed by someone else in the meantime", _kept(host, text))
    if apply:
        apply_config(host, validate.load(new.text))
    else:
        with lock.one_run("config edit"):
            inputs.keep_config(host, new.text)
        say(SAVED)
    host.remove(COPY)
    return 0


def editor(host: Host) -> list[str]:
    """$VISUAL or $EDITOR with its flags, else one of Debian's editors. Raises UserError if there is none."""
    for name in ("VISUAL", "EDITOR"):
        if words := shlex.split(os.environ.get(name, "")):
            if host.which(words[0]) is None:
                raise UserError(f"the editor {words[0]} (${name}) is not installed", f"Set ${name} to another editor.")
            return words
    found = next((name for name in EDITORS if host.which(name)), None)
    if found is None:
        raise UserError("there is no editor on this machine", "Run: apt-get install nano. Or set $EDITOR.")
    return [found]


def begin(host: Host, text: str) -> None:
    """Write the copy, unless one that is newer than config.yaml was left."""
    copy, file = host.path(COPY), host.path(layout.CONFIG_FILE)
    if copy.is_file() and (not file.exists() or copy.stat().st_mtime > file.stat().st_mtime):
        say(f"continuing with {COPY}, which was not saved; to begin again, delete it")
        return
    for folder, mode in ((layout.CONFIG_DIR, "0755"), (layout.EDITS, "0700")):
        if not host.exists(folder):
            host.mkdir(folder, mode=mode)
    host.write(COPY, text.encode(), mode="0600")


def again(error: ConfigError, kept: str) -> None:
    """Show what is wrong and wait for a person who goes on; raises UserError if there is none."""
    if sys.stdin.isatty():
        print(f"{error}\nTo edit it again, press Enter; to stop, press Ctrl-C. ", end="", file=sys.stderr, flush=True)
        try:
            if sys.stdin.readline():
                return
        except KeyboardInterrupt:
            print(file=sys.stderr)
    raise UserError(str(error), kept, BAD_CONFIGURATION)


def _kept(host: Host, text: str) -> str:
    unchanged = f"{layout.CONFIG_FILE} was not changed."
    if host.read(COPY) == text.encode():
        host.remove(COPY)
        return unchanged
    return f"{unchanged} Your text is kept in {COPY}; to continue with it, run: hubinstall config edit"
