"""A site's packages are locked once, and are part of what the hub's virtualenv is called by."""

import subprocess

import pytest

from fakes.facts import fake_facts
from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.blueprint.runtimes import programs
from hubinstall.config.validate import load
from hubinstall.errors import UserError
from hubinstall.installation import hub_packages

LOCKED = "".join(
    f"{name} \\\n    --hash=sha256:0{number}\n"
    for number, name in enumerate(("iniconfig==2.3.1", "jupyterhub==6.1.1", "/srv/a.whl"))
)
CONFIG = "auth: {packages: [iniconfig]}\nhub: {packages: [/srv/a.whl, iniconfig]}\n"


class Uv(FakeHost):
    said, code, asked = LOCKED, 0, 0

    def query(self, argv, **_options):
        self.asked += 1
        place = next(word.partition("=")[2] for word in argv if word.startswith("--output-file="))
        with open(place, "w", encoding="utf-8") as file:
            file.write(self.said)
        return subprocess.CompletedProcess(argv, self.code, "", "error: No solution\n  ╰─▶ Because a<1 and a==2.\n")


@pytest.fixture
def host(tmp_path):
    return Uv(tmp_path)


def list_of(host, text=CONFIG, *, online=True):
    return hub_packages.list_of(host, load(text), fake_facts(), online=online)


def test_the_hubs_own_packages_are_not_in_the_list(host):
    found = list_of(host)
    assert "iniconfig==2.3.1" in found
    assert "/srv/a.whl" in found
    assert "jupyterhub==" not in found


def test_they_are_resolved_once(host):
    for folder in (layout.CONFIG_DIR, "/srv"):
        host.path(folder).mkdir(parents=True, exist_ok=True)
    host.write(layout.HUB_PACKAGES, list_of(host).encode())
    host.said = "changed"
    assert "iniconfig==2.3.1" in list_of(host)
    assert host.asked == 1
    host.write("/srv/a.whl", b"another")
    assert "changed" in list_of(host), "the file is another one"
    assert "iniconfig==2.3.1" in list_of(host, online=False)
    assert list_of(host, "auth: {packages: []}\n") == ""


def test_what_does_not_agree_is_said_with_its_line(host):
    host.code = 1
    with pytest.raises(
        UserError, match=r"1:18: auth.packages: cannot be installed .*: No solution Because a<1 and a==2;"
    ):
        list_of(host)
    assert not host.exists(layout.HUB_PACKAGES)


def test_a_wiki_needs_a_package_that_nobody_names(host):
    options = "{client_id: '1', client_secret_file: /etc/wiki}"
    text = f"auth:\n  type: mediawiki\n  MWOAuthenticator: {options}\nusers: {{allow_all: true}}\n"
    assert hub_packages.requirements(load(text).settings) == ("mwoauth>=0.4,<1",)
    host.code = 1
    with pytest.raises(UserError, match=r"2:9: auth.type: cannot be installed beside the hub"):
        list_of(host, text)


def test_a_site_without_packages_has_the_virtualenv_of_always():
    plain, more = programs(fake_facts()), programs(fake_facts(hub_packages=LOCKED))
    assert plain.hub_venv.name != more.hub_venv.name
    assert more.hub_venv.lockfile == plain.hub_venv.lockfile + LOCKED
    assert {r.name for r in more.resources} - {r.name for r in plain.resources} == {
        layout.HUB_PACKAGES, more.hub_venv.name,
    }  # fmt: skip
