"""Shared data: /srv/data, each share with its links, and what keeps the groups' shares open to the groups."""

from hubinstall import layout
from hubinstall.blueprint import rooms
from hubinstall.blueprint.service_spec import Program, program
from hubinstall.blueprint.templating import render
from hubinstall.machine.facts import Facts
from hubinstall.resources.accounts.group_members import GroupMembers
from hubinstall.resources.accounts.share import Share
from hubinstall.resources.base import Resource, digest, id_of, ids
from hubinstall.resources.files.file import Directory, File
from hubinstall.settings.courses import exchange
from hubinstall.settings.model import Settings


def shares(settings: Settings, facts: Facts) -> list[Resource]:
    """The directory of all shares always exists: containers mount all of it, so that they see shares added later."""
    root = id_of(Directory, layout.SHARED_DATA)
    uid_min, uid_max = settings.users.uids(facts.uid_min)
    taught = [
        GroupMembers(teachers, (*settings.courses[name].teachers, *rooms.accounts_in(settings, teachers)))
        for name, (_, teachers) in settings.course_groups.items()
    ]
    made = [
        Share(
            name, group=share.group, readers=share.readers, drop_box=share.drop_box, members=share.members,
            path=share.path or "", uid_min=uid_min, uid_max=uid_max, needs=(root, *ids(*taught)),
        )
        for name, share in settings.all_shares.items()
    ]  # fmt: skip
    exchanges = [
        Share(exchange(name), group=teachers, members=name, linked=False, needs=(root, *ids(*taught)))
        for name, teachers in settings.graded.items()
    ]
    kept = [share for share in made if (share.group or share.drop_box) and not share.path]
    return [Directory(layout.SHARED_DATA), *taught, *made, *exchanges, *keeper(kept, facts)]


def keeper(kept: list[Share], facts: Facts) -> list[Resource]:
    """The service that lets members change what others bring into their group's share, and closes what comes into a
    drop-box. It watches none elsewhere: one on a file server that is away would hold it.
    """
    if not kept:
        return []
    script = File(
        layout.SHARES_PROGRAM, render("templates/keep-shares-open.py"), needs=(id_of(Directory, layout.GENERATED),)
    )
    launcher = render(
        "templates/launchers/hubinstall-shares.sh", program=script.name, folder=layout.SHARED_DATA,
        uid_min=facts.uid_min, shares=[described(share) for share in kept],
    )  # fmt: skip
    spec = Program(
        layout.SHARES_SERVICE, "Lets groups change what is in their shares", launcher,
        unit="systemd/hubinstall-shares.service", config=digest(script.data), values={"folder": layout.SHARED_DATA},
        needs=ids(script, *kept),
    )  # fmt: skip
    return [script, *program(spec, facts)]


def described(share: Share) -> str:
    """For the command line of keep-shares-open.py."""
    return f"{share.name}={share.readers or 'root'}=drop-box" if share.drop_box else f"{share.name}={share.group}"
