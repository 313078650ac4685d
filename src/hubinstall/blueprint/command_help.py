"""What other programs show about the command: its page of the manual, and the completions of shells."""

import os

from hubinstall import layout
from hubinstall.blueprint.templating import DATA
from hubinstall.resources.base import Resource, id_of
from hubinstall.resources.files.file import Directory, File

SOURCES = {
    layout.MAN_PAGE: "hubinstall.8",
    layout.BASH_COMPLETION: "hubinstall.bash",
    layout.ZSH_COMPLETION: "hubinstall.zsh",
    layout.FISH_COMPLETION: "hubinstall.fish",
}
"""Path → file in templates/command, all of them generated from the command's parser (`make docs`)."""


def command_help() -> list[Resource]:
    """The files, and the directories that a machine may lack; those that exist are left as they are."""
    made: list[Resource] = []
    for path, name in SOURCES.items():
        folder = os.path.dirname(path)
        above = os.path.dirname(folder)
        made += [
            Directory(above, shared=True),
            Directory(folder, shared=True, needs=(id_of(Directory, above),)),
            File(path, (DATA / "templates/command" / name).read_bytes(), needs=(id_of(Directory, folder),)),
        ]
    return made
