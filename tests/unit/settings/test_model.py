"""The typed settings: defaults, what follows from them, and that what was written out is read back."""

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st
from pydantic import ValidationError

from checkout_path import CHECKOUT
from hubinstall.settings.https import Https, subdomain_conflicts
from hubinstall.settings.model import Limits, Settings
from hubinstall.settings.values.networks import Destination, parse_subnet
from hubinstall.settings.values.sizes import GIB, MIB, parse_memory, parse_shm, parse_size
from hubinstall.settings.values.urls import parse_base_url

SAFE = re.compile(r"[A-Za-z0-9._/:@+%-]*")
IN_A_LIST = re.compile(r"[^-:/,\s\0][^:/,\n\t\0]*")
OF_A_MACHINE = re.compile(r"\w[\w.@+\\' -]*\$?")


def made(**data) -> Settings:
    return Settings.model_validate(data)


def test_defaults():
    settings = Settings()
    assert settings == made()
    assert settings.base_url == "/"
    assert settings.domain is None
    assert settings.everyone
    assert str(settings.network.subnet) == "10.99.0.0/16"
    assert (settings.limits.cpu, settings.limits.processes) == (1.0, 1024)


@pytest.mark.parametrize(
    "line",
    [
        "bind /", "bind /srv/..", "bind srv", "bind /srv/x ro", "bind /srv/x:/y", "volume a/b", "image A", "everything",
        "capability sys_admin", "group 0", "exec now", "device /dev/../x", " bind /srv/x", "bind /srv/x\n", "",
    ],
)  # fmt: skip
def test_what_is_allowed_of_docker_is_one_of_few_forms(line):
    with pytest.raises(ValidationError, match="is nothing that can be allowed"):
        made(spawner={"allow": {"docker": [line]}})


def test_the_forms_of_what_is_allowed_of_docker():
    lines = (
        "bind /srv/x", "bind /srv/x rw", "volume a-*", "image site/r:1", "capability SYS_PTRACE", "device /dev/kvm",
        "runtime nvidia", "group 42", "gpus", "exec", "no-limits", "other-seccomp", "writable-root",
    )  # fmt: skip
    assert made(spawner={"allow": {"docker": list(lines)}}).spawner.allow.docker == lines


@pytest.mark.parametrize(("mode", "names"), [("letsencrypt", ("a.org", "b.org")), ("self-signed", ("a.org",))])
def test_the_names_of_lets_encrypts_certificate_count_where_there_is_one(mode, names):
    letsencrypt = {"email": "ops@a.org", "domains": ["b.org", "a.org"]}
    assert made(domain="a.org", https={"mode": mode, "letsencrypt": letsencrypt}).names == names


@pytest.mark.parametrize(
    ("domain", "mode", "behind", "found"),
    [
        (None, "self-signed", False, "needs `domain`"),
        ("hub.example.org", "letsencrypt", False, "needs a wildcard certificate"),
        ("hub.example.org", "off", False, "does not work without TLS"),
        ("hub.example.org", "off", True, ""),
        ("hub.example.org", "self-signed", False, ""),
        ("hub.example.org", "manual", False, ""),
    ],
)
def test_servers_with_names_of_their_own_need_a_certificate_for_them(domain, mode, behind, found):
    told = subdomain_conflicts(Https(subdomains=True), domain, mode, behind=behind)
    assert [conflict.at for conflict in told] == ([("https", "subdomains")] if found else [])
    assert all(found in conflict.message and conflict.hint.startswith("try ") for conflict in told)
    assert subdomain_conflicts(Https(), domain, mode, behind=behind) == []


def test_the_name_of_all_servers():
    assert made(domain="hub.example.org", https={"subdomains": True}).wildcard == ("*.hub.example.org",)
    assert made(domain="hub.example.org").wildcard == ()


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError):
        Settings().domain = "x.org"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("machine", "limit"),
    [(64 * GIB, 2 * GIB), (4 * GIB, 2 * GIB), (1 * GIB + 1, 512 * MIB), (200 * MIB, 128 * MIB)],
)
def test_memory_of_one_server_follows_the_machine(machine, limit):
    assert Limits().memory_bytes(machine) == limit
    assert Limits.model_validate({"memory": "3G"}).memory_bytes(machine) == 3 * GIB


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("1K", 1024), ("512M", 512 * MIB), ("2G", 2 * GIB), ("1.5G", 3 * GIB // 2), ("1T", 1024 * GIB), (7, 7)],
)
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "G", "2g", "2GB", "2 G", "-1G", "1e3", "1..5G", ".5G", "2G\n", "٢G", None, [], True, 1.5]
)
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match="size"):
        parse_size(text)


def test_memory_has_bounds():
    assert parse_memory("128M") == 128 * MIB
    for text in ("127M", 0, -1, "9" * 300, 10**30):
        with pytest.raises(ValueError, match=r"too little|more than"):
            parse_memory(text)


def test_shared_memory_is_within_the_memory():
    assert parse_shm("1M") == MIB
    with pytest.raises(ValueError, match="too small"):
        parse_shm("1023K")
    assert made(limits={"shm": "2G"}).limits.shm == made(limits={"memory": "2G", "shm": "2G"}).limits.shm == 2 * GIB
    for limits in ({"shm": "2049M"}, {"memory": "1G", "shm": "2G"}):
        with pytest.raises(ValidationError, match="conflicts"):
            made(limits=limits)


