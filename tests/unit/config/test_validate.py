"""config.yaml: what is accepted, what is refused in which words, and how single values are changed in it."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkout_path import CHECKOUT
from harness import nonsense
from hubinstall.config import edit, reference
from hubinstall.config import problems as config_problems
from hubinstall.config import validate as config_validate
from hubinstall.config.problems import ConfigError
from hubinstall.config.validate import decode, document, load
from hubinstall.errors import UserError
from hubinstall.settings.model import Settings

CONFIGS = CHECKOUT / "tests/configs"
GOOD = sorted((CONFIGS / "good").glob("*.yaml"))
BAD = nonsense.kept()
NAME = "config.yaml"
FOR_ANOTHER_CHOICE = {"allowed", "address", "trusted_proxies", "url", "sha256"}
"""Keys whose examples do not go with those of others: of `users.allow_all`, of `https.mode`, of `environment.image`."""

CLASSES = ("cross", "encoding", "injection", "range", "size", "type", "unknown", "yaml")


def ident(file: Path | nonsense.Nonsense) -> str:
    return file.stem if isinstance(file, Path) else file.name


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(text, NAME)
    assert caught.value.code == 78
    return str(caught.value).splitlines()


@pytest.mark.parametrize("path", GOOD, ids=ident)
def test_good(path):
    """A good file means what the JSON beside it says; everything that it does not mention is at its default."""
    made = load(decode(path.read_bytes()), NAME).settings.model_dump(mode="json")
    defaults = Settings().model_dump(mode="json")
    assert made == overlaid(defaults, json.loads(path.with_suffix(".json").read_text()))


def overlaid(values: Any, changes: Any) -> Any:
    if not isinstance(values, dict) or not isinstance(changes, dict):
        return changes
    return values | {key: overlaid(values.get(key), change) for key, change in changes.items()}


@pytest.mark.parametrize("case", BAD, ids=ident)
def test_bad(case):
    """A bad file is refused with exactly the problems that its first lines list."""
    assert case.expected
    assert problems(decode(case.content)) == [f"{NAME}:{line}" for line in case.expected]


@pytest.mark.parametrize("case", BAD, ids=ident)
def test_a_byte_order_mark_and_windows_line_ends_move_no_place(case):
    """What a file of Windows' editor is refused with: the same, in the same places."""
    text = decode(case.content)
    same = problems(text)
    assert problems(decode(b"\xef\xbb\xbf" + case.content)) == same
    assert problems(text.replace("\n", "\r\n")) == same


@pytest.mark.parametrize("case", nonsense.made(), ids=lambda case: case.name)
def test_what_is_large_or_of_another_encoding(case):
    """Refused in seconds, whatever it is."""
    began = time.process_time()
    lines = problems(decode(case.content))
    assert time.process_time() - began < 10
    assert all(any(line.startswith(f"{NAME}:{words}") for line in lines) for words in case.expected), lines[:3]


def test_every_problem_says_what_to_try():
    lines = [line for case in BAD for line in problems(decode(case.content))]
    lines += problems("#" * 1_000_001)
    assert len(lines) > len(BAD)
    assert [line for line in lines if "; try " not in line and "; did you mean " not in line] == []


def test_every_class_of_nonsense_has_files():
    names = [case.name for case in BAD]
    assert len(names) >= 160
    assert {name.partition("-")[0] for name in names} == set(CLASSES)


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", "\ufeff", "null\n", "users:\nlimits:\n  cpu:\n"])
def test_nothing_means_the_defaults(text):
    assert load(text, NAME).settings == Settings()


def test_a_byte_order_mark_is_left_aside():
    assert problems("\ufeffdomian: x\n") == [f"{NAME}:1:1: domian: unknown key; did you mean domain?"]


def test_windows_line_ends_do_not_move_the_places():
    assert problems("limits:\r\n  cpu: 1\r\n  cup: 1\r\n") == [
        f"{NAME}:3:3: limits.cup: unknown key; did you mean limits.cpu?"
    ]


def test_thousands_of_problems_are_counted_rather_than_printed():
    lines = problems(f"users: {{admin: [{'X/, ' * 1000}]}}")
    assert len(lines) == 201
    assert lines[-1] == f"{NAME}: 800 more problems"


