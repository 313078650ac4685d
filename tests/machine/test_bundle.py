"""An offline bundle: made on a machine with a hub, installed on a bare one whose network is cut, by the piped file."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import installed
from harness.commands import Result, execute
from harness.machine import Machine
from harness.nspawn import ProcessManager

pytestmark = [pytest.mark.one_kind, pytest.mark.in_turns]

BUNDLE = "/root/bundle.tar"
NO_CACHE = {"UV_CACHE_DIR": ""}
"""Without the test host's own cache of Python packages, which machines of the suite share."""
# Other machines of the suite fill the cache of Python packages that they share.
CHANGED = (
    "find /etc /opt /srv /usr /var/cache /var/lib/apt /var/lib/dpkg"
    " -path /var/cache/hubinstall-tests -prune -o -newer /run/before -print"
)
MOMENTS = [
    f"{step}:{moment}"
    for step in ("packages:base", "packages:docker", "packages:nginx", "image:hubinstall/default")
    for moment in ("mid", "after")
]
"""When an install from a bundle is killed."""


@pytest.fixture(scope="module")
def made(installed_machine: Machine) -> Machine:
    """A machine that has made a bundle of itself."""
    done = installed_machine.run(["hubinstall", "bundle", BUNDLE])
    assert re.search(r"^/root/bundle\.tar: \d{3} MB for Debian GNU/Linux \d+ \(\w+\), amd64$", done.out, re.MULTILINE)
    assert installed_machine.run("ls -A /root | grep bundle").out == "bundle.tar\n"
    assert installed.plan(installed_machine) == []
    return installed_machine


@pytest.fixture(scope="module")
def bare(made: Machine, process_manager: ProcessManager) -> Iterator[Machine]:
    """A fresh machine without a network, and with the bundle and what its manual says to take out of it."""
    with Machine(process_manager) as machine:
        target = machine.root / BUNDLE.lstrip("/")
        execute(["cp", "--reflink=auto", str(made.root / BUNDLE.lstrip("/")), str(target)])
        with machine.offline():
            assert machine.run("curl -sS -m 5 https://example.org", check=False).code != 0
            machine.run(f"tar -xf {BUNDLE} bootstrap.py")
            yield machine


def piped(machine: Machine, flags: str, *, check: bool = True, crash: str = "") -> Result:
    """As `curl … | python3 - FLAGS` does it, which no machine without a network can."""
    command = f"cat bootstrap.py | python3 - {flags}"
    return machine.run(command, check=check, timeout=900, env={**NO_CACHE, "HUBINSTALL_CRASH_AT": crash})


def altered(bundle: Path, target: Path, *, old: bytes = b"", new: bytes = b"", at: int = 0, size: int = 0) -> None:
    """A copy of a bundle with another word in its manifest, another byte, or another size."""
    execute(["cp", "--reflink=auto", str(bundle), str(target)])
    with target.open("r+b") as file:
        if old:
            head = file.read(1 << 20)
            assert head.count(old) == 1
            assert len(old) == len(new)
            file.seek(0)
            file.write(head.replace(old, new))
        if at:
            file.seek(at)
            byte = file.read(1)
            file.seek(at)
            file.write(bytes([byte[0] ^ 1]))
        if size:
            file.truncate(size)


