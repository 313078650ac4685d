"""What one run finds before anything changes: problems, which stop `plan` and `apply`, and warnings, which do not."""

from hubinstall.config.explain import dotted
from hubinstall.config.typed import told
from hubinstall.config.validate import Config
from hubinstall.errors import UserError
from hubinstall.installation.desired_state import DesiredState
from hubinstall.machine.host import Host
from hubinstall.preflight import checks, logins
from hubinstall.preflight import warnings as preflight_warnings
from hubinstall.preflight.checks import Problem


def refuse(host: Host, desired: DesiredState, *, may_stop_servers: bool = False) -> None:
    """Raise everything that prevents an apply in one UserError, with line and column where config.yaml is the cause.

    `may_stop_servers`: people's servers that the new settings would cut off may be stopped.
    """
    problems = checks.check(host, desired.settings, desired.facts, may_stop_servers=may_stop_servers)
    if problems:
        words = [in_words(problem, desired.config) for problem in problems]
        raise UserError("\n".join(words), code=max(problem.code for problem in problems))


def warnings(host: Host, desired: DesiredState) -> list[Problem]:
    return preflight_warnings.warnings(host, desired.settings, desired.facts)


def warnings_in_words(host: Host, desired: DesiredState) -> list[str]:
    """For `plan` and `apply`: each with its place in config.yaml if that is the cause."""
    return [in_words(warning, desired.config) for warning in warnings(host, desired)]


def lockouts_in_words(host: Host, desired: DesiredState) -> list[str]:
    """That nobody could log in afterwards, or no administrator: for `apply`, before it changes anything."""
    settings, facts = desired.settings, desired.facts
    found = logins.warnings(host, settings, *settings.users.uids(facts.uid_min))
    return [in_words(Problem(message, hint, 0, at), desired.config) for at, message, hint in found]


def warnings_as_rows(host: Host, desired: DesiredState) -> list[tuple[str, str, str, str]]:
    """For `status`: name, state, message and hint."""
    return [("settings", "warning", *_sentences(warning)) for warning in warnings(host, desired)]


def in_words(problem: Problem, config: Config) -> str:
    if problem.at:
        return told(config, problem.at, problem.message, problem.hint)
    return f"{problem.message}\n  {problem.hint}"


def _sentences(problem: Problem) -> tuple[str, str]:
    if not problem.at:
        return problem.message, problem.hint
    return f"{dotted(problem.at)}: {problem.message}", f"{problem.hint[:1].upper()}{problem.hint[1:]}."
