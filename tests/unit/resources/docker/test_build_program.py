"""The program that runs in a build's container, with a pip and a uv that are a few lines of shell."""

import subprocess

import pytest

from hubinstall.blueprint.apps import SCRIPTS

PIP = """#!/bin/sh
for list; do :; done
list=${list#--requirement=}
if grep -q docopt "$list"; then echo 'ERROR: No matching distribution found for docopt==0.6.2' >&2; exit 1; fi
if grep -q away "$list"; then
    echo "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError()': /simple/away/" >&2
    echo 'ERROR: No matching distribution found for away==1' >&2
    exit 1
fi
cp "$list" PLACE/asked
"""
UV = """#!/bin/sh
echo "$@" > PLACE/uvs
"""
OPTION = "--index-url https://mirror/simple\n"
ROMAN, SDIST, URL, AWAY = (
    f"{what} --hash=sha256:0\n"
    for what in ("roman==5.2", "docopt==0.6.2", "emoji @ https://x/emoji-2-py3-none-any.whl", "away==1")
)


@pytest.fixture
def run(tmp_path):
    place = tmp_path / "place"
    (place / "cache").mkdir(parents=True)
    (place / "variables").write_text("")
    (place / "requirements.txt").write_text("a==1\n")
    for path, text in {tmp_path / "python3": PIP, place / "uv": UV}.items():
        path.write_text(text.replace("PLACE", str(tmp_path)))
        path.chmod(0o755)
    program = (SCRIPTS / "build.sh").read_text().replace("/mnt/", f"{place}/")

    def run(lacking):
        (place / "lacking.txt").write_text(lacking)
        done = subprocess.run(
            ["sh"], input=program, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, text=True, check=False,
            capture_output=True,
        )  # fmt: skip
        asked, uvs = (
            (tmp_path / name).read_text() if (tmp_path / name).exists() else None for name in ("asked", "uvs")
        )
        return done, asked, uvs

    return run


def test_what_is_there_needs_no_index(run):
    done, asked, uvs = run(OPTION)
    assert (done.returncode, asked, "--no-index" in uvs) == (0, None, True)


def test_what_is_lacking_is_downloaded_as_files_first(run):
    done, asked, uvs = run(OPTION + ROMAN)
    assert (done.returncode, asked, "--no-index" in uvs) == (0, OPTION + ROMAN, True)


@pytest.mark.parametrize("other", [SDIST, URL])
def test_what_has_no_wheel_or_an_address_is_left_to_uv(run, other):
    done, asked, uvs = run(OPTION + other + ROMAN)
    assert (done.returncode, asked, "--no-index" in uvs) == (0, OPTION + ROMAN, False)


def test_an_index_that_is_away_ends_it_without_the_words_of_a_package_that_does_not_exist(run):
    done, _, uvs = run(ROMAN + AWAY)
    assert (done.returncode, uvs) == (1, None)
    assert "Retrying (" in done.stderr
    assert "No matching" not in done.stderr
