"""Whose home is nearly full, and who has no quota although the settings give one."""

from hubinstall import layout
from hubinstall.machine.facts import Facts
from hubinstall.machine.host import Host
from hubinstall.quotas import homes, kernel
from hubinstall.quotas.keeper import Owner, owners
from hubinstall.quotas.policy import Policy
from hubinstall.settings.model import Settings
from hubinstall.verify.disks import amount

NEARLY = 0.95
SHOWN = 10
"""People who are named."""
Row = tuple[str, str, str, str]


def home_quotas(host: Host, settings: Settings, facts: Facts) -> Row:
    """Name, state, message and hint. OSError: there are no homes, or none can be looked at."""
    folder = str(host.path(layout.HOMES))
    full, without, number = [], [], 0
    uid_min, uid_max = settings.users.uids(facts.uid_min)
    policy = Policy(uid_min, uid_max, *settings.home.limits())
    for owner in owners(policy, folder):
        if not owner.limit:
            continue
        number += 1
        try:
            with homes.opened(folder, owner.home, owner.uid) as home:
                found = kernel.usage(home, owner.uid)
        except homes.SkippedError as error:
            without.append(f"{owner.name}: {error}")
            continue
        full += [words] if (words := filled(owner, found)) else []
    parts = [f"{number} people have one"]
    parts += [f"nearly full: {some(full)}"] if full else []
    parts += [f"without: {some(without)}"] if without else []
    hint = "Their pages say what is big. Raise home.quota, home.groups or home.users, or leave it to them."
    return "home quotas", "warning" if full or without else "ok", "; ".join(parts), hint if full or without else ""


def filled(owner: Owner, found: kernel.Usage) -> str:
    """Empty if there is room."""
    shares = [part / whole for part, whole in ((found.used, found.limit), (found.files, found.most_files)) if whole]
    if max(shares, default=0.0) < NEARLY:
        return ""
    return f"{owner.name} {100 * max(shares):.0f} % of {amount(owner.limit)}"


def some(words: list[str]) -> str:
    more = len(words) - SHOWN
    return ", ".join(words[:SHOWN]) + (f" and {more} more" if more > 0 else "")
