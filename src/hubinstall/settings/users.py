"""`users`: who may use the hub, and who its administrators are."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from hubinstall import layout
from hubinstall.settings.section import Conflict, Section, repeats
from hubinstall.settings.types import Accounts, Group, Groups, Uid
from hubinstall.settings.values import passwords
from hubinstall.settings.values.words import type_name, wrong

_ONCE = "try deleting one of them"


def _map(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    raise wrong(f"must be a map of groups, not {type_name(value)}", "try `course-101: [alice]`")


Teachers = Annotated[dict[Group, Accounts], BeforeValidator(_map)]
"""A group of the machine → who teaches it."""


class PasswordRules(Section):
    min_length: Annotated[int, Field(ge=1, le=passwords.LONGEST, title="whole number")] = Field(
        passwords.LEAST,
        description="The least number of characters of a new password. The most common passwords, runs such as"
        " 12345678 and the account's own name are refused, too. Passwords that are set already are not checked, nor"
        " those that the machine's own commands set.",
        examples=[12],
    )


class Users(Section):
    admin: Accounts = Field(
        (),
        description="The administrators of the hub. Accounts that do not exist yet are created. People who are removed"
        " from the list lose the right.",
        examples=[["alice"]],
    )
    admin_groups: Groups = Field(
        (),
        description="Groups of this machine, of any source, whose members are administrators, too. Who leaves the group"
        " loses the right within a minute.",
        examples=[["sudo"]],
    )
    admin_access: bool = Field(
        False,
        description="Whether the administrators may open other people's servers, with all rights over the files there."
        " They may start and stop them in any case.",
        examples=[True],
    )
    allowed: Accounts = Field(
        (),
        description="Who may log in besides the administrators, if `allow_all` is false.",
        examples=[["bob", "carol"]],
    )
    allowed_groups: Groups = Field(
        (),
        description="Groups of this machine whose members may log in, if `allow_all` is false. For who leaves the group"
        " it ends within a minute, with sessions, tokens and servers.",
        examples=[["course-101"]],
    )
    allow_all: bool | None = Field(
        None,
        description="Whether every person with an account on this machine may log in (never root or a system account)."
        " Default: yes with `auth.type: pam`. With `auth.type: oidc`: whether everyone may whom the provider signs on;"
        " default: no.",
        examples=[False],
    )
    banned: Accounts = Field(
        (), description="Who may not log in, whatever the other lists say.", examples=[["mallory"]]
    )
    banned_groups: Groups = Field(
        (),
        description="Groups of this machine, of any source, whose members may not log in, whatever the other lists say."
        " For who comes into the group it ends within a minute, with sessions, tokens and servers.",
        examples=[["suspended"]],
    )
    shell: bool = Field(
        False,
        description="Whether the accounts that are created for `admin` and by `hubinstall user add NAME` have a shell"
        " on this machine itself and may log in by ssh, outside of their container and its limits. Accounts that were"
        " there before, and those with sudo, are never changed.",
        examples=[True],
    )
    password: PasswordRules = Field(
        default_factory=PasswordRules, description="What the password of a new account needs, and a new password."
    )
    uid_min: Uid | None = Field(
        None,
        description="The least user ID of a person's account; accounts below it are the system's and never log in."
        " Default: UID_MIN in /etc/login.defs, usually 1000.",
        examples=[500],
    )
    uid_max: Uid = Field(
        layout.MOST_UID,
        description="The largest user ID of a person's account. The default includes the large ones of directory"
        " services. 60514 to 65535 are never people's (dynamic service accounts, nobody).",
        examples=[60000],
    )

    def uids(self, least: int) -> tuple[int, int]:
        """The least and the largest user ID of people; `least`: the machine's own."""
        return self.uid_min or least, self.uid_max

    @property
    def everyone(self) -> bool:
        """Whether every person with an account on the machine may log in. (With PAM, absent means yes.)"""
        return self.allow_all is not False

    def conflicts(self) -> list[Conflict]:
        found = [
            Conflict(at=(key, index), about=(key,), message=f"{name} is in the list twice", hint=_ONCE)
            for key in ("admin", "admin_groups", "allowed", "allowed_groups", "banned", "banned_groups")
            for index, name in repeats(getattr(self, key))
        ]
        found += [
            Conflict(
                at=("banned", index),
                about=("admin", "banned"),
                message=f"{name} is also an administrator",
                hint="try removing the name from one of the lists",
            )
            for index, name in enumerate(self.banned)
            if name in self.admin
        ]
        found += [
            Conflict(
                at=("banned_groups", index),
                about=("admin_groups", "banned_groups"),
                message=f"{name} is also a group of administrators",
                hint="try removing the group from one of the lists",
            )
            for index, name in enumerate(self.banned_groups)
            if name in self.admin_groups
        ]
        if (self.uid_min or 1) > self.uid_max:
            found.append(
                Conflict(
                    at=("uid_min",),
                    about=("uid_min", "uid_max"),
                    message="is larger than users.uid_max",
                    hint="try 1000, or a larger users.uid_max",
                )
            )
        return found


def without_effect(users: Users) -> list[Conflict]:
    """Lists that let nobody in who would not be let in anyway, where everyone with an account of this machine is."""
    return [
        Conflict(
            at=("users", key),
            about=("auth", "users"),
            message="has no effect while everyone with an account may log in",
            hint="try users.allow_all: false (only the people listed) or true (everyone)",
        )
        for key in ("allowed", "allowed_groups")
        if getattr(users, key) and users.allow_all is None
    ]


def teacher_conflicts(lists: Mapping[tuple[str, ...], tuple[str, ...]], users: Users) -> list[Conflict]:
    """What config.yaml says twice, or against itself, about who teaches. `lists`: key → names."""
    found = []
    for at, names in lists.items():
        about = (at[0], "users")
        found += [Conflict((*at, i), about, f"{n} is in the list twice", _ONCE) for i, n in repeats(names)]
        found += [
            Conflict((*at, index), about, f"{name} is banned", "try removing the name from users.banned")
            for index, name in enumerate(names)
            if name in users.banned
        ]
    return found
