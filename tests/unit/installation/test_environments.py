"""The lists of packages: what is added and removed, what uv makes of them, and the way back."""

import pytest

from fakes.docker import Docker
from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.errors import UserError
from hubinstall.installation import environments, inputs
from hubinstall.installation.environments import Asked
from hubinstall.machine import facts

BASE = "hubinstall/default:1"
LOCKED = "humanize==4.17.0 \\\n    --hash=sha256:0\nplotly[express]==6.1 \\\n    --hash=sha256:1\n"
UV = f"{layout.UV} pip compile"
DISAGREEMENT = """error: No solution found when resolving dependencies
  cause: Because numba==0.58.0 depends on numpy>=1.21,<1.26 and numpy==2.4.6, we can conclude that numba==0.58.0
         cannot be used.
         And because you require numba==0.58.0, we can conclude that your requirements are unsatisfiable.
"""
NO_WHEEL = """error: No solution found when resolving dependencies
  cause: Because all versions of docopt have no usable wheels and you require docopt, we can conclude that your
         requirements are unsatisfiable.
hint: Wheels are required for `docopt` because building from source is disabled (i.e., with `--no-build`)
"""


@pytest.fixture
def host(tmp_path):
    docker = Docker(images={BASE: "id-base"})
    answers = docker.answers() | {"docker run": '{"python": "3.11", "packages": {"numpy": "2.4.6"}}', UV: LOCKED}
    host = FakeHost(tmp_path, answers)
    for folder in (layout.CONFIG_DIR, layout.STATE, layout.CACHE):
        host.path(folder).mkdir(parents=True, exist_ok=True)
    host.put(layout.CONFIG_FILE, "")
    return host


def test_what_is_asked_for_again_is_as_it_is_now():
    lists = environments.adding({}, Asked(("Scikit_Learn", "plotly>=6"), ("zip",), ("tidyverse",)))
    again = environments.adding(lists, Asked(("scikit-learn==1.9",), ("zip",)))
    assert again == {
        layout.REQUIRED: "plotly>=6\nscikit-learn==1.9\n", layout.APT_LIST: "zip\n", layout.R_LIST: "tidyverse\n",
    }  # fmt: skip


def test_what_is_removed_is_named_without_its_version():
    lists = environments.adding({}, Asked(("plotly[express]>=6", "numba"), ("zip",)))
    assert environments.removing(lists, ["Plotly", "zip"]) == {layout.REQUIRED: "numba\n"}
    with pytest.raises(UserError, match="numpy was not asked for"):
        environments.removing(lists, ["numpy"])


@pytest.mark.parametrize("word", ["-r/etc/shadow", "/srv/a.whl", "a b", "a\n--index-url=x", "", "--pre", "a==1\x1b[2J"])
def test_what_is_no_package_is_refused(word):
    with pytest.raises(UserError, match="is not a Python package") as raised:
        environments.check(Asked((word,)))
    assert raised.value.code == 2


@pytest.mark.parametrize("word", ["python3-", "-y", "zip=3", "a/b", "zip;id", "ZIP", "z\x07ip"])
def test_what_apt_get_would_take_for_something_else_is_refused(word):
    """`apt-get install python3-` removes python3."""
    with pytest.raises(UserError, match="is not the name of a package of the distribution"):
        environments.check(Asked(apt=(word,)))
    environments.check(Asked(apt=("g++", "libstdc++6", "r-cran-data.table", "zip")))


@pytest.mark.parametrize("word", ["plotly", "a[b,c]>=1,<2", "x @ https://example.org/x.whl", "y; python_version>'3'"])
def test_what_pip_writes_is_a_package(word):
    environments.check(Asked((word,)))


@pytest.mark.parametrize("asked", [Asked(apt=("zip; rm",)), Asked(apt=("-o",)), Asked(r=("a-b",))])
def test_names_of_other_packages_are_names(asked):
    with pytest.raises(UserError, match="is not the name of a package of"):
        environments.check(asked)


def test_what_is_needed_is_locked_beside_what_the_image_has(host):
    lists = {layout.REQUIRED: "humanize\n", layout.APT_LIST: "zip\n"}
    found = environments.locked(host, lists, BASE)
    assert found == lists | {layout.REQUIREMENTS: LOCKED}
    assert environments.versions(found[layout.REQUIREMENTS]) == {"humanize": "4.17.0", "plotly": "6.1"}
    [uv] = [command for command in host.commands if command.startswith(UV)]
    assert "--python-version=3.11" in uv
    assert "--generate-hashes" in uv
    assert host.names(layout.CACHE) == []


def test_packages_that_do_not_agree_are_named(host):
    host.answers[UV] = lambda *_: (1, "", DISAGREEMENT)
    with pytest.raises(
        UserError, match=r"do not go together: Because numba==0\.58\.0 depends on numpy>=1\.21,<1\.26 and"
    ):
        environments.locked(host, {layout.REQUIRED: "numba==0.58.0\n"}, BASE)
    assert not [command for command in host.commands if "docker run" in command and "compile" in command]


