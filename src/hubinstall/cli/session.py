"""What every verb that changes something needs first: root, the log, and config.yaml with the flags."""

import json
import os
import sys
from argparse import Namespace

from hubinstall import layout
from hubinstall.blueprint import nginx, urls
from hubinstall.cli.flags import FLAG_SETTINGS, keys, name_of
from hubinstall.cli.log_entries import RUN
from hubinstall.cli.welcome import generated, welcome
from hubinstall.config import read as config_read
from hubinstall.config import typed
from hubinstall.config.validate import Config, load
from hubinstall.errors import UserError
from hubinstall.installation import inputs, lock, preflight
from hubinstall.installation.apply import apply
from hubinstall.installation.desired_state import DesiredState, read
from hubinstall.machine import way_out
from hubinstall.machine.accounts import people
from hubinstall.machine.host import Host
from hubinstall.machine.hub_report import hub_report
from hubinstall.report.choose import Output, make_report
from hubinstall.report.log import Log
from hubinstall.report.plain import Report
from hubinstall.resources.accounts import first_passwords
from hubinstall.verify.certificate import advice


def apply_config(
    host: Host,
    config: Config,
    output: Output = Output(),  # noqa: B008 - it is frozen
    *,
    given: dict[str, str] | None = None,
    yes: bool = False,
) -> int:
    """Apply the settings in `config`. `given`: account → first password; `yes`: even if that stops people's servers."""
    desired, first = read(host, config, online=True), not host.exists(layout.ACCEPTED)
    with lock.one_run("apply"), logged(host) as log, make_report(log, output) as report:
        host.say = report.aside
        if output.verbose:
            host.watch = report.output
        try:
            outcome = apply(host, desired, report, given, may_stop_servers=yes)
        except UserError as error:
            if output.json:
                report.say(json.dumps(report.data(error), indent=2))
            raise
        about_certificate = advice(host, desired.settings, desired.resources)
        warnings = preflight.warnings_in_words(host, desired)
        for words in [*warnings, *nginx.advice(desired.settings, desired.facts), *about_certificate]:
            host.notice(words)
        report.summary(outcome, host.notices)
        _say_the_end(host, desired, report, output, first=first)
    return 0


def _say_the_end(host: Host, desired: DesiredState, report: Report, output: Output, *, first: bool) -> None:
    """Where the hub is and who can log in; passwords that were made up are shown now or never."""
    settings, facts = desired.settings, desired.facts
    passwords = first_passwords.to_print_once(host)
    if output.json:
        about = {"urls": urls.urls(settings, facts), "admins": list(settings.users.admin), "passwords": passwords}
        report.say(json.dumps(report.data(None, **about), indent=2))
    elif not output.quiet:
        names = [person.name for person in people(host, *settings.users.uids(facts.uid_min))]
        sign_on = hub_report(host).sign_on
        report.say(welcome(settings, facts, names, passwords, sign_on=sign_on, first=first))
    elif passwords:
        report.say("\n".join(generated(passwords)))


def need_root() -> None:
    if os.geteuid() != 0:
        raise UserError("this needs root", f"Run: sudo {' '.join(['hubinstall', *sys.argv[1:]])}")


def with_flags(host: Host, arguments: Namespace) -> Config:
    """config.yaml with the settings of the flags; comments are kept."""
    config = load(inputs.config_text(host))
    given = [(flag, key, getattr(arguments, flag, None)) for flag, key in FLAG_SETTINGS.items()]
    edits = [typed.setting(name_of(flag), key, value) for flag, key, value in given if value is not None]
    admins = dict.fromkeys(a.partition(":")[0] for a in arguments.admin)
    edits += [] if host.exists(layout.ACCEPTED) else from_shell(host, config, arguments)
    edits += [typed.adding("--admin", "users.admin", a) for a in admins if a not in config.settings.users.admin]
    return typed.edited(config.document, edits) if edits else config


def from_shell(host: Host, config: Config, arguments: Namespace) -> list[typed.Edit]:
    """The way to the internet in the shell of the first run is kept: later runs and timers have other shells."""
    given, network = keys(arguments), config.settings.network
    proxied = bool(network.proxy or given.get("network.proxy"))
    found = way_out.meant(os.environ, proxied=proxied)
    news = {key: named for key, named in found.items() if key not in given and not config_read.is_set(config, key)}
    for key, (variable, _) in news.items():
        host.notice(f"config.yaml says {key} from now on: it was taken from {variable} in this shell")
    return [typed.variable(variable, key, value) for key, (variable, value) in news.items()]


def logged(host: Host) -> Log:
    """The log of this run, with every command and its output."""
    log = Log(layout.LOG_FILE)
    # Only the verb: a flag may contain a password.
    log.write(RUN + " ".join(["hubinstall", *[word for word in sys.argv[1:2] if not word.startswith("-")]]))
    host.log = log.write
    return log
