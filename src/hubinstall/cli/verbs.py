"""What each verb of the command does: one function per verb, with its name, that returns the exit code."""

from argparse import Namespace
from dataclasses import replace

from hubinstall import __version__, layout
from hubinstall.blueprint.packages import NGINX_PACKAGES
from hubinstall.cli import password_flags, services
from hubinstall.cli.session import apply_config, logged, need_root, with_flags
from hubinstall.cli.welcome import farewell
from hubinstall.errors import UserError
from hubinstall.installation import lock, preflight
from hubinstall.installation.desired_state import differences, read
from hubinstall.installation.uninstall import uninstall as uninstall_all
from hubinstall.machine.accounts import find
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers.choice import installed
from hubinstall.report.choose import Output, make_report
from hubinstall.report.plan import print_plan
from hubinstall.report.progress_page import ProgressPage
from hubinstall.report.status import print_status
from hubinstall.resources.base import id_of
from hubinstall.resources.services.service import Service

STARTS_NGINX = (NGINX_PACKAGES, id_of(Service, layout.NGINX_SERVICE))
"""The steps after which nginx may have port 80: the distribution's package starts it by itself."""


def plan(arguments: Namespace, host: Host) -> int:
    """Show everything that apply would change, or what it would refuse; with --check, return 3 if there is anything."""
    need_root()
    desired = read(host, with_flags(host, arguments), online=True)
    preflight.refuse(host, desired, may_stop_servers=arguments.yes)
    changes = differences(host, desired)
    print_plan(changes, host, preflight.warnings_in_words(host, desired), as_json=arguments.json)
    return 3 if arguments.check and changes else 0


def apply(arguments: Namespace, host: Host) -> int:
    need_root()
    given = password_flags.from_flags(arguments.admin, arguments.admin_password_file)
    output = Output(
        plain=arguments.plain, verbose=arguments.verbose, quiet=arguments.quiet, json=arguments.json,
        page=ProgressPage(STARTS_NGINX) if arguments.progress_page else None,
    )  # fmt: skip
    config = with_flags(host, arguments)
    password_flags.refuse_weak(given, find(host, given), config.settings.users.password.min_length)
    return apply_config(host, config, output, given=given, yes=arguments.yes)


def status(arguments: Namespace, host: Host) -> int:
    from hubinstall.verify.health import Check, health  # noqa: PLC0415 - only here, and slow to import

    need_root()
    desired = read(host)
    changes = differences(host, desired)
    found = health(host, desired.settings, desired.facts, resources=desired.resources, pending=len(changes))
    found = replace(found, checks=(*found.checks, *(Check(*row) for row in preflight.warnings_as_rows(host, desired))))
    print_status(found, as_json=arguments.json)
    return 3 if found.state == "failed" or (arguments.check and changes) else 0


def verify(arguments: Namespace, host: Host) -> int:
    from hubinstall.verify.probe import verify as log_in_and_run_a_cell  # noqa: PLC0415 - only here, and slow to import

    need_root()
    desired = read(host)
    with lock.one_run("verify"), logged(host) as log, make_report(log) as report:
        log_in_and_run_a_cell(host, desired.settings, desired.facts, report, follow=arguments.sign_on)
    return 0


def import_tljh(arguments: Namespace, host: Host) -> int:
    from hubinstall.cli.import_tljh import import_tljh as print_ours  # noqa: PLC0415 - only here

    return print_ours(host, arguments.file, arguments.output)


def uninstall(arguments: Namespace, host: Host) -> int:
    need_root()
    if not arguments.yes:
        raise UserError(
            "this removes JupyterHub from this machine and stops people's servers; homes and shared data stay",
            "If you want that, run: hubinstall uninstall --yes",
            code=2,
        )
    with lock.one_run("uninstall"), logged(host) as log, make_report(log, Output(verbose=arguments.verbose)) as report:
        manager = installed(host)
        outcome = uninstall_all(host, report)
        report.summary(outcome, host.notices)
        report.say(farewell(services.stopped(host) if manager.ours else []))
    return 0


def user(arguments: Namespace, host: Host) -> int:
    from hubinstall.cli import user as cli_user  # noqa: PLC0415 - only here, and slow to import

    need_root()
    return cli_user.VERBS[arguments.user_verb](arguments, host)


def environment(arguments: Namespace, host: Host) -> int:
    from hubinstall.cli import environment as cli_environment  # noqa: PLC0415 - only here

    need_root()
    return cli_environment.VERBS[arguments.environment_verb](arguments, host)


def course(arguments: Namespace, host: Host) -> int:
    from hubinstall.cli import course as cli_course  # noqa: PLC0415 - only here, and slow to import

    need_root()
    return cli_course.VERBS[arguments.course_verb](arguments, host)


def certificate(arguments: Namespace, host: Host) -> int:
    from hubinstall.cli import certificate as cli_certificate  # noqa: PLC0415 - only here, and slow to import

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
    return services.restart(host, arguments.service, hard=arguments.hard)


def logs(arguments: Namespace, host: Host) -> int:
    from hubinstall.cli import logs as cli_logs  # noqa: PLC0415 - only here

    need_root()
    return cli_logs.logs(
        host, arguments.service, lines=arguments.lines, follow=arguments.follow, since=arguments.since,
        person=arguments.person,
    )  # fmt: skip


def announce(arguments: Namespace, host: Host) -> int:
    from hubinstall.cli import announce as cli_announce  # noqa: PLC0415 - only here, and slow to import

    need_root()
    return cli_announce.announce(host, " ".join(arguments.text), until=arguments.until, clear=arguments.clear)


def top(arguments: Namespace, host: Host) -> int:
    from hubinstall.cli import top as cli_top  # noqa: PLC0415 - only here, and slow to import

    need_root()
    if arguments.since or arguments.history:
        return cli_top.history(host, arguments.since or cli_top.ALL, as_json=arguments.json)
    return cli_top.top(host, as_json=arguments.json)


def bundle(arguments: Namespace, host: Host) -> int:
    from hubinstall.cli import bundle as cli_bundle  # noqa: PLC0415 - only here

    need_root()
    return cli_bundle.bundle(host, arguments.file)


def version(arguments: Namespace, host: Host) -> int:  # noqa: ARG001
    print(f"hubinstall {__version__}")
    return 0
