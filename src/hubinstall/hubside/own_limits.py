"""The limits of config.yaml at each start of a person's server, and at each new server with a name.

They are found when a server starts, by whose it is: not by who starts it, nor by the options of the start. So the form,
the API and an administrator's start give the same, and a new member of a group needs no restart of the hub.
"""

from typing import Any

from tornado.web import HTTPError
from traitlets import default

from hubinstall.hubside.accounts import Account
from hubinstall.hubside.limits import ServerLimits
from hubinstall.hubside.profile_starts import ProfileStarts
from hubinstall.hubside.settings import HubSettings

NO_NAMES = -1
"""For the hub's pages. To JupyterHub, 0 means any number."""


class OwnLimits(ProfileStarts):
    """The part of a spawner that is about limits."""

    def own_limits(self, account: Account | None = None) -> ServerLimits:
        """Those of the server's owner. `account`: the owner's, if the caller has it."""
        settings: HubSettings = self.hub_settings
        if not (settings.other_limits.groups or settings.other_limits.users):
            return settings.limits
        owner = account or Account.find(self.user.name)
        return settings.other_limits.of(owner, settings.limits) if owner else settings.limits

    @default("mem_limit")  # type: ignore[untyped-decorator]  # traitlets has no types
    def _mem_limit_default(self) -> int | None:
        return self.gives.limits(self.own_limits()).memory

    @default("cpu_limit")  # type: ignore[untyped-decorator]
    def _cpu_limit_default(self) -> float | None:
        return self.gives.limits(self.own_limits()).cpu

    async def _run_apply_user_options(self, user_options: dict[str, Any]) -> None:
        """JupyterHub's step before each start (jupyterhub.user): forget what an earlier start has found, unless a
        drop-in sets it. What a drop-in's hooks say comes later, and counts.
        """
        for trait in ("mem_limit", "cpu_limit"):
            if not any(trait in self.config.get(section, {}) for section in self.section_names()):
                self._trait_values.pop(trait, None)
        await super()._run_apply_user_options(user_options)


def named_servers(handler: Any) -> int:
    """For JupyterHub's pages (`named_server_limit_per_user`): how many the visitor may have."""
    spawner = getattr(handler.current_user, "spawner", None)
    return (spawner.own_limits().servers or NO_NAMES) if isinstance(spawner, OwnLimits) else NO_NAMES


def check_named(user: Any, name: str) -> None:
    """Raise HTTPError 403 if this person would have one server with a name too many, no matter who asks for it."""
    if name in user.orm_spawners or not isinstance(user.spawner, OwnLimits):
        return
    most = user.spawner.own_limits().servers or 0
    if len(set(user.orm_spawners) - {""}) < most:
        return
    if not most:
        raise HTTPError(403, f"{user.name} can have no servers with names here: limits.servers in config.yaml.")
    raise HTTPError(
        403, f"{user.name} has {most} server{'' if most == 1 else 's'} with names already, and can have no more here. "
        "Delete one before.",
    )  # fmt: skip
