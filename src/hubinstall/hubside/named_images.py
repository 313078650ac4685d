"""Images that a person names at a start, below one of the prefixes of `spawner.allow.images`.

The hub and the broker judge a name by the same words. It is a registry's, written out in full: what Docker would
complete (`course/x` is docker.io/course/x, and 64 hexadecimal digits are the id of any image) is refused, as is all
that two programs could read in two ways.
"""

import re
from collections.abc import Iterable

_HOST = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*(:[0-9]{1,5})?"
_PART = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(
    rf"(?P<host>{_HOST})(/{_PART})+(:[A-Za-z0-9_][A-Za-z0-9._-]{{0,127}}|@sha256:[0-9a-f]{{64}})?", re.ASCII
)
"""The reference grammar of `distribution`, without what may be left out."""
LONGEST = 255


def is_registry(host: str) -> bool:
    """Whether Docker takes the first part of a name for a registry, and not for a part of Docker Hub."""
    return "." in host or ":" in host or host == "localhost"


def is_below(name: str, prefixes: Iterable[str]) -> bool:
    """Whether a name is an image's, and begins with one of the prefixes."""
    found = _NAME.fullmatch(name) if len(name) <= LONGEST else None
    return bool(found and is_registry(found["host"])) and name.startswith(tuple(prefixes))


def parted(name: str) -> tuple[str, str]:
    """The repository, and what Docker's API calls its tag: a tag or a digest."""
    repository, sign, digest = name.partition("@")
    if sign:
        return repository, digest
    place = name.rfind(":")
    return (name[:place], name[place + 1 :]) if place > name.rfind("/") else (name, "latest")