def in_container(host, answer):
    """What uv says in a container."""
    of_image = host.answers["docker run"]
    host.answers["docker run"] = lambda argv, _: answer if "compile" in argv else of_image


def test_a_program_of_a_package_runs_in_a_container_alone(host):
    host.answers[UV] = lambda *_: (1, "", NO_WHEEL)
    host.way_out = {"HTTPS_PROXY": "http://u:secret@proxy:3128"}
    in_container(host, LOCKED)
    assert environments.locked(host, {layout.REQUIRED: "x\n"}, BASE)[layout.REQUIREMENTS] == LOCKED
    [on_host] = [command for command in host.commands if command.startswith(UV)]
    assert "--no-build" in on_host
    run = next(command for command in host.commands if "docker run" in command and "compile" in command)
    for word in (
        "--user=65534:65534",
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--memory=",
    ):
        assert word in run
    assert "docker.sock" not in run
    assert "secret" not in run
    assert all(mount.partition("=")[2].endswith(":ro") for mount in run.split() if mount.startswith("--volume"))
    assert host.names(layout.CACHE) == []


OF_MEMORY = "  cause: Call to `setuptools.build_meta.get_requires_for_build_wheel` failed (signal: 9 (SIGKILL))"


@pytest.mark.parametrize("answer", [(137, "", ""), (1, "", OF_MEMORY)])
def test_a_program_of_a_package_that_is_ended_is_told(host, answer):
    host.answers[UV] = lambda *_: (1, "", NO_WHEEL)
    in_container(host, answer)
    with pytest.raises(UserError, match=r"could not be found out: a program .* needs more than 2 GB of memory"):
        environments.locked(host, {layout.REQUIRED: "x\n"}, BASE)


def test_a_program_of_a_package_that_fails_is_no_fault_of_this_machine(host):
    said = (
        "error: Failed to build `x==1`\n  cause: The build backend returned an error\nOSError: Read-only file system\n"
    )
    host.answers[UV] = lambda *_: (1, "", NO_WHEEL)
    in_container(host, (1, "", said))
    with pytest.raises(UserError, match="could not be found out: Failed to build `x==1`") as raised:
        environments.locked(host, {layout.REQUIRED: "x\n"}, BASE)
    assert "OSError: Read-only file system" in raised.value.hint
    assert "remount" not in raised.value.hint


def test_an_index_that_does_not_answer_is_told_apart(host):
    said = "error: Failed to fetch: `https://index.example/simple/x/`\n  cause: error sending request for url\n"
    host.answers[UV] = lambda *_: (1, "", said)
    with pytest.raises(UserError, match="index did not answer: error: Failed to fetch") as raised:
        environments.locked(host, {layout.REQUIRED: "x\n"}, BASE)
    assert "network.proxy" in raised.value.hint


def test_without_its_image_nothing_can_be_locked(host):
    with pytest.raises(UserError, match="is not on this machine"):
        environments.locked(host, {layout.REQUIRED: "x\n"}, "another:1")


def test_a_directory_without_packages_goes(host):
    environments.keep(host, "default", {layout.REQUIRED: "x\n", layout.REQUIREMENTS: "x==1\n"})
    assert facts.environments(host) == {"default": {layout.REQUIRED: "x\n", layout.REQUIREMENTS: "x==1\n"}}
    environments.keep(host, "default", {layout.APT_LIST: "zip\n"})
    assert facts.environments(host) == {"default": {layout.APT_LIST: "zip\n"}}
    environments.keep(host, "default", {})
    assert host.names(layout.ENVIRONMENTS) == []


def test_what_was_asked_for_is_written_last(host, monkeypatch):
    """Killed before it, the same command is not taken for one that changes nothing."""
    order, write = [], host.write
    monkeypatch.setattr(host, "write", lambda path, *more, **keys: (order.append(path), write(path, *more, **keys)))
    environments.keep(host, "default", dict.fromkeys(layout.ENVIRONMENT_FILES, "x\n"))
    assert order[-1].endswith(f"/{layout.REQUIRED}")


def test_what_was_accepted_before_is_the_way_back(host):
    first, second = {layout.REQUIRED: "a\n"}, {layout.REQUIRED: "b\n"}
    inputs.accept(host)
    assert inputs.environment_before(host, "default") is None
    for lists, before in ((first, {}), (second, first), (first, second), (first, second)):
        environments.keep(host, "default", lists)
        inputs.accept(host)
        assert inputs.environment_before(host, "default") == before


def test_what_did_not_work_is_put_back(host):
    environments.keep(host, "default", {layout.REQUIRED: "a\n", layout.APT_LIST: "zip\n"})
    inputs.accept(host)
    environments.keep(host, "default", {})
    environments.keep(host, "stats", {layout.REQUIRED: "wrong\n"})
    inputs.put_back(host)
    assert facts.environments(host) == {"default": {layout.REQUIRED: "a\n", layout.APT_LIST: "zip\n"}}
