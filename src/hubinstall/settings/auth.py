"""How people log in: `auth` in config.yaml."""

import difflib
import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from hubinstall.settings.lti import Lti
from hubinstall.settings.section import Conflict, Section, repeats
from hubinstall.settings.sign_on_classes import COMMON, OWN, PATHS
from hubinstall.settings.sign_on_forms import Ldap, SharedPassword
from hubinstall.settings.types import Claim, ClientId, FilePath, GroupsElsewhere, Issuer, Requirements, Scopes, Title
from hubinstall.settings.values.files import parse_file_path
from hubinstall.settings.values.sign_on import LOOPBACK
from hubinstall.settings.values.words import WrongValueError, not_among, type_name, wrong

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


FORMS = ("ldap", "shared-password", "dummy")
"""The sign-ons that have the hub's own form, besides PAM."""
TYPES = ("pam", "oidc", "lti", *FORMS, *PATHS)
NEEDS = {"mediawiki": ("mwoauth>=0.4,<1",)}
"""Type → packages that are locked and installed beside the hub, as those of `packages` are."""
SECRET_FILE = "client_secret_file"  # noqa: S105 - the name of a key
ADMIN_PASSWORD = "admin_password_file"  # noqa: S105 - the same
_LISTS = {
    "admin_users": "users.admin", "allowed_users": "users.allowed", "blocked_users": "users.banned",
    "allow_all": "users.allow_all",
}  # fmt: skip
"""Options of all classes of JupyterHub's → the key that does it here."""
UNKNOWN = "unknown key"
_IS_OF = {"text": str, "true or false": bool, "a number": int | float, "a list": list | tuple, "a map": dict}


IMPORT_PATH = r"[A-Za-z_][A-Za-z0-9_]{0,60}(\.[A-Za-z_][A-Za-z0-9_]{0,60}){0,9}[.:][A-Za-z_][A-Za-z0-9_]{0,60}"
_KINDS = {path: kind for kind, path in PATHS.items()} | {
    "jupyterhub.auth.PAMAuthenticator": "pam", "jupyterhub.auth.DummyAuthenticator": "dummy",
}  # fmt: skip


def _known_type(value: Any) -> Any:
    """One of ours, or the path of a class, with dots."""
    if value in TYPES:
        return value
    if isinstance(value, str) and re.fullmatch(IMPORT_PATH, value):
        path = value.replace(":", ".")
        return _KINDS.get(path, path)
    raise wrong(*not_among(value, TYPES))


def _options(value: Any) -> Any:
    if isinstance(value, dict):
        return value
    raise wrong(f"must be a map of options, not {type_name(value)}", "try `{client_id: ID}`")


_CHOICES = [
    {"type": "string", "enum": list(TYPES)},
    {"type": "string", "title": "import path of a class", "pattern": f"^{IMPORT_PATH}$"},
]
Type = Annotated[str, BeforeValidator(_known_type), WithJsonSchema({"anyOf": _CHOICES})]
Options = Annotated[dict[str, Any], BeforeValidator(_options)]


def _of(kind: str, name: str, sample: dict[str, Any]) -> Any:
    about = f"The options of oauthenticator's {name}, for `type: {kind}`, with the secret in `{SECRET_FILE}`."
    return Field({}, description=about, examples=[{"client_id": "ID", SECRET_FILE: "/etc/jupyterhub-secret", **sample}])


def _own_class_in_schema(schema: dict[str, Any]) -> None:
    about = "The options of the class of `auth.type`."
    schema["patternProperties"] = {"^[A-Za-z_][A-Za-z0-9_]*$": {"type": "object", "description": about}}
    schema["additionalProperties"] = False


