"""The command: every verb parses and has its function; every end has its exit code."""

import argparse

import pytest

from hubinstall.cli import config, main, session, verbs
from hubinstall.cli.flags import FLAG_SETTINGS, for_apply
from hubinstall.cli.parser import MEANT
from hubinstall.errors import UserError
from hubinstall.layout import CONFIG_FILE


def choices(parser):
    """Verb → its parser."""
    found = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return found[0].choices if found else {}


VERBS = choices(main.parser())
CONFIG_VERBS = choices(VERBS["config"])
WITH_MORE = {"config", "certificate", "course", "environment", "user", "import-tljh", "bundle"}
LINES = (
    *([verb] for verb in VERBS if verb not in WITH_MORE),
    ["bundle", "b.tar"],
    ["certificate", "status", "--json"], ["certificate", "renew", "--force"], ["certificate", "renew", "--if-due"],
    *(["config", verb] for verb in ("show", "schema", "example", "reload")),
    *(["config", verb, "users.admin", "alice"] for verb in ("set", "add-item", "remove-item")),
    ["config", "unset", "limits.memory"], ["config", "get", "limits.memory"], ["config", "edit", "--apply"],
    ["config", "set", "a", "1", "b", "2"], ["config", "set", "a=1", "b=2"],
    ["config", "set", "limits.memory", "2G", "--apply"],
    ["plan", "--check", "--json"], ["status", "--check", "--json"], ["uninstall", "--yes"],
    ["apply", "--plain", "--admin", "a:b", "--admin", "c", "--domain", "hub.example.org", "--base-url", "/x/"],
    ["apply", "--image", "quay.io/jupyter/base-notebook", "--memory", "2G", "--cpu", "1.5", "--email", "a@b.org"],
    ["top", "--json"], ["restart", "jupyterhub"], ["logs", "nginx", "-f", "-n", "5"],
    ["announce", "Exam", "at", "10", "--until", "18:00"], ["announce", "--clear"],
    ["import-tljh", "tljh.yaml"], ["import-tljh", "tljh.yaml", "--output", "config.yaml"],
    ["environment", "add", "plotly>=6", "numba", "--apt", "zip", "--apt", "sl", "--r", "tidyverse"],
    ["environment", "remove", "numba", "--environment", "stats"], ["environment", "undo"],
    ["environment", "list", "--json"],
    ["course", "add", "stats-101", "--title", "Statistics", "--teacher", "prof", "--students", "class.csv"],
    ["course", "list", "--json"], ["course", "remove", "stats-101"], ["course", "hand-out", "stats-101", "week1"],
    ["course", "collect", "stats-101"],
    ["user", "add", "grace", "--full-name", "Grace Hopper", "--group", "a", "--group", "b", "--password-stdin"],
    ["user", "list", "--json"], ["user", "passwd", "grace", "--stdin"], ["user", "passwd", "grace", "--generate"],
    ["user", "remove", "grace", "--purge"], ["user", "archive", "grace", "/srv/archive"],
    ["user", "import", "class.csv", "--dry-run", "--accept-names", "--sheet-folder", "/srv/sheets"],
    ["logs", "jupyterhub", "--since", "30min"], ["logs", "--person", "grace"],
)  # fmt: skip


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_it_parses(line):
    assert main.parser().parse_args(line).verb == line[0]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_its_function_and_its_words(verb, capsys):
    assert verb == "help" or callable(config.config if verb == "config" else getattr(verbs, verb.replace("-", "_")))
    with pytest.raises(SystemExit) as end:
        main.main([verb, "--help"])
    assert end.value.code == 0
    assert capsys.readouterr().out.strip()


def test_the_config_verbs_are_tljhs_and_ours():
    wanted = {
        "show",
        "set",
        "unset",
        "add-item",
        "remove-item",
        "reload",
        "schema",
        "example",
        "proxy-snippet",
        "get",
        "edit",
    }
    assert CONFIG_VERBS.keys() == wanted


