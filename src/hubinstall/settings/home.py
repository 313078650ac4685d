"""`home`: how much people may keep in their homes."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from hubinstall.settings.section import Section
from hubinstall.settings.types import Account, Group, Quota
from hubinstall.settings.values.words import map_of_names

_MAP = map_of_names("10G")


class Home(Section):
    quota: Quota | None = Field(
        None,
        description="What one person may keep in the home, at least 10M. A number with K, M, G or T (powers of 1024),"
        " or a number of bytes. Files and folders are limited with it: one for each 16 KB, at least 10000. The homes"
        " must be on an ext4 or xfs file system with project quotas. Default: no quota.",
        examples=["10G"],
    )
    groups: Annotated[dict[Group, Quota], BeforeValidator(_MAP)] = Field(
        {},
        description="The same for the members of groups on this machine, instead of `quota`. Who is in several has the"
        " largest.",
        examples=[{"projects": "50G"}],
    )
    users: Annotated[dict[Account, Quota], BeforeValidator(_MAP)] = Field(
        {},
        description="The same for single people, instead of `quota` and whatever their groups have.",
        examples=[{"alice": "200G"}],
    )

    def limits(self) -> tuple[int | None, dict[str, int], dict[str, int]]:
        """In bytes: everybody's, the groups', and single people's."""
        return self.quota, dict(self.groups), dict(self.users)

    @property
    def has_quotas(self) -> bool:
        return bool(self.quota or self.groups or self.users)
