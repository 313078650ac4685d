"""Bad configurations, on a machine with nothing but the tool and against a hub that runs: refused, nothing changed.

Each class of configs/bad is a case; a usual run draws some of them, --exhaustive tries all.
"""

import io
import json
import re
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from harness import installed, nonsense
from harness.machine import Machine
from harness.manifest import Manifest, diff, manifest
from harness.nspawn import ProcessManager

pytestmark = pytest.mark.one_kind

CONFIG = "/etc/hubinstall/config.yaml"
GOOD = "# kept\nlimits:\n  memory: 1G  # enough\n"
IGNORED = (
    "/var/lib/docker",
    # The hub notes when each person was last active.
    "/var/lib/hubinstall/hub/jupyterhub.sqlite", "/var/lib/hubinstall/hub/jupyterhub.sqlite-journal",
)  # fmt: skip
BAD_CONFIGURATION = 78
PLACE = re.compile(rf"{re.escape(CONFIG)}:\d+:\d+: \S.*; (try|did you mean) \S")
COUNT = re.compile(rf"{re.escape(CONFIG)}: \d+ more problems")

# Runs inside the machine: each file of a folder becomes config.yaml, and then the command is called as a person would.
TRY = r"""
import json, os, subprocess, sys, time
config, folder, *command = sys.argv[1:]
tried = {}
for name in sorted(os.listdir(folder)):
    with open(f"{folder}/{name}", "rb") as file:
        content = file.read()
    with open(config, "wb") as file:
        file.write(content)
    began = time.monotonic()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    took = time.monotonic() - began
    with open(config, "rb") as file:
        same = file.read() == content
    tried[name] = [done.returncode, done.stdout, done.stderr, same, took]
json.dump(tried, sys.stdout)
"""
# What is no file at all: how it is made in the place of config.yaml, and what is said of it.
NO_FILES = {
    "a folder": ("mkdir {}", "is not a regular file"),
    "a pipe that nobody writes to": ("mkfifo {}", "is not a regular file"),
    "a device without end": ("ln -s /dev/zero {}", "is not a regular file"),
    "a link without a target": ("ln -s gone.yaml {}", "is a link whose target does not exist"),
    "a link to itself": ("ln -s config.yaml {}", "cannot be read"),
    "a terabyte": ("truncate -s 1T {}", "has more than a million characters"),
}


@dataclass(frozen=True)
class Subject:
    """A machine, and what is on it and runs there before any nonsense."""

    machine: Machine
    config: str
    files: Manifest
    starts: dict[str, str]

    @classmethod
    def of(cls, machine: Machine) -> "Subject":
        return cls(machine, machine.read(CONFIG), files(machine), starts(machine))

    def put_back(self) -> None:
        """config.yaml is what it was; all else is the command's business."""
        self.machine.run(["rm", "-rf", CONFIG])
        self.machine.write(CONFIG, self.config, self.files[CONFIG].mode)

    def assert_unchanged(self) -> None:
        self.put_back()
        difference = diff(self.files, files(self.machine))
        assert not difference, str(difference)
        assert starts(self.machine) == self.starts


def files(machine: Machine) -> Manifest:
    return manifest(machine, IGNORED)


def starts(machine: Machine) -> dict[str, str]:
    """Of a machine with services; without them the tree of processes shows that none was started."""
    if machine.exists("/opt/hubinstall/etc"):
        return installed.starts(machine)
    return {"services": machine.run("ps -eo comm= | grep -E 'jupyterhub|nginx|dockerd|supervisord'", check=False).out}


@pytest.fixture(scope="module")
def empty(boot: Callable[[Machine], Machine], process_manager: ProcessManager) -> Subject:
    """Debian, a bad config.yaml, and the README's command: the tool is there, and nothing else."""
    machine = boot(Machine(process_manager))
    machine.push_checkout()
    machine.write(CONFIG, "limits: {memory: much}\n")
    refused = machine.run(["python3", "hubinstall/installer/bootstrap.py"], check=False)
    assert refused.code == BAD_CONFIGURATION
    assert f"{CONFIG}:1:18: limits.memory: 'much' is not a size; try" in refused.err
    assert not machine.exists("/var/lib/hubinstall")
    assert machine.run(["ls", "/opt/hubinstall"]).out.split() == ["installer", "trees"]
    machine.write(CONFIG, GOOD)
    return Subject.of(machine)


@pytest.fixture(scope="module")
def live(installed_machine: Machine) -> Subject:
    return Subject.of(installed_machine)