class Auth(Section):
    # A class that `type` imports has its options under its name; `conflicts` refuses every other unknown key.
    model_config = ConfigDict(extra="allow", json_schema_extra=_own_class_in_schema)

    type: Type = Field(
        "pam",
        description="How people log in. `pam`: with the password of their account on this machine. `oidc`: at an"
        " OpenID Connect provider, such as Keycloak, Entra ID or a university's; see `auth.oidc`. `ldap`: with the"
        " password of a directory; see `auth.ldap`. `shared-password`: with one password for all, for a workshop; see"
        " `auth.shared_password`. `dummy`: with any name and any password, for tests. `lti`: from a course of a"
        " learning platform, such as Moodle; see `auth.lti`. A service such as `github` or `mediawiki`: there, with the"
        " options of its class. `package.module.Class`: by a class of JupyterHub's kind in `auth.packages`, with its"
        " options under `auth.Class`.",
        examples=["oidc"],
    )
    packages: Requirements = Field(
        (),
        description="Python packages for a class of your own: names with versions, or paths of wheels. They are locked"
        " with their hashes when they are added, and installed beside the hub.",
        examples=[["jupyterhub-nativeauthenticator==1.3.0"]],
    )
    oidc: Oidc = Field(default_factory=Oidc, description="The OpenID Connect provider, for `type: oidc`.")
    ldap: Ldap = Field(default_factory=Ldap, description="The LDAP directory, for `type: ldap`.")
    shared_password: SharedPassword = Field(
        default_factory=SharedPassword, description="The password of a workshop, for `type: shared-password`."
    )
    lti: Lti = Field(default_factory=Lti, description="The learning platform (LTI 1.3), for `type: lti`.")
    # The names of the classes, as in config.yaml of The Littlest JupyterHub.
    GitHubOAuthenticator: Options = _of("github", "GitHubOAuthenticator", {"allowed_organizations": ["example"]})
    GitLabOAuthenticator: Options = _of("gitlab", "GitLabOAuthenticator", {"gitlab_url": "https://gitlab.example.org"})
    GoogleOAuthenticator: Options = _of("google", "GoogleOAuthenticator", {"hosted_domain": ["example.org"]})
    BitbucketOAuthenticator: Options = _of("bitbucket", "BitbucketOAuthenticator", {"allowed_teams": ["example"]})
    OpenShiftOAuthenticator: Options = _of(
        "openshift", "OpenShiftOAuthenticator", {"openshift_url": "https://api.example.org:6443"}
    )
    Auth0OAuthenticator: Options = _of("auth0", "Auth0OAuthenticator", {"auth0_domain": "example.auth0.com"})
    CILogonOAuthenticator: Options = _of(
        "cilogon", "CILogonOAuthenticator",
        {"allowed_idps": {"https://idp.example.org/shibboleth": {"username_derivation": {"username_claim": "email"}}}},
    )  # fmt: skip
    AzureAdOAuthenticator: Options = _of("azuread", "AzureAdOAuthenticator", {"tenant_id": "ID"})
    GlobusOAuthenticator: Options = _of("globus", "GlobusOAuthenticator", {"allowed_globus_groups": ["ID"]})
    MWOAuthenticator: Options = _of(
        "mediawiki", "MWOAuthenticator", {"mw_index_url": "https://wiki.example.org/w/index.php"}
    )

    def conflicts(self) -> list[Conflict]:
        found = [one for name, own in OWN.items() for one in _wrong_options(name, own, getattr(self, name))]
        found += self._strangers()
        found += [] if found else self._missing()
        return found

    def _strangers(self) -> list[Conflict]:
        """Keys that are not ours, but for the options of the class that `type` imports."""
        near = f"did you mean auth.{self.own_class}?"
        found = [
            Conflict((key,), (), UNKNOWN, near if difflib.get_close_matches(key, [self.own_class], cutoff=0.65) else "")
            for key in self.model_extra or {}
            if key != self.own_class
        ]
        options = (self.model_extra or {}).get(self.own_class, {})
        if not isinstance(options, dict):
            hint = "try `{option: value}`"
            found.append(Conflict((self.own_class,), (), f"must be a map of options, not {type_name(options)}", hint))
        return found

    @property
    def own_class(self) -> str:
        """The name of a class that is not ours to know; empty if `type` is one of ours."""
        return "" if self.type in TYPES else self.type.rpartition(".")[2]

    def _missing(self) -> list[Conflict]:
        """What the chosen sign-on cannot do without."""
        if self.type == "oidc":
            at, missing = "oidc", [f"auth.oidc.{key}" for key in _NEEDED if getattr(self.oidc, key) is None]
        elif self.type == "ldap":
            at, missing = "ldap", self.ldap.missing
        elif self.type == "lti":
            at, missing = "lti", self.lti.missing
        elif self.type == "shared-password":
            at, missing = "shared_password", self.shared_password.missing
        else:
            at = self.class_name
            needed = ("client_id", SECRET_FILE) if self.type in PATHS else ()
            missing = [f"auth.{at}.{key}" for key in needed if not self.options.get(key)]
        if not missing:
            return []
        words, hint = f"also needs {' and '.join(missing)}", f"try setting {' and '.join(missing[:2])}"
        return [Conflict(("type",), ("type", at), words, hint)]

    @property
    def class_name(self) -> str:
        """Of the class with options under its own name; empty if there is none."""
        return PATHS[self.type].rpartition(".")[2] if self.type in PATHS else self.own_class

    @property
    def class_path(self) -> str:
        """Where the hub imports that class; empty if it is ours."""
        return PATHS.get(self.type, self.type if self.own_class else "")

    @property
    def all_packages(self) -> tuple[str, ...]:
        """Those of config.yaml, and what the hub's own list has not because few need it."""
        return (*self.packages, *NEEDS.get(self.type, ()))

    @property
    def redirects(self) -> bool:
        """Whether the hub sends people to somebody else's page."""
        return self.type in {"oidc", "lti"} or self.type in PATHS

    @property
    def options(self) -> dict[str, Any]:
        """Those of that class."""
        if self.own_class:
            return dict((self.model_extra or {}).get(self.own_class) or {})
        found: dict[str, Any] = getattr(self, self.class_name) if self.class_name else {}
        return found

    @property
    def from_elsewhere(self) -> bool:
        """Whether somebody else than this machine says who a person is."""
        return self.type != "pam"

    @property
    def has_form(self) -> bool:
        """Whether the hub itself asks for a name and a password, which are not this machine's."""
        return self.type in FORMS

    @property
    def is_far(self) -> bool:
        """Whether the hub must reach another machine for it."""
        if self.type == "ldap":
            return self.ldap.host not in LOOPBACK
        if self.type == "lti":
            return self.lti.is_far
        here = self.type == "oidc" and (self.oidc.issuer or "").startswith("http://")  # which is on this machine
        return self.from_elsewhere and not self.has_form and not here

    @property
    def secret_files(self) -> dict[tuple[str, ...], str]:
        """Key → the file with a secret that only the hub may read, of the chosen sign-on."""
        files: dict[tuple[str, ...], str | None] = {}
        if self.type == "ldap":
            files["auth", "ldap", "bind_password_file"] = self.ldap.bind_password_file
        elif self.type == "shared-password":
            files["auth", "shared_password", "password_file"] = self.shared_password.password_file
            files["auth", "shared_password", ADMIN_PASSWORD] = self.shared_password.admin_password_file
        elif self.type == "oidc":
            files["auth", "oidc", SECRET_FILE] = self.oidc.client_secret_file
        elif self.class_name:
            files["auth", self.class_name, SECRET_FILE] = self.options.get(SECRET_FILE)
        return {key: path for key, path in files.items() if path}

    @property
    def provider(self) -> str:
        """Who says who people are, in a word for people."""
        names = {"oidc": self.oidc.issuer, "ldap": self.ldap.title or self.ldap.host, "lti": self.lti.called}
        return names.get(self.type) or self.type

    @property
    def groups_elsewhere(self) -> tuple[str, ...]:
        """Groups of the provider whose members may log in, or roles."""
        if self.type == "oidc":
            return (*self.oidc.admin_groups, *self.oidc.allowed_groups)
        if self.type == "lti":
            return (*self.lti.admin_roles, *self.lti.allowed_roles)
        return (*self.ldap.admin_groups, *self.ldap.allowed_groups) if self.type == "ldap" else ()

    def conflicts_with(self, *, listed: bool) -> list[Conflict]:
        """Where a provider says who there is, never everyone may log in without being asked for it. `listed`: `users`
        says who may.
        """
        groups = [*self.groups_elsewhere]
        groups += [key for key, value in self.options.items() if key.startswith(("allowed_", "admin_")) and value]
        if self.from_elsewhere and not (listed or groups or self.own_class):
            hint = (
                "try users.admin or users.allowed with names, groups of the provider, or users.allow_all: true for"
                " everyone whom the provider lets in"
            )
            return [Conflict(("auth", "type"), ("auth", "users"), "nobody could log in", hint)]
        return []


def _wrong_options(name: str, own: dict[str, str], options: dict[str, Any]) -> Iterator[Conflict]:
    """What the class does not take, each at its place."""
    known = COMMON | own | {SECRET_FILE: "text"}
    for key, value in options.items():
        kind = known.get(str(key))
        if words := _refusal(name, str(key), value, kind, known):
            yield Conflict((name, key), (name,), *words)


def _refusal(name: str, key: str, value: Any, kind: str | None, known: dict[str, str]) -> tuple[str, str] | None:
    if key == "client_secret":
        return "would stand in more files than one that only the hub reads", f"did you mean auth.{name}.{SECRET_FILE}?"
    if key in _LISTS:
        return "has no effect here", f"did you mean {_LISTS[key]}?"
    if kind is None:
        near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.6)
        return UNKNOWN, f"did you mean auth.{name}.{near[0]}?" if near else "try removing it"
    if not isinstance(value, _IS_OF[kind]) or (kind != "true or false" and isinstance(value, bool)):
        return f"must be {kind}, not {type_name(value)}", "try removing it, or a value of that kind"
    if key == SECRET_FILE:
        try:
            parse_file_path(value)
        except WrongValueError as error:
            return error.message, error.hint
    return None
