"""Settings that hypothesis draws: anything that config.yaml may say, preferably values that are only just allowed.

The keys and types come from the classes of the settings, so that a new key is drawn automatically; this file says only
what a type's schema does not. Values are drawn in the form of the file and read by the product's own parser; values
that conflict are left out.
"""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as how
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from hubinstall.config.problems import ConfigError
from hubinstall.config.validate import load
from hubinstall.settings.auth import Auth
from hubinstall.settings.courses import Course
from hubinstall.settings.environments import NamedEnvironment
from hubinstall.settings.home import Home
from hubinstall.settings.http import Http
from hubinstall.settings.https import Https
from hubinstall.settings.limits import Limits, LimitsOf
from hubinstall.settings.model import Settings
from hubinstall.settings.profiles import Choice, Gives, Profile, ProfileOption, UnlistedChoice
from hubinstall.settings.rooms import Room
from hubinstall.settings.section import Section
from hubinstall.settings.shares import Share
from hubinstall.settings.sign_on_classes import OWN
from hubinstall.settings.types import (
    Account,
    Accounts,
    CourseName,
    Domain,
    EnvironmentName,
    Group,
    OptionName,
    Quota,
    RoomName,
    ShareName,
    Slug,
    Title,
)

LONGEST_DOMAIN = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
EXTREME: dict[str, tuple[str, ...]] = {
    "DNS name": (LONGEST_DOMAIN, "a", "xn--hb-umc.example.org", f"x.{'y' * 60}.org", "HUB.Example.ORG"),
    "account name": ("_", "a" * 32, "-".join("abcd"), "null", "true", "on", "x-", "www-data"),
    "course name": ("c" * 23, "null", "x-", "on"),
    "group name": ("g" * 32, "_", "no"),
    "share name": ("s" * 64, "2026", "a..b", "true", "1e3", "x.-_", "null", "0x10"),
    "URL path": (
        "/", "/-/", "/_", "/hub", "/hub/login/", "a/b", "a/b/c", f"/{'p' * 198}/", f"/{'e' * 198}", "/a..b/", "/-",
    ),
    "image name": (
        "a", "localhost:5000/a/b:c", f"quay.io/jupyter/base-notebook@sha256:{'0' * 64}", "a__b/c-----d",
        f"a:{'T' * 128}",
    ),
    "file path": ("/-", "/a,b", f"/{'f' * 200}/{'g' * 199}", "/~=@+"),
    "URL of an ACME directory": ("https://a", "https://[::1]:14000/dir", "https://[0]"),
    "URL of a proxy": ("http://[fd00::9]:3128", "http://u:p%40@a:1", "http://[0]:1"),
    "URL of a mirror": ("http://[fd00::9]", "https://u:p@10.0.0.9:65535/a", "http://[0]", "http://[1.2.3.4]"),
    "URL or file path": ("http://[::1]:65535/a", "http://[0]/a", "http://a:65536/a"),
    "URL of an OpenID provider": ("https://[::1]:1/a", "https://[0]", "https://a:65536"),
    "URL of a platform": ("https://[::1]:1/a", "https://[0]", "https://a:65536"),
    "URL of an LDAP server": ("ldaps://[::1]:636", "ldaps://[0]", "ldap://a:65536"),
}  # fmt: skip
"""Title of a type → values that are as long or as odd as the pattern allows, in addition to any others of the type.
Those that the type refuses are left out, as others are that match its pattern."""
OCTET = st.integers(0, 255)
ADDRESSES = st.tuples(st.sampled_from([10, 172, 192, 8, 100, 223]), OCTET, OCTET, OCTET).map(
    lambda octets: ".".join(map(str, octets))
)
INSTEAD: dict[str, SearchStrategy[Any]] = {
    "size": st.one_of(
        st.sampled_from(["1M", "128M", "1.5G", "2G", "1T", "65536T", "1048577", "134217728"]),
        st.tuples(st.integers(1, 4096), st.sampled_from("MGT")).map(lambda parts: f"{parts[0]}{parts[1]}"),
        st.integers(1 << 20, 1 << 46),
    ),
    "duration": st.one_of(st.sampled_from(["30", "90s", "10m", "1h", "2h", "31622400"]), st.integers(30, 86400)),
    "IPv4 network": st.sampled_from(
        ["10.0.0.0/16", "172.30.0.0/20", "192.168.255.0/24", "10.255.0.0/16", "172.16.0.0/24"]
    ),
    "address, network or either with a port": st.one_of(
        st.tuples(ADDRESSES, st.sampled_from(["", ":1", ":443", ":65535"])).map("".join),
        st.sampled_from(["10.1.0.0/16", "192.168.0.0/24:22", "172.31.0.0/17", "203.0.113.0/24", "11.0.0.0/8:80"]),
    ),
    "address": st.sampled_from(["127.0.0.1", "::1", "::", "127.9.9.9"]),  # of every machine: nginx tries to bind them
    "directory path": st.sampled_from(["/mnt/nfs/course", "/data/~=@+", f"/{'p' * 200}", "/srv/a,b"]),
    "filter": st.sampled_from(["(uid={username})", "(&(objectClass=person)(|(mail={username})(uid=x)))"]),
    "address or network": st.sampled_from(["127.0.0.1", "::1", "10.1.0.0/16", "2001:db8::/32", "192.0.2.7", "fd00::9"]),
}
"""Title of a type → the strategy for it, if the type refuses most values that match its pattern."""