def test_limits_of_groups_and_people_say_what_they_say_and_no_more():
    found = made(
        limits={
            "groups": {"projects": {"memory": "8G", "servers": 3}, "empty": None},
            "users": {"max.muster": {"cpu": 0.5}, "alice": {"processes": 64, "shm": None}},
        }
    ).limits
    assert found.others() == {
        "groups": {"projects": {"memory": 8 * GIB, "servers": 3}, "empty": {}},
        "users": {"max.muster": {"cpu": 0.5}, "alice": {"processes": 64}},
    }
    assert set(found.everyones(GIB)) == {"memory", "cpu", "processes", "shm", "servers"}
    assert found.everyones(GIB)["memory"] == GIB // 2


@pytest.mark.parametrize("kind", ["groups", "users"])
@pytest.mark.parametrize(
    "lines", [["a"], {"a:b": {"cpu": 1}}, {"a": {"cup": 1}}, {"a": {"memory": "1M"}}, {"a": {"servers": -1}},
              {"a": "8G"}, {"a": {"memory": "1G", "shm": "2G"}}, {"a": {"groups": {}}}],
)  # fmt: skip
def test_what_no_group_and_no_person_can_have(kind, lines):
    with pytest.raises(ValidationError):
        made(limits={kind: lines})


@pytest.mark.parametrize(
    ("text", "path"), [("/", "/"), ("x", "/x/"), ("/x", "/x/"), ("x/y/", "/x/y/"), ("/a.b/-c/", "/a.b/-c/")]
)
def test_base_url(text, path):
    assert parse_base_url(text) == path


@pytest.mark.parametrize(
    "text", ["", "//", "/x//y/", "/./", "/../", "/.x/", "/x y/", "/x;/", "/$x/", "/%2e/", "/é/", "/x/\n"]
)
def test_what_is_no_base_url(text):
    with pytest.raises(ValueError, match="usable path"):
        parse_base_url(text)


@pytest.mark.parametrize(
    ("text", "network", "port"),
    [
        ("10.1.2.3:5432", "10.1.2.3/32", 5432),
        ("10.1.0.0/16:443", "10.1.0.0/16", 443),
        ("192.168.1.5", "192.168.1.5/32", None),
    ],
)
def test_destinations(text, network, port):
    destination = Destination.parse(text)
    assert (str(destination.network), destination.port) == (network, port)
    assert str(destination) == text


def test_a_share_says_whose_group_may_write():
    shares = made(shares={"course": None, "project": {"access": {"group": "teachers"}}}).shares
    assert (shares["course"].group, shares["project"].group) == (None, "teachers")


def test_who_may_log_in():
    assert not made(users={"allow_all": False}).everyone
    assert made(users={"allow_all": True, "allowed": ["bob"]}).everyone


def test_what_was_written_out_is_read_back():
    settings = made(
        domain="Hub.Example.org",
        users={"admin": ["alice"], "allow_all": False},
        shares={"a": None, "b": {"access": {"group": "g"}}},
        limits={"memory": "2G", "cpu": 2},
        network={"subnet": "10.1.0.0/24", "allow": ["10.2.0.0/16:443"]},
    )
    assert Settings.model_validate(settings.model_dump(mode="json")) == settings


@how(deadline=None)
@given(
    st.sampled_from(["domain", "base_url", "admin", "group", "share", "image", "email"]),
    st.text(st.sampled_from("ab1.-_/:@%$;'\"\\{} \n\t#é\x00~*`"), max_size=12),
)
def test_what_is_accepted_has_no_character_of_another_language(which, text):
    """Nothing that validates can end a string, a directive or an argument in nginx, systemd, Python or a shell. Names
    of accounts and groups are the machine's: they get into JSON and into arguments of their own, and nowhere else; the
    group of a share gets into commands, too.
    """
    data = {
        "domain": {"domain": text},
        "base_url": {"base_url": text},
        "admin": {"users": {"admin": [text]}},
        "group": {"shares": {"x": {"access": {"group": text}}}},
        "share": {"shares": {text: None}},
        "image": {"environment": {"image": text}},
        "email": {"https": {"letsencrypt": {"email": text}}},
    }[which]
    try:
        made(**data)
    except ValidationError:
        return
    assert {"admin": IN_A_LIST, "group": OF_A_MACHINE}.get(which, SAFE).fullmatch(text)
    assert which == "base_url" or not text.startswith("-")
    assert ".." not in text.split("/")


@how(deadline=None)
@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_subnets_are_private_and_of_a_size_that_serves(address, prefix):
    try:
        network = parse_subnet(f"{address}/{prefix}")
    except ValueError:
        return
    assert network.is_private
    assert 16 <= network.prefixlen <= 24


def test_the_settings_import_no_more_than_they_need():
    """Every run of the command pays for what is imported here."""
    code = (
        "import sys, hubinstall.config; "
        "print(*sorted({'email_validator', 'docker', 'httpx', 'rich', 'jinja2', 'asyncio', 'idna'} & set(sys.modules)))"
    )
    path = str(CHECKOUT / "src")
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
