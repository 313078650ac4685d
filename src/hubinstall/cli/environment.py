"""`hubinstall environment add | remove | list | undo`: packages for everybody."""

import dataclasses
import json
from argparse import Namespace
from collections.abc import Callable

from hubinstall import layout
from hubinstall.blueprint import environments as blueprint
from hubinstall.cli.session import apply_config
from hubinstall.errors import UserError
from hubinstall.installation import environments, inputs, lock
from hubinstall.installation.apply import RestoredError
from hubinstall.installation.desired_state import DesiredState, read
from hubinstall.installation.environment_listing import ListedEnvironment, listed
from hubinstall.installation.environments import Asked, Lists
from hubinstall.machine.docker import inspect_image
from hubinstall.machine.host import Host
from hubinstall.report.choose import Output
from hubinstall.report.words import say
from hubinstall.resources.docker import wheels
from hubinstall.resources.docker.layer import ImageLayer, sweep
from hubinstall.settings.environments import DEFAULT
from hubinstall.settings.values.names import parse_environment_name
from hubinstall.settings.values.words import WrongValueError

TITLES = ("ENVIRONMENT", "ON THE DISK", "ADDED", "ASKED FOR")


def add(arguments: Namespace, host: Host) -> int:
    wanted = Asked(tuple(arguments.packages), tuple(arguments.apt), tuple(arguments.r))
    if wanted == Asked():
        raise UserError("no package is named", "Such as: hubinstall environment add xgboost --apt graphviz", 2)
    environments.check(wanted)
    return change(arguments, host, lambda lists: environments.adding(lists, wanted))


def remove(arguments: Namespace, host: Host) -> int:
    return change(arguments, host, lambda lists: environments.removing(lists, arguments.packages))


def undo(arguments: Namespace, host: Host) -> int:
    """Back to the lists of before the last change; the same again takes that back."""
    name = checked(arguments.environment)

    def before(lists: Lists) -> Lists:
        if lists != (accepted := inputs.accepted_environment(host, name)):
            return accepted  # the last change was killed, or made by hand and not applied
        if (found := inputs.environment_before(host, name)) is None:
            words = f"nothing is known of the environment {name} before its last change"
            raise UserError(words, "Nothing was changed.")
        return found

    return change(arguments, host, before, resolve=False)


def change(arguments: Namespace, host: Host, make: Callable[[Lists], Lists], *, resolve: bool = True) -> int:
    """Change the lists, then apply. If anything fails, they are as they were."""
    name = checked(arguments.environment)
    if not host.exists(layout.ACCEPTED):
        raise UserError("hubinstall is not installed here", "Install it first: hubinstall apply")
    with lock.one_run(f"environment {arguments.environment_verb}") as held:
        desired = read(host)
        before = desired.facts.environments.get(name, {})
        after = make(before)
        if resolve:
            after = environments.locked(host, after, base_of(desired, name))
        if after == before == inputs.accepted_environment(host, name) and is_there(host, desired, name):
            say("nothing changed: the environment has these packages already")
            return 0
        environments.keep(host, name, after)
        lock.pass_on(held)
        try:
            apply_config(host, desired.config, Output(verbose=arguments.verbose))
        except RestoredError as error:
            inputs.forget_refused(host, name, after)
            raise refused(name, error) from error
        except BaseException:
            if read(host).facts.environments.get(name, {}) == after:
                environments.keep(host, name, before)
            raise
    sweep(host, {one.name for one in read(host).resources if isinstance(one, ImageLayer)})
    option = "" if name == DEFAULT else f" --environment {name}"
    say(f"The next start of a server has it; what runs goes on. `hubinstall environment undo`{option} goes back.")
    return 0


def refused(name: str, error: RestoredError) -> UserError:
    """What failed, and what to do, instead of which files were restored."""
    first = error.first
    why, hint = (first.message, first.hint) if isinstance(first, UserError) else (str(first), "")
    as_before = f"Everything is as before. The full output is in {layout.LOG_FILE}."
    return UserError(f"the environment {name} was not changed: {why}", "\n  ".join(filter(None, [hint, as_before])))


def checked(name: str) -> str:
    try:
        return parse_environment_name(name)
    except WrongValueError as error:
        raise UserError(error.message, f"{error.hint[:1].upper()}{error.hint[1:]}.", 2) from None


def is_there(host: Host, desired: DesiredState, name: str) -> bool:
    """Whether the image of an environment is on this machine: somebody may have removed it."""
    named = blueprint.environments(desired.settings, desired.facts, docker=()).named
    return name not in named or bool(inspect_image(host, named[name].image))


def base_of(desired: DesiredState, name: str) -> str:
    """Docker's name for the image that the environment's packages are added to."""
    return blueprint.base_images(desired.settings, desired.facts, name)[name]


def list_(arguments: Namespace, host: Host) -> int:
    found = listed(host, read(host))
    if arguments.json:
        form = {"environments": [dataclasses.asdict(one) for one in found], "downloads": wheels.size(host)}
        print(json.dumps(form, indent=1))
        return 0
    rows = [TITLES, *(row(one) for one in found)]
    widths = [max(len(cells[number]) for cells in rows) for number in range(len(TITLES))]
    for cells in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    if kept := wheels.size(host):
        print(f"{megabytes(kept)} of downloaded packages are kept for the next change, in {wheels.folder(host)}.")
    return 0


def row(one: ListedEnvironment) -> tuple[str, ...]:
    versions = {environments.key(package): version for package, version in one.versions.items()}
    python = [f"{package} ({versions.get(environments.key(package), 'in the image')})" for package in one.python]
    kinds = {"apt": one.apt, "r": one.r, "kernel": one.kernels, "app": one.apps}
    others = [f"{kind}: {package}" for kind, packages in kinds.items() for package in packages]
    others += [f"folder: {one.folder}"] if one.folder else []
    return one.name, megabytes(one.size), megabytes(one.added), ", ".join([*python, *others]) or "no packages"


def megabytes(size: int | None) -> str:
    return "not there" if size is None else f"{size / 1e6:.0f} MB"


VERBS: dict[str, Callable[[Namespace, Host], int]] = {"add": add, "remove": remove, "list": list_, "undo": undo}
