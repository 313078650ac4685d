"""The last words of an apply (the address, and who can log in) and of an uninstall (what stays)."""

from hubinstall import layout
from hubinstall.blueprint import urls
from hubinstall.machine.facts import Facts
from hubinstall.settings.model import Settings

NEXT = """\
What you may want next:
  hubinstall status        does everything work?
  hubinstall config edit   change settings: shared folders, limits, a domain name
  hubinstall verify        log in and run a cell, as a person would"""
"""After the first installation."""


def welcome(
    settings: Settings,
    facts: Facts,
    people: list[str],
    passwords: dict[str, str],
    *,
    sign_on: str = "",
    first: bool = False,
) -> str:
    """`people`: the host's accounts that may log in; `passwords`: generated passwords, which are shown only once;
    `sign_on`: the class of a drop-in that decides instead who may log in; `first`: nothing worked here before.
    """
    lines = where(settings, facts)
    lines += generated(passwords)
    admins = [name for name in settings.users.admin if name not in settings.users.banned]
    if admins or settings.users.admin_groups:
        lines.append(f"Administrators of the hub: {_some(admins, settings.users.admin_groups)}")
    if sign_on:
        lines.append(f"Who can log in: people whom {sign_on} of a drop-in lets in, with an account on this machine")
    elif settings.auth.from_elsewhere:
        lines.append(f"Who can log in: {vouched(settings)}")
    elif settings.everyone:
        shown = ", ".join(people[:8]) + (f" and {len(people) - 8} more" if len(people) > 8 else "")
        lines.append(f"Everyone with an account on this machine can log in: {shown or 'nobody has one yet'}")
        lines.append("  to add a person: sudo hubinstall user add NAME")
    else:
        names, groups = settings.let_in
        allowed = _some([name for name in names if name not in settings.users.banned], groups)
        lines.append(
            f"Who can log in: {allowed or 'nobody yet; run: hubinstall config add-item users.admin NAME --apply'}"
        )
    if settings.tls_mode == "self-signed":
        lines.append("The certificate is self-signed: browsers warn once, then let people continue.")
    if settings.tls_mode == "letsencrypt":
        lines.append(
            "The certificate is requested and renewed automatically; to check it, run: hubinstall certificate status"
        )
    if settings.tls_mode == "manual":
        lines.append(f"The certificate is your own: a new one in {settings.https.tls.cert} is used automatically.")
    return "\n".join([*lines, *([NEXT] if first else [])])


def _some(names: list[str], groups: tuple[str, ...]) -> str:
    return ", ".join([*names, *(f"the members of {group}" for group in groups)])


def vouched(settings: Settings) -> str:
    """Whom a provider's sign-on lets in."""
    issuer, (names, ours) = settings.auth.provider, settings.let_in
    if settings.everyone:
        return f"everyone whom {issuer} signs on"
    groups = dict.fromkeys([*ours, *settings.auth.groups_elsewhere])
    who = [", ".join(names)] if names else []
    who += [f"the members of {', '.join(groups)}"] if groups else []
    who += [f"whom auth.{settings.auth.class_name} lets in"] if settings.auth.class_name else []
    return f"{' and '.join(who)}, if {issuer} signs them on"


def generated(passwords: dict[str, str]) -> list[str]:
    """The lines with passwords that were made up."""
    return [f"  {name} can log in with the password {password}" for name, password in passwords.items()]


def where(settings: Settings, facts: Facts) -> list[str]:
    """Where the hub is: its URLs for people, or the port for the web server in front of it."""
    front = ", ".join(settings.http.trusted_proxies)
    if front:
        port = f"port {urls.port(settings)} of {settings.http.address or 'every address'}"
        return [
            f"JupyterHub listens on {port} for the web server in front of it ({front})",
            "  to print that server's configuration: hubinstall config proxy-snippet nginx (or apache)",
        ]
    first, *others = urls.urls(settings, facts)
    return [f"JupyterHub is at {first}", *(f"               or {url}" for url in others)]


def farewell(stopped: list[str]) -> str:
    """What stays after an uninstall. `stopped`: the distribution's programs that ran only under our supervisor."""
    lines = [
        f"hubinstall is gone. People's accounts and homes, {layout.SHARED_DATA} and {layout.CONFIG_DIR} stay;",
        "so do the distribution's packages.",
        "To install it again, run installer/bootstrap.py of a checkout: it uses all of them again.",
    ]
    if stopped:
        are = "are" if len(stopped) > 1 else "is"
        again = "them if you use them" if len(stopped) > 1 else "it if you use it"
        lines.insert(2, f"{' and '.join(stopped)} ran under its supervisor and {are} now stopped: start {again}.")
    return "\n".join(lines)