def test_what_does_not_fit_is_refused_and_changes_nothing(bare: Machine) -> None:
    whole = bare.root / BUNDLE.lstrip("/")
    release = bare.run(". /etc/os-release; echo $VERSION_CODENAME").out.strip()
    size = whole.stat().st_size
    cases: dict[str, dict[str, object]] = {
        "was made for": {"old": f'"debian {release}"'.encode(), "new": f'"debian {release[::-1]}"'.encode()},
        "was made for arm64, and this machine is amd64": {"old": b'"arch": "amd64"', "new": b'"arch": "arm64"'},
        "was made by hubinstall 9": {"old": b'"hubinstall": "0', "new": b'"hubinstall": "9'},
        "is incomplete": {"size": size // 2},
        "is damaged: image/": {"at": size - (50 << 20)},
        "is no bundle of hubinstall": {"size": 700},
    }
    bare.run("touch /run/before; sleep 0.1")
    for words, change in cases.items():
        altered(whole, bare.root / "root/other.tar", **change)  # type: ignore[arg-type]
        done = piped(bare, "--bundle other.tar --admin ada", check=False)
        assert (done.code, done.out) == (1, ""), done.err
        assert f"bootstrap: other.tar {words}" in done.err
        assert "Nothing was changed." in done.err
    assert piped(bare, "--bundle missing.tar", check=False).code == 2
    assert bare.run(CHANGED).out == ""
    bare.run("rm other.tar")


@pytest.mark.drawn("moment", MOMENTS, sample=1)
def test_killed_and_run_again_it_is_installed_without_a_network(bare: Machine, moment: str) -> None:
    flags = f"--bundle bundle.tar --verbose --admin {installed.ADMIN}:{installed.ADMIN_PASSWORD}"
    killed = piped(bare, flags, check=False, crash=moment)
    assert killed.code == 137, killed.err
    done = piped(bare, flags)
    assert "unpacking bundle.tar" in done.err
    assert "a person can log in, start a server and run a cell" in done.err
    log = bare.read("/var/log/hubinstall/hubinstall.log")
    assert "mmdebstrap --" not in log
    assert "build.sh" not in log


def test_then_nothing_is_left_to_do_or_of_the_bundle(bare: Machine) -> None:
    assert installed.plan(bare) == []
    for again in (piped(bare, "--bundle bundle.tar"), bare.run(["hubinstall", "apply"])):
        assert "nothing changed" in again.err
    assert bare.run("ls -d /run/hubinstall-bundle /var/cache/hubinstall/bundle", check=False).out == ""
    assert bare.run("grep -rl hubinstall /etc/apt /var/lib/apt", check=False).out == ""
    report = json.loads(bare.run(["hubinstall", "status", "--json"]).out)
    assert report["state"] == "ok", report


WEB = "http://127.0.0.1:8766"
LOSE_THE_IMAGE = "docker image ls -q hubinstall/default | xargs docker image rm -f && rm /var/lib/hubinstall/images/*"


def test_the_image_alone_comes_from_a_web_server(bare: Machine) -> None:
    """With `environment.archive`, and only the image that this machine would have built."""
    bare.run('tar -xf bundle.tar image/; cd image; echo \'[{"RepoTags": ["python:3.12"]}]\' >manifest.json')
    bare.run("cd image; tar -cf other.tar manifest.json; rm manifest.json")
    [name] = bare.run("cd image; ls *.tar.zst").out.split()
    sums = {file: bare.run(["sha256sum", f"image/{file}"]).out.split()[0] for file in (name, "other.tar")}
    bare.run(LOSE_THE_IMAGE)
    builds = "grep -c build.sh /var/log/hubinstall/hubinstall.log"
    set_archive = "hubinstall config set environment.archive.url {} environment.archive.sha256 {} --apply"
    with bare.background("cd image && exec python3 -m http.server --bind=127.0.0.1 8766"):
        bare.run(f"for i in $(seq 600); do curl -fs -o /dev/null {WEB} && exit; sleep 0.1; done; exit 1")
        for place, sum_, words in (
            (f"{WEB}/{name}", sums["other.tar"], "has another SHA-256 than environment.archive.sha256 says"),
            (f"{WEB}/missing.tar", sums[name], "404"),
            (f"{WEB}/other.tar", sums["other.tar"], "holds python:3.12, not hubinstall/default:"),
            ("/root/image/missing.tar", sums[name], "there is no archive /root/image/missing.tar"),
        ):
            done = bare.run(set_archive.format(place, sum_), check=False)
            assert done.code == 1
            assert words in done.err, done.err
            assert bare.run("cd /var/lib/hubinstall/images; ls -A | grep -v lock", check=False).out == ""
        done = bare.run(set_archive.format(f"{WEB}/{name}", sums[name]))
    assert "a person can log in, start a server and run a cell" in done.err
    assert bare.run(builds, check=False).out == "0\n"
    assert installed.plan(bare) == []
