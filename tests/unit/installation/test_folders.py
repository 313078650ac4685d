"""The folder of an environment, as people and their editors leave it."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.host import FakeHost
from hubinstall.config.problems import ConfigError
from hubinstall.config.validate import load
from hubinstall.installation import environment_folders
from hubinstall.installation.folders import reader
from hubinstall.installation.folders.faults import File

PLACE = "/srv/stats"
LINES = """\
# for Stats 101
plotly>=6  # figures
scikit-learn[x]==1.9 ; python_version > "3"
 tinydb==4.9.0 \\
    --hash=sha256:00 \\
    --hash=sha256:11
torch @ https://example.org/torch-2.whl#sha256=00
--extra-index-url https://example.org/cpu
"""
TEXTS = [
    "plotly>=6",
    'scikit-learn[x]==1.9 ; python_version > "3"',
    "tinydb==4.9.0     --hash=sha256:00     --hash=sha256:11",
    "torch @ https://example.org/torch-2.whl#sha256=00",
    "--extra-index-url https://example.org/cpu",
]


@pytest.fixture
def folder(tmp_path):
    top = FakeHost(tmp_path).path(PLACE)
    top.mkdir(parents=True)
    return top


def read(tmp_path, *extras):
    return reader.read(FakeHost(tmp_path), PLACE, extras)


def told(tmp_path, *extras):
    return [f"{fault.path.removeprefix(PLACE)}:{fault.line}: {fault.message}" for fault in read(tmp_path, *extras)[1]]


def texts(lines):
    return [line.text for line in lines]


@pytest.mark.parametrize("encoded", [
    LINES.encode(), LINES.encode("utf-8-sig"), LINES.replace("\n", "\r\n").encode(), LINES.encode("utf-16"),
    LINES.replace("\n", "\r").encode(), LINES.rstrip().encode(),
], ids=["plain", "mark", "windows", "powershell", "old", "no end"])  # fmt: skip
def test_a_list_means_the_same_in_whatever_way_an_editor_saves_it(tmp_path, folder, encoded):
    (folder / "requirements.txt").write_bytes(encoded)
    found, faults = read(tmp_path)
    assert (texts(found.python), faults) == (TEXTS, [])
    assert [line.place.rpartition(":")[2] for line in found.python] == ["2", "3", "4", "7", "8"]


def test_lists_that_name_others_and_each_other(tmp_path, folder):
    (folder / "more").mkdir()
    (folder / "requirements.txt").write_text("-r more/a.txt\n-c more/limits.txt\nplotly\n")
    (folder / "more/a.txt").write_text("--requirement=../requirements.txt\n-r b.txt\nnumba\n")
    (folder / "more/b.txt").write_text("tinydb")
    (folder / "more/limits.txt").write_text("numpy<3\n")
    found, faults = read(tmp_path)
    assert faults == []
    assert texts(found.python) == ["tinydb", "numba", "plotly"]
    assert texts(found.constraints) == ["numpy<3"]
    assert found.python[0].place == f"{PLACE}/more/b.txt:1"


@pytest.mark.parametrize(("line", "why"), [
    ("-e .", "would be installed from files"),
    (".", "is a file or an address"),
    ("./x-1-py3-none-any.whl", "is a file or an address"),
    ("/srv/x", "is a file or an address"),
    ("file:///srv/x", "is a file or an address"),
    ("x @ file:///srv/x", "is a file or an address"),
    ("http://example.org/x.whl", "is not a Python package"),
    ("git+https://example.org/x", "has no hash"),
    ("x @ git+https://example.org/x", "has no hash"),
    ("-r /etc/shadow", "is not a file of the folder"),
    ("-r ../x.txt", "is not a file of the folder"),
    ("-r", "is not a file of the folder"),
    ("-r nosuch.txt", "is not a file of the folder"),
    ("--trusted-host x", "is not supported"),
    ("--index-url http://example.org", "is not supported"),
    ("x --global-option=y", "is not supported"),
    ("two words", "is not a Python package"),
    ("plotly=6", "is not a Python package"),
    ("<html>", "is not a Python package"),
    ("x; touch /tmp/x && y", ""),
])  # fmt: skip
def test_what_cannot_be_taken_is_named_with_its_line(tmp_path, folder, line, why):
    (folder / "requirements.txt").write_text(f"plotly\n\n{line}\nnumba\n")
    found, faults = read(tmp_path)
    assert texts(found.python) == (["plotly", "numba"] if why else ["plotly", line, "numba"])
    assert [(fault.line, why in fault.message) for fault in faults] == ([(3, True)] if why else [])


def test_names_of_the_distribution_and_of_r(tmp_path, folder):
    (folder / "apt.txt").write_text("# tools\ngraphviz\n\nlibgl1 # for cv2\n-o Dir=/\nzip unzip\n")
    (folder / "r.txt").write_text("data.table\ngg-plot\n")
    found, _ = read(tmp_path)
    assert (texts(found.apt), texts(found.r)) == (["graphviz", "libgl1"], ["data.table"])
    assert told(tmp_path) == [
        "/apt.txt:5: '-o Dir=/' is not the name of a package of the distribution",
        "/apt.txt:6: 'zip unzip' is not the name of a package of the distribution",
        "/r.txt:2: 'gg-plot' is not the name of a package of R",
    ]


def test_of_conda_only_the_part_of_pip_is_taken(tmp_path, folder):
    (folder / "environment.yml").write_text(
        "name: stats\nchannels: [conda-forge]\ndependencies:\n  - python=3.11\n  - numpy\n  - pip>=23\n"
        "  - pip:\n    - plotly>=6\n    - -r more.txt\n    - -e .\n  - conda-forge::r-base\n"
    )
    (folder / "more.txt").write_text("tinydb\n")
    found, _ = read(tmp_path)
    assert texts(found.python) == ["plotly>=6", "tinydb"]
    assert found.python[0].place == f"{PLACE}/environment.yml:8"
    assert texts(found.pythons) == ["==3.11.*"]
    assert told(tmp_path) == [
        "/environment.yml:5: 'numpy' is a package of conda, which is not here",
        "/environment.yml:10: '-e .' would be installed from files that servers do not have",
        "/environment.yml:11: 'conda-forge::r-base' is a package of conda, which is not here",
    ]


@pytest.mark.parametrize("text", ["", "name: x\n", "dependencies:\n", "dependencies: []\n", "dependencies: [pip]\n"])
def test_of_conda_there_may_be_nothing(tmp_path, folder, text):
    (folder / "environment.yml").write_text(text)
    assert read(tmp_path)[1] == []


def test_a_project_is_for_uv_with_the_extras_that_are_named(tmp_path, folder):
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "x"\nrequires-python = ">=3.11"\ndependencies = [\n  "plotly",\n]\n'
        "[project.optional-dependencies]\nplots = []\n[dependency-groups]\ndev = []\n"
    )
    (folder / "uv.lock").write_text("version = 1\n")
    found, faults = read(tmp_path, "plots", "dev")
    assert faults == []
    assert found.chosen == ("--extra=plots", "--group=dev")
    assert [name for name, _ in found.project] == ["pyproject.toml", "uv.lock"]
    assert [(line.text, line.place) for line in (*found.pythons, *found.named)] == [
        (">=3.11", f"{PLACE}/pyproject.toml:3"), ("plotly", f"{PLACE}/pyproject.toml:5"),
    ]  # fmt: skip
    assert told(tmp_path, "nosuch") == ["/pyproject.toml:1: has no optional dependencies called 'nosuch'"]


@pytest.mark.parametrize(("name", "text", "extras", "why"), [
    ("pyproject.toml", "[tool.ruff]\n", (), ""),
    ("pyproject.toml", "[tool.ruff]\n", ("x",), "/pyproject.toml:1: has no table"),
    ("pyproject.toml", "[project]\nname=\n", (), "/pyproject.toml:2: is not TOML"),
    ("pyproject.toml", "[project]\ndynamic = ['dependencies']\n", (), ":2: its dependencies are made by a program"),
    ("pyproject.toml", "project = 1\n", (), "has no table"),
    ("apt.txt", "zip", ("x",), ":0: has no pyproject.toml with the extras"),
    ("uv.lock", "version = 1\n", (), "/uv.lock:0: stands without the pyproject.toml"),
    ("install.R", "", (), "/install.R:0: is what repo2docker would build from"),
    ("runtime.txt", "python-3.9", (), "/runtime.txt:0: is what repo2docker would build from"),
    ("requirements.txt", "plotly\n\0", (), "/requirements.txt:2: is not a text"),
    ("requirements.txt", b"plotly\n\xff", (), "/requirements.txt:2: is not UTF-8 here"),
])  # fmt: skip
def test_files_that_cannot_be_used(tmp_path, folder, name, text, extras, why):
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    found = told(tmp_path, *extras)
    assert [why in line for line in found] == ([True] if why else []), found


def test_a_post_build_may_use_all_files_and_is_built_again_when_one_changes(tmp_path, folder):
    (folder / "data").mkdir()
    (folder / "data/words.txt").write_text("a")
    assert (read(tmp_path)[0].path, read(tmp_path)[0].files) == ("", "")
    (folder / "postBuild").write_text("#!/bin/bash\ncp data/words.txt /usr/local/share\n")
    first = read(tmp_path)[0]
    assert first.path == PLACE
    (folder / ".git").mkdir()
    (folder / ".git/index").write_text("anything")
    os.utime(folder / "data/words.txt", (1, 1))
    assert read(tmp_path)[0] == first
    (folder / "data/words.txt").write_text("b")
    assert read(tmp_path)[0].files != first.files


def test_what_everyone_may_write_or_lies_elsewhere_is_not_read(tmp_path, folder):
    (folder / "apt.txt").write_text("zip\n")
    (folder / "apt.txt").chmod(0o666)
    (folder.parent / "secret").write_text("root:x\n")
    (folder / "r.txt").symlink_to(folder.parent / "secret")
    assert told(tmp_path) == ["/apt.txt:0: may be changed by everyone on this machine, and root installs what it says"]
    (folder / "apt.txt").chmod(0o644)
    assert told(tmp_path) == ["/r.txt:0: is outside the folder"]
    folder.chmod(0o777)
    assert "may be changed by everyone" in told(tmp_path)[0]


def test_a_folder_that_is_not_there_is_told_at_its_setting_and_only_to_who_would_build(tmp_path):
    host, config = FakeHost(tmp_path), load(f"environments:\n  stats: {{folder: {PLACE}}}\n")
    with pytest.raises(
        ConfigError, match=r"config.yaml:2:19: environments.stats.folder: /srv/stats is not a directory"
    ):
        environment_folders.of_environments(host, config, strict=True)
    assert texts(environment_folders.of_environments(host, config, strict=False)["stats"].python) == []


@given(st.binary(max_size=200))
def test_any_bytes_are_a_list_or_are_refused(tmp_path_factory, content):
    tmp_path = tmp_path_factory.mktemp("any")
    folder = FakeHost(tmp_path).path(PLACE)
    folder.mkdir(parents=True)
    for name in ("requirements.txt", "apt.txt", "r.txt", "environment.yml", "pyproject.toml"):
        (folder / name).write_bytes(content)
    found, _ = read(tmp_path)
    for line in (*found.python, *found.apt, *found.r):
        assert "\n" not in line.text
        assert line.text.strip() == line.text != ""


@given(st.lists(st.sampled_from(["plotly", "numba>=1", "# only words", "", "  ", "tinydb # why"]), max_size=8),
       st.sampled_from(["\n", "\r\n"]))  # fmt: skip
def test_comments_and_empty_lines_say_nothing(lines, end):
    file = File("x", end.join(lines))
    said = [(number, line.partition(" #")[0]) for number, line in enumerate(lines, 1) if line[:1].isalpha()]
    assert list(file.lines()) == said


def test_a_backslash_at_the_very_end_ends_the_list():
    assert list(File("x", "a \\").lines()) == [(1, "a")]
