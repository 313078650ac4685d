"""What people write: config.yaml and their drop-ins. A copy of the versions that worked last is kept for a rollback.

A run never undoes a person's edit silently: it keeps a version that did not work elsewhere, and says where.
"""

import json
import stat
from urllib.parse import quote, unquote

from hubinstall import layout
from hubinstall.config.problems import ConfigError, Problem
from hubinstall.config.validate import MAX_CHARACTERS, decode
from hubinstall.errors import UserError
from hubinstall.machine.facts import dropins, environments
from hubinstall.machine.host import TEMPORARY, Host


def config_text(host: Host) -> str:
    """The text of config.yaml; empty if there is no such file.

    Raises ConfigError if something else is in its place, UserError if this user may not read it.
    """
    path = layout.CONFIG_FILE

    def refused(message: str) -> ConfigError:
        return ConfigError([Problem(path, 1, 1, "", message, f"try moving it away: mv {path} {path}.old")])

    try:
        if not stat.S_ISREG(host.path(path).stat().st_mode):
            raise refused("is not a regular file")
        return decode(host.read(path, MAX_CHARACTERS * 4 + 1) or b"")
    except (FileNotFoundError, NotADirectoryError):
        if host.exists(path):
            raise refused("is a link whose target does not exist") from None
        return ""
    except PermissionError:
        raise UserError(f"{path} is for root only", "Run it again as root, with sudo.") from None
    except OSError as error:
        raise refused(f"cannot be read: {error.strerror}") from error


def accepted_text(host: Host) -> str:
    """The text of config.yaml that worked last; the present text if none has worked yet."""
    kept = host.read(_copy(layout.CONFIG_FILE))
    return config_text(host) if kept is None else decode(kept)


def accept(host: Host) -> None:
    """Keep a copy of what people have written by now: everything works with it."""
    kept, now = _kept(host), _written(host)
    if now == kept:
        return
    if not host.exists(layout.ACCEPTED):
        host.mkdir(layout.ACCEPTED, mode="0700")
    _keep_environments(host, kept, now)
    for path in kept.keys() - now.keys():
        host.remove(_copy(path))
    for path in now:
        if now[path] != kept.get(path):
            there = host.stat(path)
            mode = there.mode if there and there.kind == "file" else "0640"
            host.write(_copy(path), now[path], mode=mode)


def put_back(host: Host) -> list[str]:
    """Restore the versions that worked last. For each file that differs, says where the failed version is kept."""
    kept, now = _kept(host), _written(host)
    notes = []
    for path in sorted(kept.keys() | now.keys()) if kept else ():
        if now.get(path) == kept.get(path):
            continue
        if path in now:
            refused = _refused(path)
            if not host.exists(layout.EDITS):
                host.mkdir(layout.EDITS, mode="0700")
            host.write(refused, now[path], mode="0600")
            notes.append(f"{path} was restored; the version that did not work is kept as {refused}")
        else:
            notes.append(f"{path} was restored: without it the hub did not work")
        if path in kept:
            _restore(host, path, kept[path])
        else:
            host.remove(path)
    return notes


def forget_refused(host: Host, name: str, lists: dict[str, str]) -> None:
    """Remove these lists of an environment where `put_back` has kept them: a command made them, and no person."""
    for file, text in lists.items():
        if host.text(path := _refused(f"{layout.ENVIRONMENTS}/{name}/{file}")) == text:
            host.remove(path)


def _refused(path: str) -> str:
    """Where a version that did not work is kept."""
    return f"{layout.EDITS}/{path.strip('/').replace('/', '%')}"


def _restore(host: Host, path: str, content: bytes) -> None:
    above = path.rpartition("/")[0]
    for needed in (above.rpartition("/")[0], above):
        if path.startswith(f"{layout.ENVIRONMENTS}/") and not host.exists(needed):
            host.mkdir(needed)
    copy, folder = host.stat(_copy(path)), host.stat(above)
    # The group of the directory is the one that must be able to read the file.
    host.write(path, content, mode=copy.mode if copy else "0600", group=folder.group if folder else "root")


def environment_before(host: Host, name: str) -> dict[str, str] | None:
    """The lists of an environment before they last changed: the name of the file → its text; None if unknown."""
    try:
        found: dict[str, str] = json.loads(host.text(f"{layout.ENVIRONMENTS_BEFORE}/{name}.json") or "{}")["before"]
    except (ValueError, KeyError, TypeError):
        return None
    return found


def accepted_environment(host: Host, name: str) -> dict[str, str]:
    """The lists of an environment that everything worked with last."""
    return _environments(_kept(host)).get(name, {})


def _keep_environments(host: Host, kept: dict[str, bytes], now: dict[str, bytes]) -> None:
    """Keep what was accepted before of each environment that has changed, for a way back. Of a run that was killed
    while it accepted this change, what it has kept stays.
    """
    was, is_ = _environments(kept), _environments(now)
    for name in was.keys() | is_.keys():
        before, after = was.get(name, {}), is_.get(name, {})
        path = f"{layout.ENVIRONMENTS_BEFORE}/{name}.json"
        if before == after or ((kept_for := json.loads(host.text(path) or "{}")) and kept_for["after"] == after):
            continue
        if not host.exists(layout.ENVIRONMENTS_BEFORE):
            host.mkdir(layout.ENVIRONMENTS_BEFORE, mode="0700")
        host.write(path, (json.dumps({"before": before, "after": after}) + "\n").encode(), mode="0600")


def _environments(files: dict[str, bytes]) -> dict[str, dict[str, str]]:
    """Name → the name of a list → its text."""
    found: dict[str, dict[str, str]] = {}
    for path, content in files.items():
        if path.startswith(f"{layout.ENVIRONMENTS}/"):
            name, file = path.split("/")[-2:]
            found.setdefault(name, {})[file] = content.decode(errors="replace")
    return found


def _written(host: Host) -> dict[str, bytes]:
    lists = [f"{layout.ENVIRONMENTS}/{name}/{file}" for name, texts in environments(host).items() for file in texts]
    paths = [layout.CONFIG_FILE, *dropins(host), *lists]
    return {path: content for path in paths if (content := host.read(path)) is not None}


def _kept(host: Host) -> dict[str, bytes]:
    paths = [unquote(name) for name in host.names(layout.ACCEPTED) if not name.endswith(TEMPORARY)]
    return {path: host.read(_copy(path)) or b"" for path in paths}


def _copy(path: str) -> str:
    return f"{layout.ACCEPTED}/{quote(path, safe='')}"


def keep_config(host: Host, text: str) -> None:
    """Write config.yaml so that only root can read it: it may hold what nobody else should see."""
    if host.text(layout.CONFIG_FILE) == text and host.exists(layout.CONFIG_FILE):
        return
    if not host.exists(layout.CONFIG_DIR):
        host.mkdir(layout.CONFIG_DIR)
    host.write(layout.CONFIG_FILE, text.encode(), mode="0600")
