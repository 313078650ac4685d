"""Versions of Python packages for a layer, from what uv says beside what an image has."""

import json

import pytest

from fakes.docker import Docker
from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.blueprint.apps import SCRIPTS
from hubinstall.errors import StalledError, UserError
from hubinstall.machine.folder import Line
from hubinstall.machine.host import Completed
from hubinstall.resources.docker.layer_build import failure
from hubinstall.resources.docker.layer_lock import DisagreementError, Unlocked, forget, without

NAME, BASE = "hubinstall/default/stats", "hubinstall/default:1"
IMAGE = {"python": "3.11", "packages": {"numpy": "2.4.6", "pandas": "3.0", "tornado": "6.5"}, "servers": ["tornado"]}
LOCK = f"{layout.ENVIRONMENT_LOCKS}/stats.txt"
UV, EXPORT = f"{layout.UV} pip compile", f"{layout.UV} export"
CONFLICT = "error: No solution found\n  cause: Because you require pandas==2.2 and pandas==3.0, nothing fits.\n"
WANTED = Unlocked((Line("pandas==2.2", "/srv/x/requirements.txt:3"),), path=LOCK)


class Uv:
    """What it was given, and what it answers."""

    def __init__(self, host, *answers):
        self.host, self.answers, self.given = host, list(answers), []

    def __call__(self, argv, _):
        folder = self.host.path(f"{layout.CACHE}/environment")
        self.given.append({file.name: file.read_text() for file in folder.iterdir()} | {"argv": argv})
        return self.answers.pop(0)


@pytest.fixture
def host(tmp_path):
    host = FakeHost(tmp_path, Docker(images={BASE: "id-base"}).answers() | {"docker run": json.dumps(IMAGE)})
    for folder in (layout.CACHE, layout.ENVIRONMENT_LOCKS):
        host.path(folder).mkdir(parents=True, exist_ok=True)
    return host


def uv(host, *answers):
    host.answers[UV] = found = Uv(host, *answers)
    return found


def test_what_the_image_has_stays_if_it_can(host):
    asked = uv(host, "humanize==4 \\\n    --hash=sha256:0\n")
    found = Unlocked((Line("humanize", "x:1"),), path=LOCK).locked(host, NAME, BASE, str(SCRIPTS))
    assert found.endswith("humanize==4 \\\n    --hash=sha256:0\n")
    assert asked.given[0]["image.txt"] == "numpy==2.4.6\npandas==3.0\ntornado==6.5\n"
    assert host.names(layout.CACHE) == []


def test_a_course_that_needs_another_version_gets_it_and_the_server_keeps_its_own(host):
    asked = uv(host, (1, "", CONFLICT), "numpy==2.4.6 \\\n    --hash=sha256:0\npandas==2.2 \\\n    --hash=sha256:1\n")
    found = WANTED.locked(host, NAME, BASE, str(SCRIPTS))
    assert found.splitlines()[-2:] == ["pandas==2.2 \\", "    --hash=sha256:1"]
    assert asked.given[1]["image.txt"] == "tornado==6.5\n"
    assert asked.given[1]["requirements.in"] == "pandas==2.2\nnumpy\npandas\n"
    assert asked.given[1]["liked.txt"].startswith("numpy==2.4.6\npandas==3.0\n")


def test_what_does_not_go_together_is_named_with_its_line(host):
    uv(host, (1, "", CONFLICT), (1, "", CONFLICT))
    with pytest.raises(UserError, match=r"you require pandas==2\.2 and pandas==3\.0") as raised:
        WANTED.locked(host, NAME, BASE, str(SCRIPTS))
    assert raised.value.hint.startswith("/srv/x/requirements.txt:3: pandas==2.2\n")


def test_an_index_that_is_silent_for_minutes_is_no_disagreement(host):
    def hangs(argv, _):
        raise StalledError(argv, 300, "")

    host.answers[UV] = hangs
    with pytest.raises(UserError, match="nothing happened for minutes") as raised:
        WANTED.locked(host, NAME, BASE, str(SCRIPTS))
    assert "no connection to the internet" in raised.value.hint


def test_an_index_that_is_away_is_asked_once(host):
    asked = uv(host, (1, "", "error: Failed to fetch x\n  cause: dns error\n"))
    with pytest.raises(UserError, match="index did not answer"):
        WANTED.locked(host, NAME, BASE, str(SCRIPTS))
    assert len(asked.given) == 1


