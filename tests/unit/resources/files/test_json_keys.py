"""Single keys of somebody else's JSON file: set and taken back, the rest to the byte."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.host import FakeHost
from hubinstall.errors import UserError
from hubinstall.resources.base import look
from hubinstall.resources.files.json_keys import JsonKeys, with_key, without_key

PATH, BEFORE = "/etc/engine/daemon.json", "/var/lib/before.json"
KEYS = JsonKeys(PATH, {"live-restore": True}, before=BEFORE)
FORMS = [
    "{}",
    "",
    "\n",
    '{"a": 1}',
    '{\n  "debug": false,\n\n  "log-opts": {"max-size":"5m", "x": [1, "}"]}\n}\n',
    '{"live-restore" :false }',
    '{\n\t"live-restore": null,\n\t"z": "ä\\u00e4\\""\n}',
    '{ "z": 1, "live-restore": "no"}',
]


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path, {"sh -c": ""})


def settle(host):
    change = look(KEYS, host)
    if change:
        KEYS.apply(host, change)
    return look(KEYS, host)


@pytest.mark.parametrize("text", FORMS)
def test_there_and_back(host, text):
    host.put(PATH, text)
    wished = (json.loads(text) if text.strip() else {}) | {"live-restore": True}
    assert look(KEYS, host).verb == "create"
    assert settle(host) is None
    assert json.loads(host.text(PATH)) == wished
    KEYS.remove(host)
    KEYS.remove(host)
    assert json.loads(host.text(PATH)) == (json.loads(text) if text.strip() else {})
    if len(text) > 2 and "null" not in text and " :false" not in text:
        assert host.text(PATH) == text
    assert not host.exists(BEFORE)


def test_a_file_of_ours_goes_with_its_folder(host):
    assert settle(host) is None
    KEYS.remove(host)
    assert not host.exists("/etc/engine")


def test_a_file_of_ours_stays_when_somebody_added_to_it(host):
    settle(host)
    host.put(PATH, with_key(host.text(PATH), "dns", ["10.0.0.1"]))
    KEYS.remove(host)
    assert json.loads(host.text(PATH)) == {"dns": ["10.0.0.1"]}


def test_already_so_is_not_ours(host):
    host.put(PATH, '{"live-restore": true}')
    assert look(KEYS, host) is None


def test_changed_by_hand_afterwards(host):
    settle(host)
    host.put(PATH, '{"live-restore": false}')
    assert look(KEYS, host).verb == "change"
    assert settle(host) is None
    host.put(PATH, '{"live-restore": false}')
    KEYS.remove(host)
    assert json.loads(host.text(PATH)) == {"live-restore": False}


def test_a_kill_between_note_and_file(host):
    host.put(BEFORE, '{"file": true, "folder": true, "keys": {"live-restore": false}}')
    host.put(PATH, '{"live-restore": false}')
    assert settle(host) is None
    KEYS.remove(host)
    assert host.text(PATH) == '{"live-restore": false}'


def test_mode_and_owner_stay(host):
    host.put(PATH, "{}")
    host.path(PATH).chmod(0o600)
    host.owners[PATH] = ("alice", "alice")
    settle(host)
    assert (host.stat(PATH).mode, host.stat(PATH).owner) == ("0600", "alice")


def test_the_program_reads_the_file_again(host):
    keys = JsonKeys(PATH, {"a": 1}, before=BEFORE, pid_file="/run/engine.pid")
    keys.remove(host)
    assert host.commands == []
    host.put("/run/engine.pid", "77\n")
    host.put("/proc/77/comm", "engine")
    keys.remove(host)
    assert host.commands == ['sh -c kill -HUP "$1" sh 77']


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1,}', r"daemon.json:1:9: not valid JSON"),
        (b'{\n"a" 1}', r"daemon.json:2:5: not valid JSON"),
        (b"[1]", r"must be a JSON object"),
        (b'{"a": "\xff"}', r"is not UTF-8"),
    ],
)
def test_a_broken_file_is_named_with_the_place_and_left(host, content, message):
    host.put(PATH, "")
    host.path(PATH).write_bytes(content)
    with pytest.raises(UserError, match=message):
        look(KEYS, host)
    assert host.read(PATH) == content


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(["a", "b", "key", 'q"}']), VALUES),
    st.sampled_from([None, 0, 2, "\t"]),
    st.sampled_from([(",", ":"), (" , ", " : "), (",\n", ":\r\n")]),
    VALUES,
)
def test_any_object_in_any_form(values, indent, separators, new):
    text = json.dumps(values, indent=indent, separators=separators)
    changed = with_key(text, "key", new)
    assert json.loads(changed) == values | {"key": new}
    assert json.loads(without_key(changed, "key")) == {k: v for k, v in values.items() if k != "key"}
    if "key" in values:
        assert with_key(changed, "key", values["key"]).count("key") == text.count("key")
