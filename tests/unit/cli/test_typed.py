"""`config set`, `get` and `edit`, and the flags that are settings: what was typed is named, and what to do next."""

import re
import shlex

import pytest

from fakes.command import Command, command
from hubinstall import layout
from hubinstall.cli import editor
from hubinstall.installation import preflight
from hubinstall.preflight.checks import Problem

FILE = layout.CONFIG_FILE
OLD = "# ours\nlimits: {memory: 1G}\nusers:\n  admin: [alice]\n"
SAVED = f"saved in {FILE}; to apply it, run: hubinstall apply\n"


@pytest.fixture
def call(tmp_path, monkeypatch) -> Command:
    """On a machine on which nothing is installed, with a file of somebody's."""
    called = command(tmp_path, monkeypatch)
    called.world.host.put(FILE, OLD)
    return called


def text(call: Command) -> str:
    return call.world.host.text(FILE)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("config set limits.memory much", "config set limits.memory much: 'much' is not a size; try a number with"),
        ("config set limits.cpu=-1", "config set limits.cpu -1: -1 is too small; try 0.01 or more"),
        ("config set limits.cpu 2 limits.memory much", "config set limits.memory much: 'much' is not a size"),
        ("config set limits.ram 2G", "config set limits.ram 2G: unknown key; try one of limits.memory, "),
        ("config set limits '{memory: x}'", "config set limits '{memory: x}': limits.memory: 'x' is not a size"),
        ("config set https.tls.key /a", "config set https.tls.key /a: also needs cert; try setting https.tls.key and"),
        ("config set http.port 8000", "config set http.port 8000: has no effect while nginx serves https on"),
        ("config add-item users.admin 'Bad / Name'", "config add-item users.admin 'Bad / Name': users.admin[1]: "),
        ("config add-item users.admin bob 'Bad / Name'", "config add-item users.admin 'Bad / Name': "),
        ("plan --memory much", "--memory much: 'much' is not a size"),
        ("apply --admin 'Bad / Name'", "--admin 'Bad / Name': 'Bad / Name' cannot be the name of an account"),
        ("apply --admin 'Bad / Name:secret'", "--admin 'Bad / Name': 'Bad / Name' cannot be the name of an account"),
        ("apply --base-url 'a b'", "--base-url 'a b': 'a b' is not a usable path"),
        ("apply --process-manager openrc", "--process-manager openrc: must be auto, systemd or supervisor"),
    ],
)
@pytest.mark.parametrize("file", ["", OLD])
def test_a_refusal_names_what_was_typed(call, line, words, file):
    call.world.host.put(FILE, file)
    said = call(line)
    assert (said.code, said.out) == (78, "")
    assert re.sub(r"users\.admin\[\d\]: ", "", said.err).startswith(
        "hubinstall: " + words.replace("users.admin[1]: ", "")
    ), said.err
    assert FILE not in said.err
    assert "secret" not in said.err
    assert said.err.endswith("\n  Nothing was changed.\n")
    assert text(call) == file


def test_a_conflict_elsewhere_names_both(call):
    call.world.host.put(FILE, "http: {entrance: /jupyter}\n")
    said = call("config set base_url /x/")
    assert said.err.startswith(
        "hubinstall: config set base_url /x/: http.entrance: needs the hub at /, but base_url is"
    )


def test_what_was_wrong_before_has_its_place(call):
    call.world.host.put(FILE, "limits:\n  cpu: x\n")
    said = call("config set limits.memory 2G")
    assert (said.code, said.err) == (78, f"{FILE}:2:8: limits.cpu: must be a number, not 'x'; try 1\n")
    both = call("config set limits.memory much").err.splitlines()
    assert [line.split(": ")[0] for line in both] == [
        f"{FILE}:2:8",
        "config set limits.memory much",
        "  Nothing was changed.",
    ]
    assert call("config set limits.cpu 1").code == 0


def test_what_the_machine_has_against_it_is_named_as_typed_too(call, monkeypatch):
    against = [
        Problem("cannot change", "try auto", 78, ("process_manager",)),
        Problem("alice is a system account", "try bob", 78, ("users", "admin", 0)),
    ]
    monkeypatch.setattr(preflight.checks, "check", lambda *_, **__: against)
    for line, words in {
        "plan --process-manager supervisor": "--process-manager supervisor",
        "config set process_manager=supervisor --apply": "config set process_manager supervisor",
    }.items():
        said = call(line)
        assert said.code == 78
        assert said.err.splitlines() == [
            f"hubinstall: {words}: cannot change; try auto",
            f"{FILE}:4:11: users.admin[0]: alice is a system account; try bob",
        ]
        assert text(call) == OLD


