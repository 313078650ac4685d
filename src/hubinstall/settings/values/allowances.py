"""What a drop-in may ask Docker for beyond what every server has: the lines of `spawner.allow.docker`."""

import re
from typing import Any

from hubinstall.settings.values.files import FILE_PATH
from hubinstall.settings.values.names import IMAGE
from hubinstall.settings.values.words import as_text, shown, wrong

_VOLUME = r"[a-zA-Z0-9*][a-zA-Z0-9_.*-]{0,254}"
_WORDS = ("exec", "gpus", "no-limits", "other-seccomp", "writable-root")
ALLOWANCE = (
    rf"(bind {FILE_PATH}( rw)?|volume {_VOLUME}|image {IMAGE}|capability [A-Z_]{{1,40}}|device {FILE_PATH}"
    rf"|runtime [a-zA-Z0-9_.-]{{1,64}}|group [1-9][0-9]{{0,9}}|{'|'.join(_WORDS)})"
)


def parse_allowance(value: Any) -> str:
    """One line; the broker compares it as it is (broker/policy.py)."""
    line = as_text(value, "a line such as bind /srv/datasets", "bind /srv/datasets")
    if len(line) > 600 or not re.fullmatch(ALLOWANCE, line) or {".", ".."} & set(re.split("[/ ]", line)):
        raise wrong(
            f"{shown(line)} is nothing that can be allowed",
            "try bind PATH, bind PATH rw, volume NAME, image NAME, capability NAME, device PATH, runtime NAME, group"
            f" NUMBER, {' or '.join((', '.join(_WORDS[:-1]), _WORDS[-1]))}",
        )
    return line
