"""The accounts helper: what it takes for a question, whom it answers about, how often, and to whom."""

import contextlib
import json
import os
import pwd
import socket
import threading
import time
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from hubinstall import layout
from hubinstall.accounts_helper import __main__ as program
from hubinstall.accounts_helper import allowance, answers, pam, server, shadow
from hubinstall.accounts_helper.allowance import Allowance
from hubinstall.accounts_helper.answers import Answers
from hubinstall.accounts_helper.policy import Policy
from hubinstall.accounts_helper.questions import Change, MalformedError, Password, States, parsed, read_question
from hubinstall.hubside import helper
from hubinstall.hubside.helper import Entry, Refusal

NUMBERS = {
    "root": 0, "toor": 0, "daemon": 1, layout.PROBE_USER: 998, layout.HUB_USER: 2000, layout.PROXY_USER: 2001,
    "grace": 1000, "iris": 60000, "ldap": 60001, "nobody": 65534, "dynamic": 61184, "Grace@example.org": 1000,
}  # fmt: skip


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Accounts, a PAM that knows one password, and what it was asked."""
    asked: list[tuple[str, str]] = []

    def account(name: str) -> SimpleNamespace:
        return SimpleNamespace(pw_name="grace" if "@" in name else name, pw_uid=NUMBERS[name])

    def refusal(_service: str, name: str, password: str) -> Refusal | None:
        asked.append((name, password))
        if password == "right but old":
            return Refusal("new one required", "Your password is right, but it must be changed first.")
        return None if password == "right" else Refusal("Authentication failure")

    monkeypatch.setattr(pwd, "getpwnam", account)
    monkeypatch.setattr(pam, "refusal", refusal)
    monkeypatch.setattr(shadow, "FILE", str(tmp_path / "shadow"))
    monkeypatch.setattr(layout, "ACCOUNTS_KEY", str(tmp_path / "key"))
    Path(shadow.FILE).write_text("".join(f"{name}:$y$j9T$abc$hash:20000::::::\n" for name in NUMBERS))
    Path(layout.ACCOUNTS_KEY).write_text("0" * 64)
    return asked


POLICY = Policy(1000, 60000)
PEOPLE = {"grace", "iris", layout.PROBE_USER}


@pytest.mark.parametrize("name", [*NUMBERS, "ghost", "gr\nace", "\udc80"])
def test_only_peoples_accounts_and_the_probes_are_asked_about(machine, name):
    ours = Answers(POLICY)
    said = ours.to(Password(name, "right"))
    states = ours.to(States((name,)))["states"][name]
    if name in PEOPLE:
        assert said == {"answer": "accepted"}
        assert states["ended"] == ""
    else:
        assert said == {"answer": "no person"}
        assert states is None
        assert machine == [], "PAM was not asked"


def test_what_the_hub_is_told(machine):
    ours = Answers(POLICY)
    assert ours.to(Password("grace", "wrong")) == {
        "answer": "refused", "reason": "Authentication failure", "words": "",
    }  # fmt: skip
    assert ours.to(Password("grace", "right but old"))["words"].startswith("Your password is right")


def test_a_fingerprint_shows_a_change_and_nothing_else(machine):
    def said() -> str:
        text: str = Answers(POLICY).to(States(("grace",)))["states"]["grace"]["fingerprint"]
        return text

    first = said()
    assert first == said(), "also after a restart"
    assert not {"$y$", "abc", "hash"} & set(first)
    text = Path(shadow.FILE).read_text()
    Path(shadow.FILE).write_text(text.replace("grace:$y$j9T$abc", "grace:$y$j9T$abd"))
    assert said() != first
    Path(shadow.FILE).write_text(f"{text}# another size\n")
    assert said() == first
    Path(layout.ACCOUNTS_KEY).write_text("1" * 64)
    assert said().partition(":")[2] != first.partition(":")[2], "who does not know the key cannot make it"


def line(**question: object) -> bytes:
    return json.dumps(question).encode() + b"\n"


NO_QUESTIONS = {
    "nothing": b"\n",
    "no json": b"password grace right\n",
    "a list": b'["password", "grace", "right"]\n',
    "a number": b"5\n",
    "another verb": line(ask="hash", name="grace", password="right"),
    "a change without a new one": line(ask="change", name="grace", password="right"),
    "a change with more": line(ask="change", name="grace", password="right", new="x", root=True),
    "a change to a number": line(ask="change", name="grace", password="right", new=12345678),
    "a change to a null byte": line(ask="change", name="grace", password="right", new="abc\0defgh"),
    "a long new password": line(ask="change", name="grace", password="right", new="x" * 4097),
    "no verb": line(name="grace", password="right"),
    "one key more": line(ask="password", name="grace", password="right", service="other"),
    "one key less": line(ask="password", name="grace"),
    "a key twice": b'{"ask": "password", "name": "grace", "name": "root", "password": "x"}\n',
    "a name that is a list": line(ask="password", name=["grace"], password="x"),
    "an empty name": line(ask="password", name="", password="x"),
    "a null byte": line(ask="password", name="grace\0root", password="x"),
    "a null byte in the password": line(ask="password", name="grace", password="x\0"),
    "half a character": line(ask="password", name="\udc80", password="x"),
    "a long name": line(ask="password", name="g" * 257, password="x"),
    "a long password": line(ask="password", name="grace", password="x" * 4097),
    "many names": line(ask="states", names=["grace"] * 501),
    "names that are none": line(ask="states", names="grace"),
    "a name that is none": line(ask="states", names=["grace", None]),
    "a long line": b"[" * (helper.LINE + 5) + b"\n",
    "a deep line": b"[" * 100_000 + b"\n",
    "no utf-8": b'{"ask": "password", "name": "gr\xe4ce", "password": "x"}\n',
    "no end": line(ask="states", names=["grace"]).rstrip(),
}


@pytest.mark.parametrize("text", NO_QUESTIONS.values(), ids=NO_QUESTIONS.keys())
def test_what_is_no_question(text):
    with pytest.raises(MalformedError) as raised:
        read_question(BytesIO(text))
    assert "grace" not in str(raised.value), "it goes to the log"


def test_a_question_is_read_and_does_not_show_its_password():
    found = parsed(line(ask="password", name="grace", password="\n; right"))
    assert found == Password("grace", "\n; right")
    assert "right" not in repr(found)
    change = parsed(line(ask="change", name="grace", password="right", new="brand-new"))
    assert change == Change("grace", "right", "brand-new")
    assert "right" not in repr(change)
    assert "brand-new" not in repr(change)
    assert parsed(line(ask="states", names=["grace"])) == States(("grace",))
    assert read_question(BytesIO(b"")) is None


def test_wrong_passwords_are_slowed_for_each_account_and_lock_nobody_out():
    allowed = Allowance()
    tried = sum(not allowed.begin("grace", 0.01 * n) for n in range(10_000))
    assert tried <= allowance.AT_ONCE + 100 / allowance.EACH + 1
    allowed.begin("grace", 100.0)
    wait = allowed.begin("grace", 100.0)
    assert 0 < wait <= allowance.EACH
    assert allowed.begin("iris", 100.0) == 0
    assert allowed.begin("grace", 100.0 + wait) == 0
    allowed.was_right("grace", 100.0 + wait)
    assert allowed.begin("grace", 100.0 + wait) == 0, "who comes in has used up nothing"


def test_guesses_at_the_pace_that_the_hub_allows_never_make_the_owner_wait():
    """Fifty at once and one in 30 seconds, for a day."""
    allowed = Allowance()
    for now in [0.0] * 50 + [30.0 * n for n in range(2880)]:
        assert allowed.begin("grace", now) == 0
        assert allowed.begin("grace", now) == 0
        allowed.was_right("grace", now)


def test_the_count_is_bounded(monkeypatch):
    monkeypatch.setattr(allowance, "MOST", 10)
    allowed = Allowance()
    for number in range(100):
        allowed.begin(f"s{number}", 0.0)
    assert len(allowed._used) == 10


def test_the_helper_says_how_long(machine, monkeypatch):
    ours = Answers(POLICY)
    said = [ours.to(Password("grace", f"wrong {n}"))["answer"] for n in range(1000)]
    assert said.count("refused") == len(machine) == allowance.AT_ONCE
    assert ours.to(Password("grace", "right"))["seconds"] <= allowance.EACH
    assert ours.to(Password("iris", "right")) == {"answer": "accepted"}


def test_not_more_than_so_many_are_checked_at_once(machine, monkeypatch):
    at_work, most, lock = 0, 0, threading.Lock()
    full = threading.Event()

    def slow(*_arguments: str) -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
            if at_work >= answers.CHECKS:
                full.set()
        full.wait(60)
        time.sleep(0.05)  # in which one more would come
        with lock:
            at_work -= 1

    monkeypatch.setattr(pam, "refusal", slow)
    ours = Answers(POLICY)
    threads = [threading.Thread(target=ours.to, args=(Password("grace", "x"),)) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == answers.CHECKS


@pytest.fixture
def served(machine, tmp_path, monkeypatch):
    """A helper that listens, and answers this process only if `uid` says so."""
    monkeypatch.setattr(layout, "ACCOUNTS_SOCKET", str(tmp_path / "s"))
    umask = os.umask(0o022)
    listener = program.listening(layout.ACCOUNTS_SOCKET)
    os.umask(umask)
    assert Path(layout.ACCOUNTS_SOCKET).stat().st_mode & 0o777 == 0o660
    said = SimpleNamespace(uid=0, log=[])
    monkeypatch.setattr(server, "say", said.log.append)
    monkeypatch.setattr(server, "peer", lambda _connection: said.uid)
    threading.Thread(target=server.serve, args=(listener, Answers(POLICY)), kwargs={"only": 0}, daemon=True).start()
    return said


def test_the_hub_asks_over_the_socket(served, machine):
    assert helper.refusal("grace", "right") is None
    assert helper.refusal("grace", 'wr"ong\n\\ ä') == Refusal("Authentication failure")
    assert machine[-1] == ("grace", 'wr"ong\n\\ ä')
    assert helper.refusal("root", "right") == Refusal("no person")
    found = helper.states(["grace", "ghost", "root", "\0"])
    assert isinstance(found["grace"], Entry)
    assert found["ghost"] is found["root"] is None
    assert len(helper.states([f"s{number}" for number in range(1201)])) == 1201
    for _ in range(allowance.AT_ONCE):
        helper.asked({"ask": "password", "name": "iris", "password": "wrong"}, 5)
    with pytest.raises(helper.TooManyError):
        helper.refusal("iris", "right")


def test_only_the_hubs_account_is_answered(served):
    served.uid = 33
    with pytest.raises(helper.UnavailableError):
        helper.states(["grace"])
    assert served.log == ["Refused: a connection of the account with the number 33"]


def test_a_connection_that_asks_nonsense_ends_and_others_go_on(served):
    for text in (b"\xff\n", b"{}\n", b"x" * (helper.LINE + 1)):
        with socket.socket(socket.AF_UNIX) as other:
            other.settimeout(5)
            other.connect(layout.ACCOUNTS_SOCKET)
            other.sendall(text)
            with contextlib.suppress(ConnectionResetError):
                assert other.recv(100) == b""
    assert helper.refusal("grace", "right") is None
    assert all("x" * 10 not in words for words in served.log)


def test_the_kernel_says_who_asks():
    one, other = socket.socketpair()
    with one, other:
        assert server.peer(one) == os.getuid()


@pytest.mark.parametrize("text", ['{"uid_min": 1000}', '{"uid_min": 1000, "uid_max": 2, "more": 1}'])
def test_accounts_json_and_the_code_belong_together(text):
    assert Policy.parse(json.dumps(POLICY.as_dict())) == POLICY
    with pytest.raises(ValueError, match="missing or unknown keys"):
        Policy.parse(text)


@pytest.mark.parametrize(
    ("name", "password", "can"),
    [("grace", "x", True), ("grace", "", True), ("", "x", False), ("g\0", "x", False), ("grace", "\udc80", False),
     ("g" * 257, "x", False), ("grace", "x" * 4097, False), ("grace", "ä" * 2048, True)],
)  # fmt: skip
def test_what_can_be_asked(name, password, can):
    assert helper.can_check(name, password) is can
