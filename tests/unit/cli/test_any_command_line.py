"""Any words after `hubinstall` on any config.yaml: an exit code that is documented, words, and nothing written.

One seed of many is drawn for each commit; --exhaustive runs them all.
"""

import contextlib
import io
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.cli import main as cli_main
from hubinstall.cli import verbs
from hubinstall.config import edit, validate
from hubinstall.config.yaml.parser import parse
from hubinstall.errors import UserError

SEEDS = range(100)
TOO_SMALL = r"(hubinstall: )?512 MB of memory is too little|  Give the machine 1 GB or more\.$"
"""What is wrong with the machine of these tests (Machine)."""
DOCUMENTED = {int(code) for code in re.findall(r"(?:^|· )(\d+) ", str(cli_main.__doc__), re.MULTILINE)}
GOOD = "# ours\ndomain: hub.example.org  # the name\nusers:\n  # people\n  admin: [alice]\nlimits: {memory: 2G}\n"
FILES = (
    "",
    GOOD,
    f"\ufeff{GOOD}",
    "limits: {memory: much}\n",
    "a: [",
    "\x00",
    "shares:\r\n  x:\r\n",
    "{}",
    "domain: é\n",
)

VERBS = ("plan", "apply", "status", "verify", "uninstall", "start", "stop", "restart", "logs", "version", "help")
CONFIG_VERBS = ("show", "schema", "example", "set", "unset", "add-item", "remove-item", "reload", "get")
FLAGS = (
    "--check", "--json", "--plain", "--yes", "--apply", "-f", "-n", "--lines", "--help", "-h", "--version", "--",
    "--admin", "--domain", "--email", "--base-url", "--process-manager", "--image", "--memory", "--cpu",
    "--admin-password-file", "--unknown",
)  # fmt: skip
KEYS = (
    "domain", "base_url", "users.admin", "users.allow_all", "limits.memory", "limits.cpu", "shares.x.access",
    "network.allow", 'shares."a.b".access.group', "limits", "", ".", "a..b", "users.admin[0]", "__class__", "domain.x",
)  # fmt: skip
VALUES = (
    "2G", "1.5", "alice", "ada:secret", "ada:", ":", "[a, b]", "{group: x}", "{access: read-only}", "hub.example.org",
    "/jupyter/", "null", "true", "-1", "1e999", "*x", "&x y", "!!python/object/apply:os.system [id]", "a: b", "a\nb",
    "a #b", "'", '"', "\\", "$(reboot)", "; reboot", "`id`", "../../etc/passwd", "/dev/zero", "/", "{{ settings }}",
    "%n%s", "\x1b[2J", "\ud800", "\udcff", "\u2028", "\ufeff", "x" * 5000, "[" * 3000, "9" * 5000, "---", "...", "-",
    "jupyterhub", "nginx.service", "--", "root", "10.1.2.3:443", "0.0.0.0/0",
)  # fmt: skip
# What cannot be in an argv is left out: NUL.
ANY = st.text(st.characters(exclude_characters="\0"), max_size=20)
WORDS = st.one_of(st.sampled_from([*VERBS, "config", *CONFIG_VERBS, *FLAGS, *KEYS, *VALUES]), ANY)
VALUE = st.one_of(st.sampled_from(VALUES), ANY)
OPTION = st.tuples(st.sampled_from(FLAGS[12:]), VALUE).map(lambda pair: [f"{pair[0]}={pair[1]}"])
EDIT = st.tuples(st.sampled_from(["set", "unset", "add-item", "remove-item"]), st.sampled_from(KEYS), VALUE).map(
    lambda words: ["config", *(words[:2] if words[0] == "unset" else words)]
)
ARGV = st.one_of(
    st.lists(WORDS, max_size=6),
    st.tuples(st.sampled_from(VERBS), st.lists(st.one_of(OPTION, WORDS.map(lambda w: [w])), max_size=4)).map(
        lambda made: [made[0], *(word for words in made[1] for word in words)]
    ),
    st.tuples(EDIT, st.lists(st.sampled_from(["--apply", "--json", "x"]), max_size=1)).map(lambda m: [*m[0], *m[1]]),
)


