"""Settings as hypothesis draws them: all that config.yaml may say, with a liking for what is barely allowed.

Drawn as a file would say it, and read by the product's own reader: what does not go together is left out.
"""

import json
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as how
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from hubinstall.config.problems import ConfigError
from hubinstall.config.validate import load
from hubinstall.settings.model import Settings
from hubinstall.settings.values import dns, files, names, sizes, urls

LONGEST_DOMAIN = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])


def like(pattern: str, *extreme: str) -> SearchStrategy[str]:
    """Texts of a pattern; now and then one of those that are as long, or as odd, as the pattern lets them be."""
    drawn = st.from_regex(pattern, fullmatch=True)
    return st.one_of(drawn, st.sampled_from(extreme)) if extreme else drawn


DOMAINS = like(dns._DOMAIN, LONGEST_DOMAIN, "a", "xn--hb-umc.example.org", f"x.{'y' * 60}.org", "HUB.Example.ORG")
ACCOUNTS = like(names._ACCOUNT, "_", "a" * 32, "-".join("abcd"), "null", "true", "on", "x-", "www-data")
GROUPS = like(names._ACCOUNT, "g" * 32, "_", "no")
SHARES = like(names._SHARE, "s" * 64, "2026", "a..b", "true", "1e3", "x.-_", "null", "0x10")
PATHS = like(urls._BASE_URL, "/", "/-/", "/_", "/hub", "/hub/login/", "a/b/c", f"/{'p' * 198}/", "/a..b/")
IMAGES = like(
    names._IMAGE, "a", "localhost:5000/a/b:c", f"quay.io/jupyter/base-notebook@sha256:{'0' * 64}", "a__b/c-----d",
    f"a:{'T' * 128}",
)  # fmt: skip
SIZES = st.one_of(like(sizes._SIZE, "128M", "65536T", "2G", "134217728"), st.integers(128 << 20, 1 << 56))
TLS_FILES = like(files.FILE_PATH, "/-", "/a,b", f"/{'f' * 200}/{'g' * 199}", "/~=@+")
OCTET = st.integers(0, 255)
ADDRESSES = st.tuples(st.sampled_from([10, 172, 192, 8, 100, 223]), OCTET, OCTET, OCTET).map(
    lambda octets: ".".join(map(str, octets))
)
DESTINATIONS = st.tuples(ADDRESSES, st.sampled_from(["", ":1", ":443", ":65535"])).map("".join)
NETWORKS = st.sampled_from(["10.1.0.0/16", "192.168.0.0/24:22", "172.31.0.0/17", "203.0.113.0/24", "11.0.0.0/8:80"])
SUBNETS = st.sampled_from(["10.0.0.0/16", "172.30.0.0/20", "192.168.255.0/24", "10.255.0.0/16", "172.16.0.0/24"])
ENTRANCES = like(urls._BASE_URL, "/jupyter", "a/b", f"/{'e' * 198}", "/-")
UPLOADS = st.one_of(st.sampled_from(["1M", "1T", "2G", "1.5G", "1048577"]), st.integers(1 << 20, 1 << 40))
PROXIES = st.sampled_from(["127.0.0.1", "::1", "10.1.0.0/16", "2001:db8::/32", "192.0.2.7", "fd00::9"])


def maps(**parts: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=parts)


TLS = maps(
    mode=st.sampled_from(["letsencrypt", "manual", "self-signed"]),
    letsencrypt=maps(
        email=like(dns._EMAIL),
        domains=st.lists(DOMAINS, max_size=3),
        server=like(urls.ACME_SERVER, "https://a", "https://[::1]:14000/dir"),
        staging=st.booleans(),
    ),
    tls=maps(key=TLS_FILES, cert=TLS_FILES),
)  # fmt: skip
OFF = maps(
    port=st.sampled_from([1, 80, 443, 8000, 65535]),
    address=st.sampled_from(["127.0.0.1", "::1", "::", "127.9.9.9"]),  # of every machine: nginx tries to bind them
    trusted_proxies=st.lists(PROXIES, max_size=3),
    max_upload=UPLOADS,
)
OTHERS: dict[str, SearchStrategy[Any]] = {
    "domain": st.one_of(st.none(), DOMAINS),
    "auth": maps(type=st.just("pam")),
    "users": maps(
        admin=st.lists(ACCOUNTS, max_size=3),
        allowed=st.lists(ACCOUNTS, max_size=3),
        allow_all=st.booleans(),
        banned=st.lists(ACCOUNTS, max_size=2),
    ),
    "shares": st.dictionaries(
        SHARES,
        st.one_of(st.none(), maps(access=st.one_of(st.just("read-only"), st.fixed_dictionaries({"group": GROUPS})))),
        max_size=4,
    ),
    "environment": maps(image=IMAGES),
    "limits": maps(
        memory=SIZES,
        cpu=st.one_of(st.floats(0.01, 1024), st.sampled_from([0.01, 1024, 1, 1 / 3])),
        processes=st.sampled_from([64, 1024, 4_194_304]),
    ),
    "network": maps(subnet=SUBNETS, allow=st.lists(st.one_of(DESTINATIONS, NETWORKS), max_size=4)),
    "process_manager": st.just("auto"),
}  # fmt: skip
FILES = st.one_of(
    maps(base_url=PATHS, https=TLS, http=maps(max_upload=UPLOADS), **OTHERS),
    maps(https=TLS, http=maps(entrance=ENTRANCES, max_upload=UPLOADS), **OTHERS),
    maps(base_url=PATHS, http=OFF, **OTHERS).map(lambda file: {**file, "https": {"mode": "off"}}),
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
"""What is tried beside whatever is drawn."""


def drawn(number: int, count: int) -> list[Settings]:
    """The extremes, and up to as many other settings: the same for the same number."""
    found: list[Settings] = [*EXTREMES]

    @seed(number)
    @how(GENERATING, max_examples=count)
    @given(SETTINGS)
    def note(made: Settings) -> None:
        if made not in found:
            found.append(made)

    note()
    return found
