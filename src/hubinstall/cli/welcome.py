"""What stands at the end of an apply: the address, and who can log in; and what an uninstall leaves."""

from hubinstall import layout
from hubinstall.blueprint import urls
from hubinstall.machine.facts import Facts
from hubinstall.settings.model import Settings


def welcome(settings: Settings, facts: Facts, people: list[str], passwords: dict[str, str]) -> str:
    """`people`: the host accounts that may log in; `passwords`: generated ones, shown this once."""
    lines = where(settings, facts)
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
    if settings.tls_mode == "letsencrypt":
        lines.append("Its certificate is asked for and renewed by itself; how that goes: hubinstall certificate status")
    if settings.tls_mode == "manual":
        lines.append(f"Its certificate is yours: a new one in {settings.https.tls.cert} is taken up by itself.")
    return "\n".join(lines)


def where(settings: Settings, facts: Facts) -> list[str]:
    """What leads to the hub: for people, or for the web server in front of it, which people ask instead."""
    front = ", ".join(settings.http.trusted_proxies)
    if front:
        port = f"port {urls.port(settings)} of {settings.http.address or 'every address'}"
        return [
            f"JupyterHub waits at {port} for what the web server in front of it ({front}) passes on",
            "  what that one needs: hubinstall config proxy-snippet nginx (or apache)",
        ]
    first, *others = urls.urls(settings, facts)
    return [f"JupyterHub is at {first}", *(f"               or {url}" for url in others)]


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
