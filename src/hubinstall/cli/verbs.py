"""What each verb of the command does. One function per verb, of its name; each returns the exit code."""

import json
import os
import sys
from argparse import Namespace

from hubinstall import __version__, layout
from hubinstall.blueprint import nginx
from hubinstall.blueprint import proxy_snippet as blueprint_proxy_snippet
from hubinstall.cli import services
from hubinstall.cli.flags import FLAG_SETTINGS
from hubinstall.cli.welcome import farewell, welcome
from hubinstall.config import edit, reference, validate
from hubinstall.errors import UserError
from hubinstall.installation import apply as installation_apply
from hubinstall.installation import inputs
from hubinstall.machine import network
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers.choice import installed
from hubinstall.report.log import Log
from hubinstall.report.plain import make_report
from hubinstall.report.plan import print_plan
from hubinstall.report.status import print_status
from hubinstall.resources.accounts import first_passwords
from hubinstall.resources.accounts.share import people
from hubinstall.verify import certificate as verify_certificate


def plan(arguments: Namespace, host: Host) -> int:
    """Everything apply would change; with --check, 3 when there is something."""
    wishes = installation_apply.read(host, with_flags(host, arguments))
    changes = installation_apply.differences(host, wishes)
    print_plan(changes, host, as_json=arguments.json)
    return 3 if arguments.check and changes else 0


def apply(arguments: Namespace, host: Host) -> int:
    need_root()
    given = first_passwords.from_flags(arguments.admin, arguments.admin_password_file)
    return apply_text(host, with_flags(host, arguments), plain=arguments.plain, given=given, yes=arguments.yes)


def apply_text(
    host: Host, text: str, *, plain: bool = False, given: dict[str, str] | None = None, yes: bool = False
) -> int:
    """Apply what config.yaml is to say. `given`: first passwords by account; `yes`: also when people's servers end."""
    wishes = installation_apply.read(host, text)
    with installation_apply.one_run("apply"), logged(host) as log, make_report(log, plain=plain or None) as report:
        host.say = report.aside
        outcome = installation_apply.apply(host, wishes, report, given, may_stop_servers=yes)
        certificate = verify_certificate.advice(host, wishes.settings, wishes.resources)
        for words in [*nginx.advice(wishes.settings, wishes.facts), *certificate]:
            host.notice(words)
        report.summary(outcome, host.notices)
        names = [person.name for person in people(host, wishes.facts.uid_min, wishes.facts.uid_max)]
        report.say(welcome(wishes.settings, wishes.facts, names, first_passwords.to_print_once(host)))
    return 0


def status(arguments: Namespace, host: Host) -> int:
    from hubinstall.verify.health import health  # noqa: PLC0415 - only here, and slow to import

    need_root()
    wishes = installation_apply.read(host)
    changes = installation_apply.differences(host, wishes)
    found = health(host, wishes.settings, wishes.facts, resources=wishes.resources, pending=len(changes))
    print_status(found, as_json=arguments.json)
    return 3 if arguments.check and (changes or found.state == "failed") else 0


def verify(arguments: Namespace, host: Host) -> int:  # noqa: ARG001
    from hubinstall.verify.probe import verify as log_in_and_run_a_cell  # noqa: PLC0415 - only here, and slow to import

    need_root()
    wishes = installation_apply.read(host)
    with installation_apply.one_run("verify"), logged(host) as log, make_report(log) as report:
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
    with installation_apply.one_run("uninstall"), logged(host) as log, make_report(log) as report:
        manager = installed(host).name
        outcome = installation_apply.uninstall(host, report)
        report.summary(outcome, host.notices)
        report.say(farewell(services.stopped(host) if manager == "supervisor" else []))
    return 0


def config_(arguments: Namespace, host: Host) -> int:
    """`hubinstall config …`: the file stays valid, or as it was."""
    verb = arguments.config_verb
    if verb in {"schema", "example"}:
        print(reference.example() if verb == "example" else f"{json.dumps(reference.schema(), indent=2)}\n", end="")
        return 0
    need_root()
    text = inputs.config_text(host)
    if verb in {"show", "proxy-snippet"}:
        print(validate.show(text) if verb == "show" else proxy_snippet(arguments, host, text), end="")
        return 0
    if verb == "reload":
        return apply_text(host, text)
    edits = {
        "set": lambda: edit.set_value(text, arguments.key, arguments.value),
        "unset": lambda: edit.unset(text, arguments.key),
        "add-item": lambda: edit.add_item(text, arguments.key, arguments.value),
        "remove-item": lambda: edit.remove_item(text, arguments.key, arguments.value),
    }
    new = edits[verb]()
    validate.validate(new, layout.CONFIG_FILE)
    if arguments.apply:
        return apply_text(host, new)
    with installation_apply.one_run(f"config {verb}"):
        installation_apply.keep_config(host, new)
    return 0


def proxy_snippet(arguments: Namespace, host: Host, text: str) -> str:
    """What the web server in front is to be told; what is missing here for it goes to stderr."""
    settings = validate.validate(text, layout.CONFIG_FILE)
    made = blueprint_proxy_snippet.snippet(arguments.server, settings, network.addresses(host))
    if words := blueprint_proxy_snippet.missing(settings):
        print(f"hubinstall: {words}", file=sys.stderr)
    return made


def certificate(arguments: Namespace, host: Host) -> int:
    from hubinstall.cli import certificate as cli_certificate  # noqa: PLC0415 - as above

    need_root()
    if arguments.certificate_verb == "status":
        return cli_certificate.status(host, as_json=arguments.json)
    return cli_certificate.renew(host, logged, force=arguments.force, if_due=arguments.if_due)


def start(arguments: Namespace, host: Host) -> int:
    need_root()
    return services.start(host, arguments.service)


def stop(arguments: Namespace, host: Host) -> int:
    need_root()
    return services.stop(host, arguments.service)


def restart(arguments: Namespace, host: Host) -> int:
    need_root()
    return services.restart(host, arguments.service)


def logs(arguments: Namespace, host: Host) -> int:
    need_root()
    return services.logs(host, arguments.service, lines=arguments.lines, follow=arguments.follow)


def version(arguments: Namespace, host: Host) -> int:  # noqa: ARG001
    print(f"hubinstall {__version__}")
    return 0


def need_root() -> None:
    if os.geteuid() != 0:
        raise UserError("this needs root", f"sudo {' '.join(['hubinstall', *sys.argv[1:]])}")


def with_flags(host: Host, arguments: Namespace) -> str:
    """The text of config.yaml with the flags that are settings written into it; comments stay."""
    text = inputs.config_text(host)
    validate.validate(text, layout.CONFIG_FILE)
    for flag, key in FLAG_SETTINGS.items():
        if (value := getattr(arguments, flag, None)) is not None:
            text = edit.set_value(text, key, value)
    admins = validate.validate(text, layout.CONFIG_FILE).users.admin
    for admin in dict.fromkeys(a.partition(":")[0] for a in arguments.admin):
        if admin not in admins:
            text = edit.add_item(text, "users.admin", admin)
    return text


def logged(host: Host) -> Log:
    """The log of this run; every command and its output go there."""
    log = Log(layout.LOG_FILE)
    host.log = log.write
    return log
