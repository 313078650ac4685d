"""How people log in: `auth` in config.yaml."""

from typing import Literal

from pydantic import Field

from hubinstall.settings.section import Conflict, Section, repeats
from hubinstall.settings.types import Claim, ClientId, FilePath, GroupsElsewhere, Issuer, Scopes, Title

_NEEDED = ("issuer", "client_id", "client_secret_file")


class Oidc(Section):
    issuer: Issuer | None = Field(
        None,
        description="The URL of the provider, exactly as it calls itself: what stands before"
        " `/.well-known/openid-configuration`. `https://`, or `http://` on this machine.",
        examples=["https://login.example.org/realms/site"],
    )
    client_id: ClientId | None = Field(
        None, description="The ID that the provider gave to this hub.", examples=["jupyterhub"]
    )
    client_secret_file: FilePath | None = Field(
        None,
        description="A file with the secret that the provider gave to this hub, on one line; root's, with mode 0600. It"
        " is copied to where only the hub reads it.",
        examples=["/etc/jupyterhub-secret"],
    )
    username_claim: Claim | None = Field(
        None,
        description="The claim with a person's name. Default: `preferred_username`, else `email` (unless the provider"
        " says that it is not verified), else the person's ID there (sub).",
        examples=["email"],
    )
    groups_claim: Claim = Field(
        "groups",
        description="The claim with a person's groups; dots lead into claims within claims.",
        examples=["realm_access.roles"],
    )
    admin_groups: GroupsElsewhere = Field(
        (),
        description="Groups of the provider whose members are administrators of the hub, and may log in. Who leaves the"
        " group loses the right within a minute.",
        examples=[["hub-admins"]],
    )
    allowed_groups: GroupsElsewhere = Field(
        (), description="Groups of the provider whose members may log in.", examples=[["students", "staff"]]
    )
    scope: Scopes = Field(
        ("openid", "profile", "email"),
        description="What the provider is asked for. Some tell groups only if a scope such as `groups` is asked for.",
        examples=[["openid", "profile", "email", "groups"]],
    )
    title: Title | None = Field(
        None,
        description="What the button of the login page says behind *Sign in with*. Default: the provider's host name.",
        examples=["Example University"],
    )

    def conflicts(self) -> list[Conflict]:
        found = [
            Conflict((key, index), (key,), f"{name} is in the list twice", "try deleting one of them")
            for key in ("admin_groups", "allowed_groups", "scope")
            for index, name in repeats(getattr(self, key))
        ]
        if "openid" not in self.scope:
            hint = "try [openid, profile, email]"
            found.append(Conflict(("scope",), ("scope",), "lacks openid", hint))
        return found


class Auth(Section):
    type: Literal["pam", "oidc"] = Field(
        "pam",
        description="How people log in. `pam`: with the password of their account on this machine. `oidc`: at an OpenID"
        " Connect provider, such as Keycloak, Entra ID or a university's; see `auth.oidc`.",
        examples=["oidc"],
    )
    oidc: Oidc = Field(default_factory=Oidc, description="The OpenID Connect provider, for `type: oidc`.")

    def conflicts(self) -> list[Conflict]:
        missing = [f"auth.oidc.{key}" for key in _NEEDED if getattr(self.oidc, key) is None]
        if self.type != "oidc" or not missing:
            return []
        words, hint = f"also needs {' and '.join(missing)}", f"try setting {' and '.join(missing[:2])}"
        return [Conflict(("type",), ("type", "oidc"), words, hint)]

    @property
    def from_elsewhere(self) -> bool:
        """Whether somebody else than this machine says who a person is."""
        return self.type != "pam"

    @property
    def is_far(self) -> bool:
        """Whether the hub must reach another machine for it."""
        return self.from_elsewhere and not (self.oidc.issuer or "").startswith("http://")  # which is on this machine

    @property
    def secret_file(self) -> str:
        """The file with the secret that is shared with the provider; empty if there is none."""
        return (self.oidc.client_secret_file or "") if self.type == "oidc" else ""

    def conflicts_with(self, *, listed: bool) -> list[Conflict]:
        """Where a provider says who there is, never everyone may log in without being asked for it. `listed`: `users`
        says who may.
        """
        if self.type == "oidc" and not (listed or self.oidc.admin_groups or self.oidc.allowed_groups):
            hint = (
                "try users.admin or users.allowed with names, auth.oidc.allowed_groups, or users.allow_all: true for"
                " everyone whom the provider lets in"
            )
            return [Conflict(("auth", "type"), ("auth", "users"), "nobody could log in", hint)]
        return []
