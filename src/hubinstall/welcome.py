"""What stands at the end of an apply: the address, and who can log in; and what an uninstall leaves."""

from hubinstall import layout
from hubinstall.facts import Facts
from hubinstall.settings import Settings


def addresses(settings: Settings, facts: Facts) -> list[str]:
    """What people type into a browser, best first."""
    names = list(settings.names) or list(facts.addresses) or [facts.hostname]
    return [f"https://{f'[{name}]' if ':' in name else name}{settings.base_url}" for name in names]


def welcome(settings: Settings, facts: Facts, people: list[str], passwords: dict[str, str]) -> str:
    """`people`: the host accounts that may log in; `passwords`: generated ones, shown this once."""
    lines = [f"JupyterHub is at {addresses(settings, facts)[0]}"]
    lines += [f"               or {address}" for address in addresses(settings, facts)[1:]]
    lines += [f"  {name} can log in with the password {password}" for name, password in passwords.items()]
    admins = [name for name in settings.users.admin if name not in settings.users.banned]
    if admins:
        lines.append(f"Administrators of the hub: {', '.join(admins)}")
    if settings.users.everyone:
        shown = ", ".join(people[:8]) + (f" and {len(people) - 8} more" if len(people) > 8 else "")
        lines.append(f"Every person's account of this machine can log in: {shown or 'there is none yet'}")
        lines.append("  one more: sudo adduser NAME")
    else:
        allowed = ", ".join(dict.fromkeys([*admins, *settings.users.allowed]))
        lines.append(f"Who can log in: {allowed or 'nobody yet; hubinstall config add-item users.admin NAME --apply'}")
    if settings.tls_mode == "self-signed":
        lines.append("The certificate is self-signed: a browser warns once, and asks to go on.")
    return "\n".join(lines)


def farewell(stopped: list[str]) -> str:
    """What stays after an uninstall. `stopped`: programs of the distribution that ran under our supervisor only."""
    lines = [
        f"hubinstall is gone. People's accounts and homes, {layout.SHARED_DATA} and {layout.CONFIG_DIR} stay;",
        "so do the distribution's packages.",
        "To install it again: installer/bootstrap.py of a checkout; it finds all of them.",
    ]
    if stopped:
        are = "are" if len(stopped) > 1 else "is"
        again = "them if you use them" if len(stopped) > 1 else "it if you use it"
        lines.insert(2, f"{' and '.join(stopped)} ran under its supervisor, and {are} stopped: start {again}.")
    return "\n".join(lines)
