"""Changes of single values: the rest of the text stays as it is, to the character."""

import difflib

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hubinstall.config import edit
from hubinstall.config.problems import ConfigError
from hubinstall.config.yaml.parser import parse
from hubinstall.config.yaml.writer import flow_text
from hubinstall.errors import UserError

TEXT = """\
# our hub
domain: hub.example.org   # the name
users:
  # people
  admin: [alice,  'bob']
  allowed:
  - carol   # since May
  - dave
limits:   # small machine
  memory: "2G"
  # cpu: 1

shares:
  course: {access: read-only}
  lab:
    access:
      group: teachers
network:
# end
"""


def on_texts(change):
    return lambda text, *arguments: change(parse(text), *arguments).text


set_value, unset = on_texts(edit.set_value), on_texts(edit.unset)
add_item, remove_item = on_texts(edit.add_item), on_texts(edit.remove_item)


def changed(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return sorted((line for line in lines if line[0] in "+-"), key=lambda line: line[0] == "+")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("domain", "x.org", ["- domain: hub.example.org   # the name", "+ domain: x.org   # the name"]),
        ("limits.memory", "4G", ['-   memory: "2G"', '+   memory: "4G"']),
        ("limits.memory", "1073741824", ['-   memory: "2G"', "+   memory: 1073741824"]),
        ("limits.cpu", "2", ["+   cpu: 2"]),
        ("base_url", "/x/", ["+ base_url: /x/"]),
        ("https.letsencrypt.email", "ops@example.org",
         ["+ https:", "+   letsencrypt:", "+     email: ops@example.org"]),
        ("shares.course.access", "{group: g}",
         ["-   course: {access: read-only}", "+   course: {access: {group: g}}"]),
        ("shares.lab.access", "read-only",
         ["-     access:", "-       group: teachers", "+     access: read-only"]),
        ('shares."a.b"', "", ["+   a.b: null"]),
        ("shares.2026.access.group", "x", ["+   2026:", "+     access:", "+       group: x"]),
        ("users.allowed", "[eve, 'a b']",
         ["-   allowed:", "-   - carol   # since May", "-   - dave", '+   allowed: [eve, "a b"]']),
        ("network.allow", "['10.1.2.3:5']", ['+   allow: ["10.1.2.3:5"]']),
        ("users.allow_all", "false", ["+   allow_all: false"]),
        ("shares.new", {"access": "read-only"}, ["+   new: {access: read-only}"]),
    ],
)  # fmt: skip
def test_set(key, value, expected):
    assert changed(TEXT, set_value(TEXT, key, value)) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("domain", ["- domain: hub.example.org   # the name"]),
        ("limits.memory", ['-   memory: "2G"']),
        ("users.allowed", ["-   allowed:", "-   - carol   # since May", "-   - dave"]),
        ("shares.course.access", ["-   course: {access: read-only}", "+   course: {}"]),
        ("shares.lab.access.group", ["-       group: teachers"]),
        ("network", ["- network:"]),
    ],
)
def test_unset(key, expected):
    assert changed(TEXT, unset(TEXT, key)) == expected


@pytest.mark.parametrize(
    ("key", "item", "expected"),
    [
        ("users.admin", "eve", ["-   admin: [alice,  'bob']", "+   admin: [alice,  'bob', eve]"]),
        ("users.admin", "alice", []),
        ("users.allowed", "eve", ["+   - eve"]),
        ("users.banned", "eve", ["+   banned: [eve]"]),
        ("network.allow", "10.1.2.3:80", ['+   allow: ["10.1.2.3:80"]']),
    ],
)
def test_add_item(key, item, expected):
    assert changed(TEXT, add_item(TEXT, key, item)) == expected


