"""Where this host gets its distribution's packages from, for a root file system that is made from the same mirrors.

What others offer through apt (Docker's, Node's, a vendor's) is left out: only the distribution's own releases count.
"""

import re

from hubinstall.errors import UserError
from hubinstall.machine.host import Host

DISTRIBUTIONS = {"Debian", "Ubuntu"}
POCKETS = ("", "-updates", "-security")
# The fields of `apt-get indextargets`; what apt calls release here is the name that its sources use, which may be
# "stable". Ubuntu's pockets all have the release's codename: there, only that name tells backports.
FORMAT = "$(ORIGIN)|$(CODENAME)|$(RELEASE)|$(COMPONENT)|$(REPO_URI)|$(SOURCESENTRY)"
UNWANTED = re.compile(r"-(backports|proposed)")


def sources(host: Host, codename: str) -> list[str]:
    """The lines of a sources.list with the release, its updates and its security fixes, from this host's mirrors.

    Raises UserError where apt knows no mirror of the release (or its lists were never fetched).
    """
    listed = host.query(["apt-get", "indextargets", "--format", FORMAT, "Created-By: Packages"]).stdout
    names = {codename + pocket for pocket in POCKETS}
    components: dict[tuple[str, str, str], list[str]] = {}
    for line in listed.splitlines():
        origin, name, release, component, uri, entry = (*line.split("|"), *[""] * 5)[:6]
        if origin in DISTRIBUTIONS and name in names and not UNWANTED.search(release):
            found = components.setdefault((uri, release, keyring(host, entry)), [])
            found += [component] if component not in found else []
    if not components:
        raise UserError(
            f"apt knows no mirror of {codename} on this machine",
            "Run `apt-get update`; if that goes well, look whether /etc/apt/sources.list.d names the distribution.",
        )
    return [
        " ".join(["deb", *([f"[signed-by={signed}]"] if signed else []), uri, release, *found])
        for (uri, release, signed), found in components.items()
    ]


def keyring(host: Host, entry: str) -> str:
    """The key file that the entry of the sources (`file:line`) names; empty when apt's own trusted keys hold.

    Both forms of sources files are understood; one that names several keys is left to the trusted ones.
    """
    named = set(re.findall(r"(?i)\bsigned-by\s*[:=]\s*(/[^\s\],]+)", host.text(entry.rpartition(":")[0])))
    return named.pop() if len(named) == 1 else ""
