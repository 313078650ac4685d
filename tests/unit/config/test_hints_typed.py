"""Whoever types what a hint proposes gets a file that is accepted, or another hint: never the same problem again."""

import copy
import functools
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness import nonsense
from hubinstall.config.problems import ConfigError, Problem
from hubinstall.config.validate import decode, document, load
from hubinstall.config.yaml.parser import parse
from hubinstall.config.yaml.writer import flow_text
from hubinstall.settings.keys import known_keys

Data = dict[str, Any]
Path = tuple[str | int, ...]
Edit = Callable[[Data], None]
KINDS = {"cross", "range", "type", "unknown", "size", "injection"}
BAD = [case for case in nonsense.kept() if case.kind in KINDS]
DEEPEST = 4
"""More hints one after the other than anybody should have to follow."""
KNOWN = {".".join(key) for key in known_keys()}
EXAMPLES = {
    "https.tls.key": "/etc/ssl/private/hub.key", "https.tls.cert": "/etc/ssl/certs/hub.pem", "limits.memory": "1T",
    "users.uid_max": "2000",
    "network.proxy": "http://proxy.example.org:3128",
    "environment.archive.url": "/root/image.tar.zst",
    "environment.archive.sha256": "0a" * 32,
    "auth.oidc.client_id": "jupyterhub",
    "auth.oidc.client_secret_file": "/etc/hubinstall/oidc-secret",
    "auth.ldap.server": "ldaps://ldap.example.org",
    "auth.ldap.search_base": "dc=example,dc=org",
    "auth.ldap.bind_dn": "cn=hub,dc=example,dc=org",
    "auth.ldap.bind_password_file": "/etc/hubinstall/ldap-password",
    "auth.lti.issuer": "https://moodle.example.org",
    "auth.lti.client_id": "hub",
    "auth.lti.authorize_url": "https://moodle.example.org/mod/lti/auth.php",
    "auth.lti.jwks_endpoint": "https://moodle.example.org/mod/lti/certs.php",
    "auth.shared_password.password_file": "/etc/hubinstall/workshop",
}  # fmt: skip
"""Values for keys that a hint names without one."""

OUT = re.compile(
    r"\b(?:leav(?:e|ing) (?:it|the address|one of them|`domain`) out|removing (?:it|the name)|deleting one)"
)
MEANT = re.compile(r"did you mean (\S+)\?$")
PAIR = re.compile(r"(?<![{\w])`?([a-z_]+(?:\.[a-z_]+)*): ([^\s`;,)(}]+)`?")
KEYS = re.compile(r"(?:setting|adding|larger) ((?:[a-z_]+\.)+[a-z_0-9]+)(?: and ((?:[a-z_]+\.)+[a-z_0-9]+))?(?![\w:])")
PROSE = {"a", "an", "the", "one", "only", "another", "letters", "up", "lower", "setting", "adding", "square", "IPv4"}


def values(hint: str) -> Iterator[Any]:
    """What a hint proposes to write in the place: after `such as`, else after `try`."""
    text = hint.partition("such as ")[2] or hint.removeprefix("try ").partition(": ")[2] * ("brackets" in hint)
    text = text or hint.partition("quotes around it: ")[2]
    if not text:
        text = hint.removeprefix("try ")
        if text.split(" ")[0] in PROSE or OUT.search(hint) or ": " in text.replace("{group: ", ""):
            return
    for part in [text] if text.startswith("[") else re.split(r" or |, ", text):
        word = re.match(r"\{.*?\}|\[.*\]|[^\s;()]+", part)
        if word and word[0] not in {"more", "less", "with", "without", "everyone"} and not word[0].startswith("("):
            yield parse(f"value: {word[0]}").root.data["value"]


def edits(problem: Problem) -> Iterator[Edit]:
    """Everything that the hint of a problem proposes to type."""
    at, hint = path_of(problem.key), problem.hint
    if meant := MEANT.search(hint):
        yield lambda data: rename(data, at, path_of(meant[1].replace("NAME", "name")))
        return
    if OUT.search(hint):
        yield lambda data: remove(data, at)
    if hint.startswith("try leaving it out: "):
        return  # the rest says why
    for key, value in PAIR.findall(hint):
        if key in KNOWN:
            yield lambda data, key=key, value=value: put(
                data, path_of(key), parse(f"value: {value}").root.data["value"]
            )
    for found in KEYS.findall(hint):
        chosen = [key for key in found if key]
        yield lambda data, chosen=chosen: [put(data, path_of(key), EXAMPLES[key]) for key in chosen]
    for value in values(hint):
        yield lambda data, value=value: put(data, at, value)


def path_of(key: str) -> Path:
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"|\[(\d+)\]|([^.\["]+)', key)
    return tuple(int(number) if number else quoted or bare for quoted, number, bare in parts)


def parent(data: Data, path: Path) -> Any:
    node: Any = data
    for part, following in itertools.pairwise(path):
        if isinstance(node, dict) and not isinstance(node.get(part), dict | list):
            node[part] = [] if isinstance(following, int) else {}
        node = node[part]
    return node


def put(data: Data, path: Path, value: Any) -> None:
    node = parent(data, path)
    if isinstance(node, list) and path[-1] == len(node):
        node.append(value)
    else:
        node[path[-1]] = value


def remove(data: Data, path: Path) -> None:
    del parent(data, path)[path[-1]]


def rename(data: Data, old: Path, new: Path) -> None:
    value = parent(data, old)[old[-1]]
    remove(data, old)
    put(data, new, value)


def problems(data: Data) -> list[Problem]:
    return problems_of(flow_text(data))


@functools.cache
def problems_of(text: str) -> list[Problem]:
    try:
        load(text)
    except ConfigError as error:
        return error.problems
    return []


def follow(data: Data, problem: Problem, name: str, seen: tuple[str, ...] = ()) -> int:
    """Type what the problem's hint proposes, and what the hints proposes that follow; returns how many were typed."""
    what = f"{problem.key}: {problem.message}; {problem.hint} in {flow_text(data)}"
    assert what not in seen, f"{name}: a circle: {(*seen, what)}"
    assert len(seen) < DEEPEST, f"{name}: no end: {(*seen, what)}"
    before, number = {about(each) for each in problems(data)}, 0
    for edit in edits(problem):
        changed = copy.deepcopy(data)
        edit(changed)
        left = [each for each in problems(changed) if about(each) not in before - {about(problem)}]
        fewer = len(problems(changed)) < len(problems(data))  # of several items the next one may have moved up
        assert fewer or about(problem) not in map(about, left), f"{name}: as before: {what}\n{flow_text(changed)}"
        number += 1 + sum(follow(changed, each, name, (*seen, what)) for each in left)
    return number


def data_of(case: nonsense.Nonsense) -> Data:
    return dict(document(decode(case.content)).root.data)


def about(problem: Problem) -> tuple[str, str]:
    return problem.key, problem.message


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.name)
def test_following_the_hints_of_a_bad_file_ends_well(case: nonsense.Nonsense) -> None:
    data = data_of(case)
    for problem in problems(data):
        follow(data, problem, case.name)


def test_most_hints_propose_something_to_type() -> None:
    """Lest nothing is wrong because nothing is typed: of five different hints four name what to type."""
    found = [problem for case in BAD for problem in problems(data_of(case))]
    untyped = {re.sub('"[^"]*"', '""', problem.hint) for problem in found if not list(edits(problem))}
    assert 100 < 5 * len(untyped) < len({problem.hint for problem in found})