def test_the_list_is_kept_until_what_it_was_made_for_changes(host):
    asked = uv(host, "a==1\n", "a==2\n")
    wanted = Unlocked((Line("a", "x:1"), Line("--extra-index-url https://u:p@example.org", "x:2")), path=LOCK)
    wanted.keep(host, wanted.locked(host, NAME, BASE, str(SCRIPTS)))
    again = Unlocked((Line("a", "elsewhere:7"), *wanted.python[1:]), path=LOCK).locked(host, NAME, BASE, str(SCRIPTS))
    assert "--extra-index-url https://u:p@example.org\na==1\n" in again == host.text(LOCK)
    assert host.stat(LOCK).mode == "0600"
    other = Unlocked((Line("a>1", "x:1"),), path=LOCK).locked(host, NAME, BASE, str(SCRIPTS))
    assert other.endswith("a==2\n")
    # What it had before is what uv prefers.
    assert "a==1" in asked.given[1]["liked.txt"]


def test_a_lock_of_uv_is_taken_as_it_is(host):
    asked = uv(host, "a==1\n")
    host.answers[EXPORT] = ""
    project = (("pyproject.toml", "[project]\n"), ("uv.lock", "version = 1\n"))
    Unlocked(project=project, chosen=("--extra=plots",), path=LOCK).locked(host, NAME, BASE, str(SCRIPTS))
    [export] = [command for command in host.commands if command.startswith(EXPORT)]
    assert "--frozen" in export
    assert "--extra=plots" in export
    assert "locked.in" in asked.given[0]["argv"]
    assert "--extra=plots" not in asked.given[0]["argv"]


def test_another_python_is_refused_with_the_line(host):
    host.answers["docker run"] = json.dumps(IMAGE | {"misfits": [">=3.13"]})
    wanted = Unlocked(pythons=(Line(">=3.13", "/srv/x/pyproject.toml:4"), Line(">=3.9", "y:1")), path=LOCK)
    with pytest.raises(UserError, match=r"has Python 3\.11") as raised:
        wanted.locked(host, NAME, BASE, str(SCRIPTS))
    assert raised.value.hint == "/srv/x/pyproject.toml:4: >=3.13"


def test_only_what_differs_from_the_image_is_in_the_list():
    text = "Zope.Interface==1 \\\n    --hash=sha256:0\nb==2 \\\n    --hash=sha256:1\nc[x]==3\n"
    assert without(text, ["zope-interface==1", "b==1", "C==3"]) == "b==2 \\\n    --hash=sha256:1\n"


def test_a_build_that_fails_says_where_the_package_is_asked_for():
    lines = (Line("libnosuch", "/srv/x/apt.txt:2"), Line("libnosuch-dev", "/srv/x/apt.txt:3"))
    said = failure("no", Completed([], 1, "", "E: Unable to locate package libnosuch\n"), lines)
    assert said.hint == "E: Unable to locate package libnosuch\n  /srv/x/apt.txt:2: libnosuch"


def test_a_post_build_that_fails_says_its_last_lines():
    output = "fetching\nno such host\npostBuild:3: curl x: exit code 6\npostBuild: it ended with exit code 6\nmore\n"
    assert failure("no", Completed([], 1, "", output)).hint.splitlines()[:4] == [
        "fetching", "  no such host", "  postBuild:3: curl x: exit code 6", "  postBuild: it ended with exit code 6",
    ]  # fmt: skip


def test_a_line_that_uv_cannot_read_is_named():
    said = DisagreementError("error: no\n  cause: Expected a marker, found `touch`\n  x; touch\n").told(
        [Line("x; touch", "y:7")]
    )
    assert said.message == "uv cannot use what is asked for: Expected a marker, found `touch` x; touch"
    assert said.hint == "y:7: x; touch"


def test_the_list_goes_with_its_layer_unless_one_on_another_base_has_it(host):
    uv(host, "a==1\n")
    wanted = Unlocked((Line("a", "x:1"),), path=LOCK)
    wanted.keep(host, wanted.locked(host, NAME, BASE, str(SCRIPTS)))
    forget(host, "hubinstall/pulled/stats")
    assert host.exists(LOCK)
    forget(host, NAME)
    assert not host.exists(LOCK)