class Machine(FakeHost):
    """Nothing is installed, and too little memory: every apply ends before its first step."""

    def __init__(self, root: Path, text: str) -> None:
        super().__init__(root)
        self.put("/etc/os-release", 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n')
        self.put("/proc/meminfo", "MemTotal: 500000 kB\n")
        self.path("/var").mkdir(exist_ok=True)
        self.put(layout.CONFIG_FILE, text)

    def show(self, argv):
        return 0

    def tree(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in self.root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def call():
    """(argv, text of config.yaml, effective uid) → code, stdout, stderr, the text after, and what else changed."""

    def run(argv: list[str], text: str, uid: int) -> tuple[int, str, str, str, set[str]]:
        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            host = Machine(Path(folder, "root"), text)
            patch.setattr(cli_main, "Host", lambda: host)
            patch.setattr(os, "geteuid", lambda: uid)
            patch.setattr(layout, "LOCK", f"{folder}/lock")
            patch.setattr(layout, "LOG_FILE", f"{folder}/log")
            patch.setattr("hubinstall.verify.probe.verify", nothing_answers)
            patch.setattr("hubinstall.verify.health.health", nothing_answers)
            before = host.tree()
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = ended(lambda: cli_main.main(argv))
            after = host.tree()
            file = str(host.path(layout.CONFIG_FILE))
            changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
            return code, out.getvalue(), err.getvalue(), after[file].decode(), changed - {file}

    return run


def nothing_answers(*_: object, **__: object) -> None:
    raise UserError("nothing answers here", "See: hubinstall logs")


def ended(main: Callable[[], int]) -> int:
    try:
        return main()
    except SystemExit as end:
        return int(end.code or 0)


def comments(text: str) -> list[str]:
    return [line.strip() for line in text.removeprefix("\ufeff").splitlines() if line.strip().startswith("#")]


def test_the_codes_are_read_from_the_documentation():
    assert {0, 1, 2, 3, 75, 78} == DOCUMENTED


@pytest.mark.drawn("number", SEEDS, sample=1)
def test_any_command_line(number, call):
    @seed(number)
    @settings(max_examples=150, deadline=None, database=None)
    @given(ARGV, st.sampled_from(FILES), st.sampled_from([0, 0, 0, 1000]))
    def check(argv: list[str], text: str, uid: int) -> None:
        code, out, err, now, others = call(argv, text, uid)
        assert code in DOCUMENTED, (code, err)
        assert "Traceback" not in out + err, err
        assert "bug in hubinstall" not in err, err
        assert others == set()
        assert err.strip() or code in {0, 3}
        if code == 78:
            # The machine's own problem may be named beside those of the settings.
            line = (
                rf"({TOO_SMALL}|{layout.CONFIG_FILE}(:\d+:\d+)?: |(hubinstall: )?(config |--)|  Nothing was changed\.$)"
            )
            assert all(re.match(line, each) for each in err.splitlines()), err
        if now != text:
            assert (code, argv[0]) == (0, "config")
            validate.load(now)
            assert comments(now) == comments(text)

    check()


@pytest.mark.parametrize("uid", [0, 1000])
@pytest.mark.parametrize("verb", [*VERBS[:-1], "config show"])
def test_every_verb_on_a_bad_file(verb, uid, call):
    """Refused with the place, or it does not need the file; as a person, in words."""
    code, _, err, now, others = call(verb.split(), "limits: {memory: much}\n", uid)
    assert (now, others) == ("limits: {memory: much}\n", set())
    assert "Traceback" not in err
    if verb in {"plan", "apply", "status", "verify"} and uid == 0:
        assert code == 78
        assert err.startswith(f"{layout.CONFIG_FILE}:1:18: limits.memory: ")


def test_a_person_is_told_that_it_is_for_root(call, monkeypatch):
    def forbid(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "/var/lib/hubinstall/ledger.json")

    monkeypatch.setattr(verbs, "plan", forbid)
    code, _, err, _, _ = call(["plan"], "", 1000)
    assert (code, err.splitlines()[0]) == (1, "hubinstall: only root can access /var/lib/hubinstall/ledger.json")


EDITED = st.one_of(st.sampled_from(VALUES), st.text(max_size=30))


@pytest.mark.drawn("number", SEEDS, sample=1)
def test_any_value_of_config_set_leaves_a_file_that_can_be_read_with_its_comments(number):
    """`config set KEY VALUE`, whatever the value: what is kept parses, and says nothing else differently."""

    @seed(number)
    @settings(max_examples=200, deadline=None, database=None)
    @given(st.sampled_from(FILES), st.sampled_from(KEYS), EDITED)
    def check(text: str, key: str, value: str) -> None:
        try:
            new = edit.set_value(parse(text), key, value)
        except UserError:
            return
        assert set(comments(text)) <= set(comments(new.text))
        assert new.faults == ()

    check()