@pytest.mark.parametrize(
    ("key", "item", "expected"),
    [
        ("users.admin", "alice", ["-   admin: [alice,  'bob']", "+   admin: ['bob']"]),
        ("users.admin", "bob", ["-   admin: [alice,  'bob']", "+   admin: [alice]"]),
        ("users.allowed", "carol", ["-   - carol   # since May"]),
        ("users.allowed", "dave", ["-   - dave"]),
    ],
)
def test_remove_item(key, item, expected):
    assert changed(TEXT, remove_item(TEXT, key, item)) == expected


@pytest.mark.parametrize(
    "call",
    [
        lambda: set_value(TEXT, "domain.x", "1"),
        lambda: set_value(TEXT, "domain", "a: b: c"),
        lambda: set_value(TEXT, "domain", "*.example.org"),
        lambda: set_value(TEXT, "domain", "a\nb: c"),
        lambda: set_value(TEXT, "", "1"),
        lambda: set_value(TEXT, "a..b", "1"),
        lambda: set_value(TEXT, ".a", "1"),
        lambda: set_value(TEXT, 'a."b', "1"),
        lambda: unset(TEXT, "limits.cpu"),
        lambda: unset(TEXT, "nothing.here"),
        lambda: add_item(TEXT, "domain", "x"),
        lambda: add_item(TEXT, "shares", "x"),
        lambda: remove_item(TEXT, "users.admin", "eve"),
        lambda: remove_item(TEXT, "users.banned", "eve"),
        lambda: remove_item(TEXT, "network", "eve"),
        lambda: set_value("? a\n: b\n", "c.d", "1") and set_value("? [a]\n: b\n", "c", "1"),
    ],
)
def test_what_cannot_be_done_is_said(call):
    with pytest.raises(UserError):
        call()


def test_a_file_that_cannot_be_read_is_not_changed():
    with pytest.raises(ConfigError, match=r":2:1: "):
        set_value("users:\n\tadmin: []\n", "domain", "x.org")


@pytest.mark.parametrize(
    "text", ["", "# only a comment", "# c\n", "---\n", "domain: a", "{}", "{domain: a, users: {}}"]
)
def test_a_small_file_takes_values(text):
    once = set_value(text, "users.admin", "[alice]")
    again = add_item(set_value(once, "limits.memory", "2G"), "users.admin", "bob")
    data = parse(again).root.data
    assert data["users"]["admin"] == ["alice", "bob"]
    assert data["limits"] == {"memory": "2G"}


def test_windows_line_ends_stay():
    new = add_item(set_value("domain: a\r\nusers:\r\n  admin:\r\n  - x\r\n", "limits.cpu", "2"), "users.admin", "y")
    assert new == "domain: a\r\nusers:\r\n  admin:\r\n  - x\r\n  - y\r\nlimits:\r\n  cpu: 2\r\n"


NAMES = st.sampled_from(["domain", "users", "limits", "shares", "a-b", "x.y", "2026"])
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=8), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=6,
)


def refused(call, *arguments):
    try:
        return call(*arguments)
    except UserError:
        return None


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([TEXT, "", "a: [1, {b: c}]\nd: |\n  x\n\ne:\n\n- 1\n-\n"]), st.lists(NAMES, min_size=1), VALUES)
def test_whatever_is_set_can_be_read_back(text, names, value):
    key = ".".join(f'"{name}"' for name in names)
    new = refused(set_value, text, key, [value])
    assume(new is not None)
    data = parse(new).root.data
    for name in names:
        data = data[name]
    assert data == [value]
    assert refused(unset, new, key) is not None


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=20), st.text(max_size=20))
def test_any_key_and_value_end_in_a_text_or_in_words(key, value):
    for call in (set_value, add_item, remove_item):
        new = refused(call, TEXT, key, value)
        assert new is None or not parse(new).faults
    refused(unset, TEXT, key)


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x2027, exclude_categories=["Cc", "Cs"])))
def test_a_quoted_text_means_itself(text):
    assert parse(f"a: {flow_text(text)}").root.data == {"a": text}