@pytest.fixture
def subject(request: pytest.FixtureRequest, where: str, process_manager: ProcessManager) -> Iterator[Subject]:
    """`where`, with its config.yaml put back afterwards."""
    assert process_manager  # of which kind the machine is
    chosen: Subject = request.getfixturevalue(where)
    yield chosen
    chosen.put_back()


def tried(machine: Machine, cases: list[nonsense.Nonsense]) -> dict[str, tuple[int, str, str, bool, float]]:
    """What `hubinstall apply` made of each: exit code, stdout, stderr, whether the file stayed, seconds."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for case in cases:
            member = tarfile.TarInfo(case.name)
            member.size = len(case.content)
            archive.addfile(member, io.BytesIO(case.content))
    folder = "/run/nonsense"
    machine.run(f"rm -rf {folder} && mkdir {folder} && tar -C {folder} -xf -", stdin=packed.getvalue())
    command = ["python3", "-", CONFIG, folder, "hubinstall", "apply", "--plain"]
    answers = json.loads(machine.run(command, stdin=TRY.encode()).out)
    machine.run(["rm", "-r", folder])
    return {name: tuple(answer) for name, answer in answers.items()}


def complaint(case: nonsense.Nonsense, answer: tuple[int, str, str, bool, float]) -> str:
    """What is wrong with an answer; empty when nothing is."""
    code, out, err, same, seconds = answer
    lines = err.splitlines()
    missing = [words for words in case.expected if not any(line.startswith(f"{CONFIG}:{words}") for line in lines)]
    strange = [line for line in lines if not (PLACE.match(line) or COUNT.fullmatch(line))]
    found = {
        f"exit code {code}": code != BAD_CONFIGURATION,
        f"stdout: {out[:200]}": bool(out),
        f"not said: {missing} {err}": bool(missing),
        f"without place, or without what to try: {strange[:3]}": bool(strange) or not lines,
        "the file was written": not same,
        f"{seconds:.0f} s": seconds > 30,
    }
    return "; ".join(words for words, wrong in found.items() if wrong)


@pytest.mark.parametrize("where", ["empty", "live"])
@pytest.mark.drawn("kind", nonsense.KINDS, sample=1)
def test_a_bad_file_is_refused_in_its_place_and_changes_nothing(subject: Subject, kind: str) -> None:
    cases = [case for case in nonsense.everything() if case.kind == kind]
    answers = tried(subject.machine, cases)
    assert answers.keys() == {case.name for case in cases}
    print(f"{kind}: {len(cases)} files, {sum(answer[4] for answer in answers.values()):.1f} s")
    assert {case.name: found for case in cases if (found := complaint(case, answers[case.name]))} == {}
    subject.assert_unchanged()


@pytest.mark.parametrize("where", ["empty", "live"])
def test_what_is_no_file_is_refused_and_never_waited_for(subject: Subject) -> None:
    machine = subject.machine
    for what, (make, words) in NO_FILES.items():
        machine.run(f"rm -rf {CONFIG} && {make.format(CONFIG)}")
        refused = machine.run(["hubinstall", "apply"], check=False, timeout=60)
        assert refused.code == BAD_CONFIGURATION, f"{what}: {refused}"
        assert refused.err.startswith(f"{CONFIG}:1:1: {words}"), what
        assert "; try " in refused.err, what
    subject.assert_unchanged()


EDITS = (
    "config set limits.memory much", "config set limits.memory '2G\\n[Service]\\nUser=root'", "config set limits 2G",
    "config set domain 'hub.example.org; return 200'", "config set domain $'hub\\nusers: {admin: [mallory]}'",
    "config set domain '*x'", "config set users.admin '!!python/object/apply:os.system [id]'", "config set a..b 1",
    "config set users.admin '[root]'", "config add-item users.admin '$(reboot)/'",
    "config add-item users.admin jupyterhub", "config add-item domain x", "config remove-item users.admin nobody",
    "config unset limits.nothing", "config unset ''", "config set limits.memory much --apply",
    "config set base_url /../ --apply", "config get nothing", "apply --memory much",
    "apply --admin 'mallory;reboot:pw'", "apply --admin ada --admin-password-file /dev/zero",
    "apply --domain $'\\xff'", "apply --process-manager openrc", "apply --admin mallory:", "plan --cpu -1",
    "plan --image --privileged", "logs ../etc", "restart 'nginx; reboot'", "stop --all", "uninstall",
    "uninstall --yes=no", "status now",
)  # fmt: skip


def test_nonsense_on_the_command_line_changes_nothing(live: Subject) -> None:
    for words in EDITS:
        done = live.machine.run(f"hubinstall {words}", check=False, timeout=60)
        assert done.code in {1, 2, BAD_CONFIGURATION}, done
        assert done.err.strip(), words
        assert "Traceback" not in done.err, done
        assert live.machine.read(CONFIG) == live.config, words
    live.assert_unchanged()


@pytest.mark.parametrize("where", ["empty", "live"])
def test_plan_refuses_what_apply_refuses_in_the_same_words(subject: Subject) -> None:
    """What the machine has against the settings, before a first install and after it; typed, or in the file."""
    machine = subject.machine
    if machine.exists("/opt/hubinstall/etc"):
        other = "supervisor" if machine.process_manager is ProcessManager.SYSTEMD else "systemd"
        refused = [
            machine.run(f"hubinstall {verb} --process-manager {other}", check=False) for verb in ("plan", "apply")
        ]
        assert [done.code for done in refused] == [BAD_CONFIGURATION] * 2
        assert refused[0].err == refused[1].err
        assert refused[0].err.startswith(f"hubinstall: --process-manager {other}: ")
    missing = {"https.tls.key": "/root/no.key", "https.tls.cert": "/root/no.pem"}
    machine.run(["hubinstall", "config", "set", *(word for pair in missing.items() for word in pair)])
    refused = [machine.run(["hubinstall", verb], check=False) for verb in ("plan", "apply")]
    assert [done.code for done in refused] == [BAD_CONFIGURATION] * 2
    assert [done.out for done in refused] == ["", ""]
    assert refused[0].err == refused[1].err
    for key, path in missing.items():
        assert re.search(rf"{re.escape(CONFIG)}:\d+:\d+: {key}: .*{path}", refused[0].err), refused[0]
    subject.assert_unchanged()


def test_every_verb_refuses_a_bad_file_in_its_place(live: Subject) -> None:
    machine = live.machine
    machine.write(CONFIG, "limits:\n  memory: much\n", 0o600)
    for verb in ("apply", "plan", "plan --check --json", "status", "status --json", "verify", "config reload"):
        refused = machine.run(f"hubinstall {verb}", check=False)
        assert (refused.code, refused.out) == (BAD_CONFIGURATION, ""), refused
        assert refused.err.startswith(f"{CONFIG}:2:11: limits.memory: 'much' is not a size; try "), refused
    live.assert_unchanged()


def test_what_the_machine_has_against_a_setting_is_placed_too(live: Subject) -> None:
    machine = live.machine
    taken = ".".join(machine.address.split(".")[:3]) + ".0/24"
    machine.write(CONFIG, f"users: {{admin: [ada, www-data]}}\nnetwork:\n  subnet: {taken}\n", 0o600)
    refused = machine.run(["hubinstall", "apply", "--admin", "newcomer:enigma-1843"], check=False)
    assert refused.code == BAD_CONFIGURATION
    lines = refused.err.splitlines()
    assert any(line.startswith(f"{CONFIG}:3:11: network.subnet: {taken} overlaps ") for line in lines), refused
    assert any(line.startswith(f"{CONFIG}:1:22: users.admin[1]: www-data is a system ") for line in lines), refused
    assert all(PLACE.match(line) for line in lines), refused
    live.assert_unchanged()


def test_a_person_without_rights_is_told_so(live: Subject) -> None:
    person = installed.PERSON
    for verb in (
        "plan",
        "apply",
        "status",
        "verify",
        "config show",
        "config set limits.cpu 2",
        "uninstall --yes",
        "stop",
    ):
        done = live.machine.run(["runuser", "-u", person, "--", "hubinstall", *verb.split()], check=False)
        assert done.code == 1, done
        assert "root" in done.err, done
        assert "Traceback" not in done.err, done
    live.assert_unchanged()


def test_a_status_that_does_not_work_says_so_in_80_columns(live: Subject) -> None:
    """The last test here: it restarts what the others find running."""
    machine = live.machine
    assert machine.run(["hubinstall", "status"]).code == 0
    machine.run("hubinstall stop nginx")
    down = machine.run(["hubinstall", "status"], check=False)
    machine.run("hubinstall start nginx")
    assert down.code == 3
    assert re.search(r"^failed +nginx ", down.out, re.MULTILINE), down
    assert max(map(len, (down.out + down.err).splitlines())) <= 80, down
    assert machine.run(["hubinstall", "status"]).code == 0
