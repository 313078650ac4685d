"""A site's own packages for the hub (`auth.packages`, `hub.packages`): resolved once, with the hub's versions fixed,
and then locked with their hashes in a file beside config.yaml.

So a package that is released tomorrow changes nothing here, and one that cannot agree with the hub is refused before
anything changes. After an upgrade of hubinstall they are resolved again, with the versions of before where these fit.
"""

import hashlib
import re
import tempfile
from pathlib import Path

from hubinstall import layout
from hubinstall.blueprint.runtimes import CACHE, locked
from hubinstall.config.typed import told
from hubinstall.config.validate import Config
from hubinstall.errors import BAD_CONFIGURATION, UserError
from hubinstall.machine.facts import Facts
from hubinstall.machine.host import Host
from hubinstall.resources.packages.virtualenv import PYTHON, uv_environment
from hubinstall.settings.model import Settings

HEAD = f"""\
# What auth.packages and hub.packages mean, with the versions of the hub's own packages. Made from {layout.CONFIG_FILE}.
# For newer versions, delete this file, then type: hubinstall apply
"""
LEFT_OUT = ("rfc3987-syntax", "lark")
"""As from the hub's own list (installer/relock.sh)."""


def list_of(host: Host, config: Config, facts: Facts, *, online: bool) -> str:
    """The locked list; empty if the site has no packages. `online`: one that is not the settings' any more is resolved
    again; else the last one counts. Raises UserError if the packages do not agree. Changes nothing.
    """
    wanted = requirements(config.settings)
    if not wanted:
        return ""
    kept, mark = host.text(layout.HUB_PACKAGES), f"# {_mark(host, wanted, facts)}\n"
    if mark in kept or not online:
        return kept
    return f"{HEAD}{mark}{without_the_hubs(_resolved(host, config, wanted, kept))}"


def requirements(settings: Settings) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*settings.auth.all_packages, *settings.hub.packages)))


def _mark(host: Host, wanted: tuple[str, ...], facts: Facts) -> str:
    """What the list was made from: another mark, and it is made again."""
    files = [hashlib.sha256(host.read(path) or b"").hexdigest() for path in wanted if path.startswith("/")]
    made_from = repr((sorted(wanted), files, locked("hub.txt"), facts.python, facts.arch))
    return f"of {hashlib.sha256(made_from.encode()).hexdigest()}"


def _resolved(host: Host, config: Config, wanted: tuple[str, ...], kept: str) -> str:
    """What uv makes of them, the hub's own packages with it. `kept`: versions that are taken again if they fit."""
    with tempfile.TemporaryDirectory(prefix="hubinstall-") as folder:
        place = Path(folder)
        (place / "wanted.in").write_text("\n".join([*wanted, ""]), encoding="utf-8")
        (place / "hub.txt").write_text(locked("hub.txt"), encoding="utf-8")
        (place / "locked.txt").write_text(kept, encoding="utf-8")
        done = host.query(
            [
                layout.UV, "pip", "compile", "--quiet", "--no-config", "--color=never", "--no-header", "--no-annotate",
                "--generate-hashes", f"--python={PYTHON}", *(f"--no-emit-package={name}" for name in LEFT_OUT),
                f"--constraint={place}/hub.txt", f"--output-file={place}/locked.txt", f"{place}/wanted.in",
            ],
            check=False,
            env=uv_environment(host, CACHE) | {"UV_CACHE_DIR": f"{place}/cache"},
        )  # fmt: skip
        if done.returncode:
            auth = config.settings.auth
            at = ("auth", "packages" if auth.packages else "type") if auth.all_packages else ("hub", "packages")
            words = f"cannot be installed beside the hub: {_reason(done.stderr)}"
            raise UserError(told(config, at, words, "try other versions"), "Nothing was changed.", BAD_CONFIGURATION)
        return (place / "locked.txt").read_text(encoding="utf-8")


def _reason(said: str) -> str:
    """The words of uv on one line, without its drawing."""
    text = " ".join(re.sub(r"[^\x20-\x7e]|error:|cause:", " ", said).split())
    return text.rstrip(".") or "uv says nothing"


def without_the_hubs(text: str) -> str:
    """The packages of a list that the hub's own list has not; a block begins at the start of a line."""
    own = set(re.findall(r"^([A-Za-z0-9._-]+)==", locked("hub.txt"), re.MULTILINE))
    blocks = re.split(r"^(?=[^\s#])", text, flags=re.MULTILINE)
    more = [block for block in blocks if block.strip() and re.split(r"[ =@]", block)[0] not in own]
    return "".join(f"{block.rstrip()}\n" for block in more if not block.startswith("#"))