@pytest.mark.parametrize(
    "line",
    [[], ["instal"], ["apply", "--admn", "ada"], ["apply", "now"], ["apply", "--dom", "x"], ["config"],
     ["config", "frob", "x"], ["config", "set"], ["logs", "-n", "many"], ["status", "--yes"], ["plan", "--plain"]],
    ids=" ".join,
)  # fmt: skip
def test_wrong_words_end_with_2_and_the_usage(line, capsys):
    with pytest.raises(SystemExit) as end:
        main.main(line)
    assert end.value.code == 2
    assert "usage: hubinstall" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (UserError("it failed", "Mend it."), 1, "hubinstall: it failed"),
        (UserError("another run holds the lock", "Wait.", 75), 75, "hubinstall: another run"),
        (UserError(f"{CONFIG_FILE}:1:1: limts: unknown", "try limits", 78), 78, f"{CONFIG_FILE}:1:1: limts"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (ZeroDivisionError("of ours"), 1, "this is a bug in hubinstall"),
    ],
)
def test_every_end_has_its_exit_code(monkeypatch, capsys, error, code, words):
    def fail(*_):
        raise error

    monkeypatch.setattr(verbs, "verify", fail)
    assert main.main(["verify"]) == code
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""
    assert ("Traceback" in said.err) == isinstance(error, ZeroDivisionError)
    if code == 78:
        assert not said.err.startswith("hubinstall")


def test_flags_that_are_settings_are_flags():
    flags = vars(main.parser().parse_args(["apply"]))
    assert FLAG_SETTINGS.keys() <= flags.keys()
    assert vars(main.bootstrap_parser().parse_args([])).keys() == (flags.keys() - {"verb"}) | {"bundle"}


def test_uninstall_without_yes_does_nothing(monkeypatch, capsys):
    monkeypatch.setattr(session.os, "geteuid", lambda: 0)
    assert main.main(["uninstall"]) == 2
    assert "hubinstall uninstall --yes" in capsys.readouterr().err


@pytest.mark.parametrize("line", [["apply"], ["status"], ["config", "show"], ["uninstall", "--yes"], ["start"]])
def test_without_root(line, monkeypatch, capsys):
    monkeypatch.setattr(session.os, "geteuid", lambda: 1000)
    assert main.main(line) == 1
    assert "needs root" in capsys.readouterr().err


def ended(line, capsys):
    with pytest.raises(SystemExit) as end:
        main.main(line.split())
    assert end.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("aply", "apply"), ("Status", "status"), ("cofnig show", "config"), ("unistall", "uninstall"),
        *MEANT.items(),
        ("config shwo", "config show"), ("config add_item", "config add-item"), ("config delete", "uninstall"),
        ("certificate rnew", "certificate renew"), ("help aply", "apply"), ("help config gte", "config get"),
    ],
)  # fmt: skip
def test_a_mistyped_verb_is_answered_with_one_that_exists(line, meant, capsys):
    said = ended(line, capsys)
    assert said.startswith("usage: hubinstall")
    assert f"; did you mean `hubinstall {meant}`?" in said
    assert main.parser().find(meant.split())


@pytest.mark.parametrize(
    ("line", "meant"),
    [("apply --admn ada", "--admn: did you mean --admin?"), ("plan --chek", "--chek: did you mean --check?"),
     ("apply --dom=x", "--dom=x: did you mean --domain?"), ("config set a b --aply", "--aply: did you mean --apply?"),
     ("apply --dry-run", "--dry-run: try hubinstall plan"), ("status now", "unrecognized arguments: now")],
)  # fmt: skip
def test_a_mistyped_flag_is_answered_by_the_verb_it_was_given_to(line, meant, capsys):
    said = ended(line, capsys)
    assert said.startswith(f"usage: hubinstall {line.split()[0]}")
    assert meant in said


def test_a_word_that_is_like_nothing(capsys):
    assert "there is no verb 'xyzzy'; try one of plan, apply, status" in ended("xyzzy", capsys)
    assert "`hubinstall version` has no verbs" in ended("help version now", capsys)


@pytest.mark.parametrize("words", ["", "apply", "config", "config set", "certificate renew", "help"])
def test_help(words, capsys):
    assert main.main(["help", *words.split()]) == 0
    said = capsys.readouterr().out
    with pytest.raises(SystemExit):
        main.main([*words.split(), "--help"])
    assert capsys.readouterr().out == said != ""


def test_version(capsys):
    assert main.main(["version"]) == 0
    assert capsys.readouterr().out.startswith("hubinstall ")


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["--bundle", "b.tar", "--admin", "ada"], ["--admin", "ada"]),
        (["--admin", "ada", "--bundle=b.tar", "--yes"], ["--admin", "ada", "--yes"]),
        (["--admin", "ada"], ["--admin", "ada"]),
        ([], []),
    ],
)
def test_apply_is_not_told_of_a_bundle(words, left):
    assert for_apply(words) == left
    assert main.bootstrap_parser().parse_args(words).bundle == ("b.tar" if words != left else None)
