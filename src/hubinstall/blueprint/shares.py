"""Shared data: /srv/data, each share with its links, and what keeps the groups' shares open to the groups."""

from hubinstall import layout
from hubinstall.blueprint.service_spec import Program, program
from hubinstall.blueprint.templating import render
from hubinstall.machine.facts import Facts
from hubinstall.resources.accounts.share import Share
from hubinstall.resources.base import Resource, digest, id_of, ids
from hubinstall.resources.files.file import Directory, File
from hubinstall.settings.model import Settings


def shares(settings: Settings, facts: Facts) -> list[Resource]:
    """The directory of all shares always exists: containers mount all of it, so that they see shares added later."""
    root = id_of(Directory, layout.SHARED_DATA)
    uid_min, uid_max = settings.users.uids(facts.uid_min)
    made = [
        Share(name, group=share.group, uid_min=uid_min, uid_max=uid_max, needs=(root,))
        for name, share in settings.shares.items()
    ]
    return [Directory(layout.SHARED_DATA), *made, *keeper([share for share in made if share.group], facts)]


def keeper(groups: list[Share], facts: Facts) -> list[Resource]:
    """The service that lets members change what others bring into their group's share; none if no group has one."""
    if not groups:
        return []
    script = File(
        layout.SHARES_PROGRAM, render("templates/keep-shares-open.py"), needs=(id_of(Directory, layout.GENERATED),)
    )
    launcher = render(
        "templates/launchers/hubinstall-shares.sh", program=script.name, folder=layout.SHARED_DATA,
        uid_min=facts.uid_min, shares=[f"{share.name}={share.group}" for share in groups],
    )  # fmt: skip
    spec = Program(
        layout.SHARES_SERVICE, "Lets groups change what is in their shares", launcher,
        unit="systemd/hubinstall-shares.service", config=digest(script.data), values={"folder": layout.SHARED_DATA},
        needs=ids(script, *groups),
    )  # fmt: skip
    return [script, *program(spec, facts)]
