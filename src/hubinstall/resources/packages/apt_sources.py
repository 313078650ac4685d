"""The mirrors from which this host gets its distribution's packages, for a root file system from the same mirrors.

Other vendors' repositories (Docker's, Node's) are left out: only the distribution's own releases count.
"""

import re

from hubinstall.errors import UserError
from hubinstall.machine.host import Host

DISTRIBUTIONS = {"Debian", "Ubuntu"}
POCKETS = ("", "-updates", "-security")
# The fields of `apt-get indextargets`. RELEASE is the name that the sources use, which may be "stable". All of Ubuntu's
# pockets have the codename of the release: there, only RELEASE tells backports from the rest.
FORMAT = "$(ORIGIN)|$(CODENAME)|$(RELEASE)|$(COMPONENT)|$(REPO_URI)|$(SOURCESENTRY)"
UNWANTED = re.compile(r"-(backports|proposed)")


def sources(host: Host, codename: str) -> list[str]:
    """The lines of a sources.list with the release, its updates and its security fixes, from this host's mirrors.

    Raises UserError if apt has no mirror of the release, or never fetched its lists.
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
            f"apt has no mirror of {codename} on this machine",
            "Run `apt-get update`. If that succeeds, check that /etc/apt/sources.list.d names the distribution.",
        )
    return [
        " ".join(["deb", *([f"[signed-by={signed}]"] if signed else []), uri, release, *found])
        for (uri, release, signed), found in components.items()
    ]


def keyring(host: Host, entry: str) -> str:
    """The key file that an entry of the sources (`file:line`) names; empty if apt's own trusted keys apply.

    Both formats of sources files are read. For a file that names several keys, the trusted keys are used.
    """
    named = set(re.findall(r"(?i)\bsigned-by\s*[:=]\s*(/[^\s\],]+)", host.text(entry.rpartition(":")[0])))
    return named.pop() if len(named) == 1 else ""
