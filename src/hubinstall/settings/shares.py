"""The part of config.yaml about shared directories: who may read and write each of them, and where it is."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from hubinstall import layout
from hubinstall.settings.section import Conflict, Section
from hubinstall.settings.types import SharedPath, ShareGroup, ShareName
from hubinstall.settings.values.words import shown, type_name, wrong

_WORDS = ("read-only", "drop-box")


class GroupAccess(Section):
    group: ShareGroup = Field(description="The group on this machine whose members may write.", examples=["teachers"])


def _access_form(value: Any) -> str:
    return "<group>" if isinstance(value, dict | GroupAccess) else "<word>"


def _known_access(value: Any) -> Any:
    if value in _WORDS or isinstance(value, dict | GroupAccess):
        return value
    what = shown(value) if isinstance(value, str) else type_name(value)
    raise wrong(f"must be read-only, drop-box or {{group: NAME}}, not {what}", "try read-only or {group: teachers}")


class Share(Section):
    access: Annotated[
        Annotated[Literal["read-only", "drop-box"], Tag("<word>")] | Annotated[GroupAccess, Tag("<group>")],
        Discriminator(_access_form),
        BeforeValidator(_known_access),
    ] = Field(
        "read-only",
        description="`read-only`: only root can write. `{group: NAME}`: the members of that group can write, too."
        " `drop-box`: everyone can put files in, and nobody sees what others have put in.",
        examples=[{"group": "teachers"}, "drop-box"],
    )
    readers: ShareGroup | None = Field(
        None,
        description="The group on this machine whose members may read, besides the group that may write. Nobody else"
        " sees what is in the share, or has a link to it. Default: everyone; of a drop-box, root alone.",
        examples=["teachers"],
    )
    members: ShareGroup | None = Field(
        None,
        description="Of a drop-box: the group on this machine whose members may put files in. Nobody else but `readers`"
        " has a link to it. Default: everyone.",
        examples=["course-101"],
    )
    path: SharedPath | None = Field(
        None,
        description=f"A directory that is there already, such as a mounted file server, in place of"
        f" {layout.SHARED_DATA}/NAME, which becomes a link to it. On a file server its modes stay as they are.",
        examples=["/mnt/nfs/course-101"],
    )

    @property
    def group(self) -> str | None:
        """The group whose members may write; None if nobody may, or all (a drop-box)."""
        return self.access.group if isinstance(self.access, GroupAccess) else None

    @property
    def drop_box(self) -> bool:
        return self.access == "drop-box"

    def conflicts(self) -> list[Conflict]:
        found = []
        if self.path and self.group and self.readers not in {None, self.group}:
            what = "is not the group that may write, which needs an access list that a file server may not have"
            hint = f"try readers: {self.group}, or leaving out path"
            found.append(Conflict(("readers",), ("access", "readers", "path"), what, hint))
        if self.members and not self.drop_box:
            what = "is for a drop-box, into which people put files"
            found.append(Conflict(("members",), ("access", "members"), what, "try readers, or access: drop-box"))
        if self.drop_box and self.path:
            what = "contradicts access: drop-box, which needs modes that only a directory of its own has"
            found.append(Conflict(("path",), ("access", "path"), what, "try leaving it out"))
        return found


def _map_of_shares(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    raise wrong(f"must be a map of shares, not {type_name(value)}", "try `course-101: {access: read-only}`")


Shares = Annotated[dict[ShareName, Share], BeforeValidator(_map_of_shares)]