@pytest.mark.parametrize(
    "line",
    ["https.tls.key /a https.tls.cert /b", "https.tls.key=/a https.tls.cert=/b", "https.tls '{key: /a, cert: /b}'"],
)
def test_several_at_once(call, line):
    said = call(f"config set {line}")
    assert (said.code, said.err) == (0, SAVED)
    assert call("config get https.tls.cert").out == "/b\n"
    assert text(call).startswith(OLD)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("config set limits.memory", "limits.memory has no value"),
        ("config set limits.memory 2G limits.cpu", "limits.cpu has no value"),
        ("config set limits.memory=2G limits.cpu 2", "'limits.cpu' is not KEY=VALUE, as 'limits.memory=2G' is"),
        ("config set limits.memory '*x'", "limits.memory: '*x' is not a YAML value"),
        ("config add-item domain x", "domain is not a list"),
    ],
)
def test_a_wrong_grammar_is_answered_with_the_right_one(call, line, words):
    said = call(line)
    assert said.code == 2
    assert said.err.startswith(f"hubinstall: {words}"), said.err
    assert text(call) == OLD


def test_a_value_may_contain_what_pairs_do_not(call):
    assert call("""config set 'shares."a.b".access' '{group: x}' shares.c '{access: read-only}'""").code == 0
    assert call("config get shares").out == "{a.b: {access: {group: x}}, c: {access: read-only}}\n"
    assert call("config set https.letsencrypt.server=https://ca.example.org/dir?a=b").code in {0, 78}


def test_the_next_step_is_told(call):
    assert call("config set limits.memory: 2G").err == SAVED
    assert call("config add-item users.admin bob carol").err == SAVED
    assert "admin: [alice, bob, carol]" in text(call)
    assert call("config remove-item users.admin bob carol").err == SAVED
    assert call("config unset limits.memory").err == SAVED
    assert call("config set limits.memory 2G limits.processes 128").err == SAVED
    assert call("config unset limits.memory limits.processes").err == SAVED
    assert call("config get limits.processes").err.strip().endswith("this is the default")
    assert call("config set limits.cpu 1").err == SAVED
    assert call("config set limits.cpu 1").err == "nothing changed: config.yaml says so already\n"


# -- get -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "out", "err"),
    [
        ("limits.memory", "1G", ""),
        ("users.admin", "[alice]", ""),
        ("users", "{admin: [alice]}", ""),
        ("limits.cpu", "1.0", "limits.cpu is not set; this is the default"),
        (
            "https.mode",
            "",
            "https.mode is not set. Default: `letsencrypt` if `letsencrypt.email` and a name are set, else",
        ),
        ("domain", "", "domain is not set. Default: none; people use the machine's addresses."),
        ("shares.course.access", "", "shares.course.access is not set"),
        ("http.max_upload", "2147483648", "http.max_upload is not set; this is the default"),
    ],
)
def test_get(call, key, out, err):
    said = call(f"config get {key}")
    assert said.code == 0
    assert said.out == (f"{out}\n" if out else "")
    assert said.err.startswith(err)
    assert said.err if err else not said.err


@pytest.mark.parametrize(
    ("key", "words"), [("limits.memroy", "did you mean limits.memory?"), ("x", "try one of domain")]
)
def test_get_of_no_key(call, key, words):
    said = call(f"config get {key}")
    assert said.code == 2
    assert f"there is no setting {key}; {words}" in said.err


# -- edit ----------------------------------------------------------------------------------------------------


@pytest.fixture
def typing(call, monkeypatch):
    """Says what the person types in each opening of the editor; a text is what is then in the file."""
    host = call.world.host
    monkeypatch.setenv("VISUAL", "pen --wait")
    monkeypatch.setattr(
        type(host), "which", lambda _self, program: f"/usr/bin/{program}" if program != "gone" else None
    )
    opened = []

    def openings(*texts: str, code: int = 0) -> None:
        waiting = list(texts)

        def show(_self, argv):
            opened.append((argv[:-1], host.path(editor.COPY).read_text()))
            host.path(editor.COPY).write_text(waiting.pop(0))
            return code

        monkeypatch.setattr(type(host), "show", show)

    openings.opened = opened
    openings.call = call
    return openings


NEW = OLD.replace("1G", "2G")
BAD = OLD.replace("1G", "much")


def test_an_edit_is_saved_when_it_is_valid(typing):
    typing(NEW)
    said = typing.call("config edit")
    assert (said.code, said.err) == (0, SAVED)
    assert typing.opened == [(["pen", "--wait"], OLD)]
    assert text(typing.call) == NEW
    assert not typing.call.world.host.exists(editor.COPY)
    typing(NEW)
    assert typing.call("config edit").err == "nothing changed\n"


