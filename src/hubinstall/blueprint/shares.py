"""Shared data: /srv/data, and each share with its links."""

from hubinstall import layout
from hubinstall.machine.facts import Facts
from hubinstall.resources.accounts.share import Share
from hubinstall.resources.base import Resource, id_of
from hubinstall.resources.files.file import Directory
from hubinstall.settings.model import Settings


def shares(settings: Settings, facts: Facts) -> list[Resource]:
    """The directory of all shares always exists: containers mount all of it, so that they see shares added later."""
    root = id_of(Directory, layout.SHARED_DATA)
    folder: list[Resource] = [Directory(layout.SHARED_DATA)]
    return folder + [
        Share(name, group=share.group, uid_min=facts.uid_min, uid_max=facts.uid_max, needs=(root,))
        for name, share in settings.shares.items()
    ]