@pytest.mark.parametrize("line", ["k{0}: 1\n", "shares.{0}: 1\n", "a: 1\n"])
def test_thousands_of_wrong_keys_are_refused_in_seconds(line):
    """What each was meant to be is looked for only as long as it is shown."""
    began = time.process_time()
    assert len(problems("".join(line.format(number) for number in range(5000)))) == 201
    assert time.process_time() - began < 10


def test_a_folded_text_is_joined_by_spaces():
    assert problems("domain: >-\n  hub\n  example\n")[0].startswith(f"{NAME}:1:9: domain: 'hub example' is not")
    assert load("domain: >-\n  hub.example.org\n", NAME).settings.domain == "hub.example.org"


def test_the_path_of_the_file_is_in_every_problem():
    with pytest.raises(ConfigError) as caught:
        load("a: 1\nb: 2\n", "some/where.yaml")
    assert [(p.path, p.line, p.column, p.key) for p in caught.value.problems] == [
        ("some/where.yaml", 1, 1, "a"),
        ("some/where.yaml", 2, 1, "b"),
    ]


YAMLISH = st.lists(
    st.sampled_from(
        [*Settings.model_fields, "admin", "memory", "access", "group", ":", ": ", "\n", "\n  ", "- ", "[", "]", "{",
         "}", ", ", "'", '"', "#", " #", "&a", "*a", "!", "!!str ",
         "|", ">", "\t", "---\n", "...\n", "%YAML 1.2\n", "? ",
         "2G", "0", "-1", "1e999", "true", "~", ".nan", "<<", "\\", "\x00", "\u2028", "\x85", "\r", "é", "\ud800"]
    ),
    max_size=30,
).map("".join)  # fmt: skip
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from([*Settings.model_fields, "admin", "x"]), inner)
    ),
    max_leaves=8,
)


def refused_or_settings(text: str) -> None:
    for line, problem in problems_of(text):
        assert line.startswith(f"{NAME}:{problem.line}:{problem.column}: ")
        assert line.isprintable()


def problems_of(text: str) -> list[tuple[str, config_problems.Problem]]:
    try:
        made = load(text, NAME).settings
    except ConfigError as error:
        return list(zip(str(error).splitlines(), error.problems, strict=True))
    assert Settings.model_validate(made.model_dump(mode="json")) == made
    return []


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), YAMLISH))
def test_any_text_is_settings_or_problems(text):
    refused_or_settings(text)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_settings_or_problems(data):
    refused_or_settings(decode(data))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*Settings.model_fields, "x"]), TREES))
def test_any_tree_is_settings_or_problems(tree):
    refused_or_settings(json.dumps(tree))


def test_show_ends_in_one_new_line():
    assert config_validate.show("a: 1\n\n\n") == "a: 1\n"
    assert config_validate.show(" \n") == ""


def test_the_example_means_the_defaults_and_every_line_of_it_is_valid():
    text = reference.example()
    assert load(text, NAME).settings == Settings()
    lines = [line for line in text.splitlines() if line.strip("# ").partition(":")[0] not in FOR_ANOTHER_CHOICE]
    live = "\n".join(line.replace("# ", "", 1) if _is_setting(line) else line for line in lines)
    made = load(live, NAME).settings
    assert made.domain == "hub.example.org"
    assert made.shares["project"].group == "teachers"
    assert made.network.allow


def _is_setting(line: str) -> bool:
    name = line.strip().removeprefix("# ").partition(":")[0]
    return line.strip().startswith("# ") and (name in {"course-101", "project"} or name in _names(Settings))


def _names(model) -> set[str]:
    names = set(model.model_fields)
    for field in model.model_fields.values():
        if hasattr(field.annotation, "model_fields"):
            names |= _names(field.annotation)
    return names


def test_the_schema_describes_every_key():
    made = reference.schema()
    assert made["$schema"].endswith("2020-12/schema")
    for model in (made, *made["$defs"].values()):
        assert model["additionalProperties"] is False
        assert all(part["description"] for part in model["properties"].values())


def test_the_reference_page_is_the_one_that_the_types_make():
    page = CHECKOUT / "docs" / "reference" / "settings.md"
    assert page.read_text() == reference.reference(), (
        "write hubinstall.config.reference.reference() to docs/reference/settings.md"
    )


def test_what_edits_raise_is_for_people():
    with pytest.raises(UserError, match="is not a key"):
        edit.set_value(document(""), "limits..memory", "2G")