def test_a_bad_edit_is_kept_named_and_continued(typing):
    typing(BAD)
    said = typing.call("config edit")
    assert said.code == 78
    assert f"{editor.COPY}:2:18: limits.memory: 'much' is not a size; try " in said.err
    assert f"{FILE} was not changed. Your text is kept in {editor.COPY}; to continue" in said.err
    assert text(typing.call) == OLD
    assert typing.call.world.host.stat(editor.COPY).mode == "0600"
    typing(NEW)
    said = typing.call("config edit")
    assert f"continuing with {editor.COPY}" in said.err
    assert typing.opened[-1][1] == BAD
    assert text(typing.call) == NEW


def test_on_a_terminal_a_bad_edit_is_opened_again(typing, monkeypatch):
    monkeypatch.setattr(
        editor.sys, "stdin", type("Terminal", (), {"isatty": lambda _: True, "readline": lambda _: "\n"})()
    )
    typing(BAD, NEW)
    said = typing.call("config edit --apply")
    assert said.code == 0
    assert "To edit it again, press Enter" in said.err
    assert [seen for _, seen in typing.opened] == [OLD, BAD]
    assert typing.call.world.host.text("/etc/hub.json") == "2G"


def test_an_edit_never_overwrites_what_others_wrote_meanwhile(typing, monkeypatch):
    host = typing.call.world.host

    def show(_self, _argv):
        host.path(editor.COPY).write_text(NEW)
        host.path(FILE).write_text("limits: {cpu: 2}\n")
        return 0

    monkeypatch.setattr(type(host), "show", show)
    said = typing.call("config edit")
    assert said.code == 1
    assert f"{FILE} was changed by someone else in the meantime" in said.err
    assert text(typing.call) == "limits: {cpu: 2}\n"
    assert host.text(editor.COPY) == NEW


def test_an_editor_that_fails_changes_nothing(typing):
    typing(OLD, code=1)
    said = typing.call("config edit")
    assert (said.code, text(typing.call)) == (1, OLD)
    assert said.err == f"hubinstall: `pen --wait` ended with exit code 1\n  {FILE} was not changed.\n"
    assert not typing.call.world.host.exists(editor.COPY)


def test_which_editor(typing, monkeypatch):
    monkeypatch.setenv("VISUAL", "gone")
    assert "the editor gone ($VISUAL) is not installed" in typing.call("config edit").err
    monkeypatch.setenv("VISUAL", "")
    monkeypatch.setenv("EDITOR", "quill")
    typing(NEW)
    typing.call("config edit")
    assert typing.opened[-1][0] == ["quill"]
    monkeypatch.setenv("EDITOR", "")
    typing(OLD)
    typing.call("config edit")
    assert typing.opened[-1][0] == [editor.EDITORS[0]]
    monkeypatch.setattr(type(typing.call.world.host), "which", lambda *_: None)
    assert "there is no editor on this machine" in typing.call("config edit").err


# -- hints that are typed ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "https.enabled true", "https.port 8443", "https.tls.key /a", "https.tls.cert /b", "https.mode manual",
        "http.port 8080", "user_environment.default_app jupyterlab", "users.extra_user_groups.group1 user1",
        "services.cull.users true", "auth.DummyAuthenticator.password x", "traefik_api.port 8099",
        "limits.memory None", "limits.cpu x", "network.proxy x:1", "environment.packages x", "users.admin alice",
        "https.letsencrypt.domain x.org", "letsencrypt.email a@b.org", "memory 2G", "limits.mem 2G", "limits.gpu 1",
    ],
)  # fmt: skip
def test_what_people_of_tljh_type_leads_to_what_is_there(call, line):
    """Each command that TLJH's documentation tells, and what is near to it: the hint, typed, ends at 0."""
    host = call.world.host
    host.put(FILE, "")
    said = call(f"config set {line}")
    assert said.code == 78
    hint = re.search(r"; (try|did you mean) (.*)\n", said.err)
    assert hint, said.err
    for proposal in proposed(hint[1], hint[2], line):
        host.put(FILE, "")
        assert call(proposal).code == 0, (said.err, proposal)


def proposed(kind: str, words: str, line: str) -> list[str]:
    """The commands that a hint tells to type."""
    key, value = shlex.split(line)
    if kind == "did you mean":
        return [f"config set {words.rstrip('?').replace('NAME', 'x')} {value if 'domains' not in words else '[x.org]'}"]
    if words.startswith("leaving it out"):
        return ["config get domain"]
    pair = re.match(r"setting (\S+) and (\S+) together|adding (\S+) and (\S+)", words)
    if pair:
        first, second = (found for found in pair.groups() if found)
        return [f"config set {first} /a {second} /b"]
    if found := re.match(r"setting (\S+): (\S+),", words):
        return [f"config set {found[1]} {found[2]}", f"config set {found[1]} {found[2]} {key} {value}"]
    if words.startswith("one of "):
        return [f"config get {key}" for key in words.removeprefix("one of ").split(", ")]
    words = words.replace("square brackets: [a, b]", "'[a, b]'")
    return [f"config set {key} {found}" for found in re.split(r" or ", words.partition("such as ")[2] or words)]
