"""Whatever is allowed can be made: every settings that validate become texts that their languages can read.

nginx, systemd and nft themselves are asked on a machine (tests/machine/test_rendered.py).
"""

import configparser
import functools
import json
import re
import subprocess

import pytest
from hypothesis import given, seed
from hypothesis import settings as how
from hypothesis import strategies as st

from fakes.facts import fake_facts
from harness.anysettings import DOMAINS, EXTREMES, SETTINGS
from hubinstall import layout
from hubinstall.blueprint.contents import blueprint
from hubinstall.config.validate import load
from hubinstall.engine.ledger import fields_kept
from hubinstall.engine.run import in_order
from hubinstall.machine.nginx_sites import listens
from hubinstall.resources.files.file import File
from hubinstall.resources.kinds import KINDS
from hubinstall.resources.services.unit import UnitFile

NUMBERS = range(100)
SECTION = re.compile(r"\[[A-Z][a-z]+\]")
ASSIGNMENT = re.compile(r"[A-Z][A-Za-z]+=.*")
HOSTNAMES = st.one_of(DOMAINS, st.text(max_size=20), st.sampled_from(["localhost", "a;b", "$host", "x" * 64, ""]))
FACTS = st.builds(
    fake_facts,
    manager=st.sampled_from(["systemd", "supervisor"]),
    cgroup_driver=st.sampled_from(["systemd", "cgroupfs"]),
    memory=st.sampled_from([10**9, 4 << 30, 2 << 40]),
    cpus=st.integers(1, 512),
    hostname=HOSTNAMES,
    addresses=st.sampled_from([(), ("10.0.0.5",), ("192.0.2.7", "2001:db8::7")]),
    nginx=st.sampled_from(["1.22", "1.26"]),
    version=st.sampled_from(["12", "13"]),
    nginx_ports=st.sampled_from([(), ("80",), ("80", "443")]),
    nginx_default_servers=st.sampled_from([(), ("443",), ("80", "443")]),
    bridge_filter=st.booleans(),
    connection_counts=st.booleans(),
    docker=st.sampled_from(["", "27.0.1"]),
)


@functools.cache
def shell_accepts(script: bytes) -> bool:
    return subprocess.run(["sh", "-n"], input=script, capture_output=True, check=False).returncode == 0


def readable(name: str, data: bytes) -> bool:
    """Whether the language of a file can read it, as far as Python can tell."""
    text = data.decode()
    if name.endswith(".py"):
        compile(text, name, "exec")
    elif name.endswith(".json"):
        json.loads(text)
    elif name.startswith(layout.SUPERVISOR_PROGRAMS) or name == layout.SUPERVISOR_CONFIG:
        configparser.RawConfigParser().read_string(text)
    elif name == layout.NGINX_SITE:
        quoted = re.sub(r"#.*|\"(\\.|[^\"\\])*\"", "", text)
        ports = {port for port, _ in listens(text)}
        both = ports == {"80", "443"} if "ssl_certificate" in text else len(ports) == 1
        return both and quoted.count("{") == quoted.count("}")
    elif name.startswith(layout.SYSTEMD_UNITS):
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        return all(SECTION.fullmatch(line) or ASSIGNMENT.fullmatch(line) for line in lines)
    elif text.startswith("#!/bin/sh"):
        return shell_accepts(data)
    return text.isascii() or name.endswith(".html")


def assert_made(settings, facts) -> None:
    for resource in in_order(blueprint(settings, facts)):
        json.dumps(resource.desired())
        assert KINDS[resource.kind](**fields_kept(resource)).name == resource.name
        if isinstance(resource, File | UnitFile):
            data = resource.data if isinstance(resource, File) else resource.content.encode()
            assert readable(resource.name, data), f"{resource.name}\n{data.decode()}"


@pytest.mark.drawn("number", NUMBERS, sample=1)
def test_whatever_is_allowed_can_be_made(number):
    @seed(number)
    @how(max_examples=60, deadline=None, database=None)
    @given(SETTINGS, FACTS)
    def check(settings, facts):
        assert load(json.dumps(settings.model_dump(mode="json")), "again.yaml").settings == settings
        assert_made(settings, facts)

    check()


@pytest.mark.parametrize("manager", ["systemd", "supervisor"])
@pytest.mark.parametrize("settings", EXTREMES, ids=range(len(EXTREMES)))
def test_the_extremes_can_be_made(settings, manager):
    assert_made(settings, fake_facts(manager=manager, addresses=("192.0.2.7",)))


@pytest.mark.parametrize("content", [b"if", b"\xff", b"x = '"])
def test_what_no_language_reads_is_noticed(content):
    """Of the judge itself."""
    with pytest.raises((SyntaxError, UnicodeDecodeError, ValueError)):
        readable("/x/hub.json" if content == b"if" else "/x/config.py", content)
    assert not readable(layout.unit("x"), b"[Service]\nUser=a\nExecStartPre /bin/sh\n")
    assert not readable("/x/launcher", b"#!/bin/sh\nif\n")
