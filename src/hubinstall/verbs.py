"""What each verb of the command does. One function per verb, of its name; each returns the exit code."""

import json
import os
import sys
from argparse import Namespace

from hubinstall import (
    __version__,
    certificates,
    config,
    inputs,
    installation,
    layout,
    machine,
    passwords,
    services_cli,
    snippets,
)  # fmt: skip
from hubinstall.errors import UserError
from hubinstall.flags import FLAG_SETTINGS
from hubinstall.host import Host
from hubinstall.managers import installed
from hubinstall.parts import nginx
from hubinstall.report import Log, make_report, print_plan, print_status
from hubinstall.resources.shares import people
from hubinstall.welcome import farewell, welcome


def plan(arguments: Namespace, host: Host) -> int:
    """Everything apply would change; with --check, 3 when there is something."""
    wishes = installation.read(host, with_flags(host, arguments))
    changes = installation.differences(host, wishes)
    print_plan(changes, host, as_json=arguments.json)
    return 3 if arguments.check and changes else 0


def apply(arguments: Namespace, host: Host) -> int:
    need_root()
    given = passwords.from_flags(arguments.admin, arguments.admin_password_file)
    return apply_text(host, with_flags(host, arguments), plain=arguments.plain, given=given, yes=arguments.yes)


def apply_text(
    host: Host, text: str, *, plain: bool = False, given: dict[str, str] | None = None, yes: bool = False
) -> int:
    """Apply what config.yaml is to say. `given`: first passwords by account; `yes`: also when people's servers end."""
    wishes = installation.read(host, text)
    with installation.one_run("apply"), logged(host) as log, make_report(log, plain=plain or None) as report:
        host.say = report.aside
        outcome = installation.apply(host, wishes, report, given, may_stop_servers=yes)
        certificate = certificates.advice(host, wishes.settings, wishes.resources)
        for words in [*nginx.advice(wishes.settings, wishes.facts), *certificate]:
            host.notice(words)
        report.summary(outcome, host.notices)
        names = [person.name for person in people(host, wishes.facts.uid_min, wishes.facts.uid_max)]
        report.say(welcome(wishes.settings, wishes.facts, names, passwords.to_print_once(host)))
    return 0


def status(arguments: Namespace, host: Host) -> int:
    from hubinstall.health import health  # noqa: PLC0415 - only here, and slow to import

    need_root()
    wishes = installation.read(host)
    changes = installation.differences(host, wishes)
    found = health(host, wishes.settings, wishes.facts, resources=wishes.resources, pending=len(changes))
    print_status(found, as_json=arguments.json)
    return 3 if arguments.check and (changes or found.state == "failed") else 0


def verify(arguments: Namespace, host: Host) -> int:  # noqa: ARG001
    from hubinstall.verify import verify as log_in_and_run_a_cell  # noqa: PLC0415 - only here, and slow to import

    need_root()
    wishes = installation.read(host)
    with installation.one_run("verify"), logged(host) as log, make_report(log) as report:
        log_in_and_run_a_cell(host, wishes.settings, wishes.facts, report)
    return 0


def uninstall(arguments: Namespace, host: Host) -> int:
    need_root()
    if not arguments.yes:
        raise UserError(
            "this takes JupyterHub off this machine; people's servers stop, homes and shared data stay",
            "If that is what you want: hubinstall uninstall --yes",
            code=2,
        )
    with installation.one_run("uninstall"), logged(host) as log, make_report(log) as report:
        manager = installed(host).name
        outcome = installation.uninstall(host, report)
        report.summary(outcome, host.notices)
        report.say(farewell(services_cli.stopped(host) if manager == "supervisor" else []))
    return 0


def config_(arguments: Namespace, host: Host) -> int:
    """`hubinstall config …`: the file stays valid, or as it was."""
    verb = arguments.config_verb
    if verb in {"schema", "example"}:
        print(config.example() if verb == "example" else f"{json.dumps(config.schema(), indent=2)}\n", end="")
        return 0
    need_root()
    text = inputs.config_text(host)
    if verb in {"show", "proxy-snippet"}:
        print(config.show(text) if verb == "show" else proxy_snippet(arguments, host, text), end="")
        return 0
    if verb == "reload":
        return apply_text(host, text)
    edits = {
        "set": lambda: config.set_value(text, arguments.key, arguments.value),
        "unset": lambda: config.unset(text, arguments.key),
        "add-item": lambda: config.add_item(text, arguments.key, arguments.value),
        "remove-item": lambda: config.remove_item(text, arguments.key, arguments.value),
    }
    new = edits[verb]()
    config.validate(new, layout.CONFIG_FILE)
    if arguments.apply:
        return apply_text(host, new)
    with installation.one_run(f"config {verb}"):
        installation.keep_config(host, new)
    return 0


def proxy_snippet(arguments: Namespace, host: Host, text: str) -> str:
    """What the web server in front is to be told; what is missing here for it goes to stderr."""
    settings = config.validate(text, layout.CONFIG_FILE)
    made = snippets.snippet(arguments.server, settings, machine.addresses(host))
    if words := snippets.missing(settings):
        print(f"hubinstall: {words}", file=sys.stderr)
    return made


def certificate(arguments: Namespace, host: Host) -> int:
    from hubinstall import certificate_cli  # noqa: PLC0415 - as above

    need_root()
    if arguments.certificate_verb == "status":
        return certificate_cli.status(host, as_json=arguments.json)
    return certificate_cli.renew(host, logged, force=arguments.force, if_due=arguments.if_due)


def start(arguments: Namespace, host: Host) -> int:
    need_root()
    return services_cli.start(host, arguments.service)


def stop(arguments: Namespace, host: Host) -> int:
    need_root()
    return services_cli.stop(host, arguments.service)


def restart(arguments: Namespace, host: Host) -> int:
    need_root()
    return services_cli.restart(host, arguments.service)


def logs(arguments: Namespace, host: Host) -> int:
    need_root()
    return services_cli.logs(host, arguments.service, lines=arguments.lines, follow=arguments.follow)


def version(arguments: Namespace, host: Host) -> int:  # noqa: ARG001
    print(f"hubinstall {__version__}")
    return 0


def need_root() -> None:
    if os.geteuid() != 0:
        raise UserError("this needs root", f"sudo {' '.join(['hubinstall', *sys.argv[1:]])}")


def with_flags(host: Host, arguments: Namespace) -> str:
    """The text of config.yaml with the flags that are settings written into it; comments stay."""
    text = inputs.config_text(host)
    config.validate(text, layout.CONFIG_FILE)
    for flag, key in FLAG_SETTINGS.items():
        if (value := getattr(arguments, flag, None)) is not None:
            text = config.set_value(text, key, value)
    admins = config.validate(text, layout.CONFIG_FILE).users.admin
    for admin in dict.fromkeys(a.partition(":")[0] for a in arguments.admin):
        if admin not in admins:
            text = config.add_item(text, "users.admin", admin)
    return text


def logged(host: Host) -> Log:
    """The log of this run; every command and its output go there."""
    log = Log(layout.LOG_FILE)
    host.log = log.write
    return log
