"""`auth.lti`: what is set of a learning platform whose courses lead to the hub, by LTI 1.3."""

from urllib.parse import urlsplit

from pydantic import Field

from hubinstall.settings.section import Conflict, Section, repeats
from hubinstall.settings.types import Claim, ClientId, Endpoint, Issuer, LtiRoles, Title

_NEEDED = ("issuer", "client_id", "authorize_url", "jwks_endpoint")


class Lti(Section):
    issuer: Issuer | None = Field(
        None,
        description="The platform's ID (issuer), exactly as it calls itself. `https://`, or `http://` on this machine.",
        examples=["https://moodle.example.org"],
    )
    client_id: ClientId | None = Field(
        None,
        description="The ID that the platform gave to this hub as a tool.",
        examples=["kvKd1Vn0QbqpFXh"],
    )
    authorize_url: Endpoint | None = Field(
        None,
        description="Where the platform answers an authentication request.",
        examples=["https://moodle.example.org/mod/lti/auth.php"],
    )
    jwks_endpoint: Endpoint | None = Field(
        None,
        description="Where the platform shows the keys with which it signs (public keyset). The hub asks there.",
        examples=["https://moodle.example.org/mod/lti/certs.php"],
    )
    username_key: Claim = Field(
        "email",
        description="The claim with a person's name, or *custom_* and the name of one of the tool's custom parameters."
        " Without that claim: the person's ID there (sub).",
        examples=["custom_login"],
    )
    admin_roles: LtiRoles = Field(
        (),
        description="Roles of the platform whose holders are administrators of the hub for an hour after a launch, and"
        " may log in. A word is a role in a course, such as Instructor: in any course that leads to the hub.",
        examples=[["http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"]],
    )
    allowed_roles: LtiRoles = Field(
        (),
        description="Roles of the platform whose holders may log in. A word is a role in a course.",
        examples=[["Learner", "Instructor"]],
    )
    title: Title | None = Field(
        None,
        description="What pages call the platform. Default: the name of its host.",
        examples=["Example University's Moodle"],
    )

    @property
    def called(self) -> str:
        """The platform, for people."""
        return self.title or urlsplit(self.issuer or "").hostname or ""

    @property
    def is_far(self) -> bool:
        """Whether the hub must reach another machine for the platform's keys."""
        return not (self.jwks_endpoint or "").startswith("http://")  # which is on this machine

    @property
    def missing(self) -> list[str]:
        """What it cannot do without."""
        return [f"auth.lti.{key}" for key in _NEEDED if getattr(self, key) is None]

    def conflicts(self) -> list[Conflict]:
        return [
            Conflict((key, index), (key,), f"{name} is in the list twice", "try deleting one of them")
            for key in ("admin_roles", "allowed_roles")
            for index, name in repeats(getattr(self, key))
        ]