def of_schema(part: dict[str, Any]) -> SearchStrategy[Any]:
    """Values of one type, according to its JSON schema."""
    title = part.get("title", "")
    if "anyOf" in part:
        return st.one_of([of_schema(one) for one in part["anyOf"]])
    if title in INSTEAD:
        return INSTEAD[title]
    if "const" in part or "enum" in part:
        return st.sampled_from(part.get("enum") or [part["const"]])
    return OF_TYPE[part["type"]](part)


def _text(part: dict[str, Any]) -> SearchStrategy[str]:
    drawn = st.from_regex(part["pattern"], fullmatch=True)
    extreme = EXTREME.get(part.get("title", ""))
    return st.one_of(drawn, st.sampled_from(extreme)) if extreme else drawn


def _between(part: dict[str, Any], anywhere: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.one_of(st.sampled_from([part["minimum"], part["maximum"]]), anywhere)


OF_TYPE: dict[str, Callable[[dict[str, Any]], SearchStrategy[Any]]] = {
    "null": lambda _: st.none(),
    "boolean": lambda _: st.booleans(),
    "string": _text,
    "integer": lambda part: _between(part, st.integers(part["minimum"], part["maximum"])),
    "number": lambda part: _between(part, st.floats(part["minimum"], part["maximum"])),
    "array": lambda part: st.lists(of_schema(part["items"]), max_size=4),
}


def values(kind: Any) -> SearchStrategy[Any]:
    """The values that a type accepts, regardless of other keys."""
    adapter = TypeAdapter(kind)

    def accepted(value: Any) -> bool:
        try:
            adapter.validate_python(value)
        except ValidationError:
            return False
        return True

    return of_schema(adapter.json_schema()).filter(accepted)


def of_field(field: FieldInfo) -> SearchStrategy[Any]:
    kind = field.annotation
    return section(kind) if isinstance(kind, type) and issubclass(kind, Section) else values(field.rebuild_annotation())


def section(model: type[Section], **given: SearchStrategy[Any] | None) -> SearchStrategy[dict[str, Any]]:
    """Some keys of a section. `given`: key → its strategy, if the type does not say it; None: the key is not drawn."""
    drawn = {name: of_field(field) for name, field in model.model_fields.items() if name not in given}
    chosen = {name: strategy for name, strategy in given.items() if strategy is not None}
    return st.fixed_dictionaries({}, optional=drawn | chosen)


DOMAINS = values(Domain)
ACCESS = st.one_of(st.sampled_from(["read-only", "drop-box"]), st.fixed_dictionaries({"group": values(Group)}))
SHARES = st.dictionaries(values(ShareName), st.one_of(st.none(), section(Share, access=ACCESS)), max_size=4)
QUOTAS = {
    "groups": st.dictionaries(values(Group), values(Quota), max_size=2),
    "users": st.dictionaries(values(Account), values(Quota), max_size=2),
}
LINE = st.one_of(st.none(), section(LimitsOf, shm=None))
LINES = {
    "groups": st.dictionaries(values(Group), LINE, max_size=2),
    "users": st.dictionaries(values(Account), LINE, max_size=2),
}
NAMED = {"display_name": values(Title)}


def named(model: type[Section], **given: SearchStrategy[Any] | None) -> SearchStrategy[dict[str, Any]]:
    """A section that must have a name for people."""
    return st.builds(dict.__or__, st.fixed_dictionaries(NAMED), section(model, **given))


CHOICES = st.dictionaries(values(Slug), named(Choice, overrides=section(Gives)), min_size=1, max_size=2)
UNLISTED = section(
    UnlistedChoice, validation_regex=st.sampled_from(["[1-8]G", ".*", "a|b"]), overrides=st.just({"cpu": "{value}"})
)
OPTION = st.builds(
    dict.__or__,
    st.fixed_dictionaries({"choices": CHOICES}),
    section(ProfileOption, choices=None, unlisted_choice=UNLISTED),
)
PROFILES = st.lists(named(Profile, profile_options=st.dictionaries(values(OptionName), OPTION, max_size=1)), max_size=2)
TLS = section(Https, mode=st.sampled_from(["letsencrypt", "manual", "self-signed"]))
WITH_TLS: dict[str, None] = {"port": None, "address": None, "trusted_proxies": None}
AT_GITHUB = {"client_id": "1", "client_secret_file": "/etc/site/secret", "allowed_organizations": ["example"]}
AUTH = st.one_of(
    section(Auth, type=st.sampled_from(["pam", "oidc"]), **dict.fromkeys(OWN)),
    st.just({"type": "github", "GitHubOAuthenticator": AT_GITHUB}),
)
OTHERS: dict[str, SearchStrategy[Any]] = {
    "auth": AUTH,
    "home": section(Home, **QUOTAS),
    "limits": section(Limits, **LINES),
    "environments": st.dictionaries(
        values(EnvironmentName), st.one_of(st.none(), section(NamedEnvironment)), max_size=2
    ),
    "courses": st.dictionaries(values(CourseName), st.one_of(st.none(), section(Course)), max_size=2),
    "rooms": st.dictionaries(
        values(RoomName),
        section(Room, group=None).map(lambda room: {**room, "group": "project", "trusted": True}),
        max_size=2,
    ),
    "teachers": st.dictionaries(values(Group), values(Accounts), max_size=2),
    "shares": SHARES,
    "profiles": PROFILES,
    "process_manager": st.just("auto"),
}
FILES = st.one_of(
    section(Settings, https=TLS, http=section(Http, entrance=None, **WITH_TLS), **OTHERS),
    section(Settings, base_url=None, https=TLS, http=section(Http, **WITH_TLS), **OTHERS),
    section(Settings, https=None, http=section(Http, entrance=None), **OTHERS).map(
        lambda file: {**file, "https": {"mode": "off"}}
    ),
)


def read(data: dict[str, Any]) -> Settings | None:
    try:
        return load(json.dumps(data), "drawn.yaml").settings
    except ConfigError:
        return None


SETTINGS: SearchStrategy[Settings] = FILES.map(read).filter(lambda made: made is not None)  # type: ignore[assignment]

GENERATING = how(deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
EXTREMES = tuple(
    Settings.model_validate(data)
    for data in (
        {},
        {"domain": LONGEST_DOMAIN, "base_url": f"/{'p' * 198}/"},
        {"domain": f"{'h' * 63}.org", "base_url": "/hub/login/"},
        {"shares": {str(number): None for number in range(300)}},
        {
            "domain": LONGEST_DOMAIN,
            "https": {"mode": "off"},
            "http": {"port": 65535, "trusted_proxies": [f"10.0.{number}.0/24" for number in range(200)]},
        },
        {"domain": LONGEST_DOMAIN, "https": {"letsencrypt": {"email": "a@b.org", "domains": [f"{'h' * 63}.org"]}}},
        {"https": {"mode": "letsencrypt", "letsencrypt": {"server": "https://[::1]:14000/dir"}}},
        {"https": {"tls": {"key": f"/{'k' * 199}/{'~@+=,' * 39}", "cert": "/-"}}},
        {"network": {"allow": [f"10.{number}.0.0/16:{number + 1}" for number in range(99)]}},
    )
)
"""What is always tried, in addition to what is drawn."""


def drawn(number: int, count: int) -> list[Settings]:
    """The extremes, and other settings up to that number: always the same for the same number."""
    found: list[Settings] = [*EXTREMES]

    @seed(number)
    @how(GENERATING, max_examples=count)
    @given(SETTINGS)
    def note(made: Settings) -> None:
        if made not in found:
            found.append(made)

    note()
    return found
