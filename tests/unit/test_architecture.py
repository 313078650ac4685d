"""docs/explanation/architecture.md says what the code says: rooms, what they may import, files, kinds of resources."""

import ast
import inspect
import re
import textwrap

import pytest

from checkout_path import CHECKOUT
from hubinstall.resources.base import Resource
from hubinstall.resources.kinds import KINDS
from unit.test_dependence import ALLOWED, PACKAGE, within

PAGE = (CHECKOUT / "docs/explanation/architecture.md").read_text(encoding="utf-8")
[PICTURE] = re.findall(r"^```\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
KINDS_HEADER = "| kind | what it is | lock | at uninstall |"
NAMED_FILES = sorted(set(re.findall(r"`([\w./]+\.(?:py|md))`", PAGE)))


def rows(header: str) -> list[list[str]]:
    """The cells of the table that begins with this row."""
    table = PAGE.partition(f"{header}\n")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[1:]]


def names(cell: str) -> list[str]:
    return re.findall(r"`([\w.-]+)`", cell)


def test_the_table_of_rooms_is_the_one_that_imports_are_held_to() -> None:
    told: dict[str, set[str]] = {}
    for room, _, imports in rows("| room | what it holds | may import |"):
        told[names(room)[0]] = set(names(imports)) | (set(told) if imports.startswith("all above") else set())
    assert told == {room: set(allowed) for room, allowed in ALLOWED.items()}


@pytest.mark.parametrize("room", ALLOWED)
def test_the_picture_has_each_room_above_what_it_imports(room: str) -> None:
    floors = re.split(r"^├.*$", PICTURE, flags=re.MULTILINE)
    floor = {name: number for name in ALLOWED for number, text in enumerate(floors) if re.search(rf"│ {name} ", text)}
    assert floor.keys() == ALLOWED.keys()
    assert [other for other in ALLOWED if enters(room, other) and floor[other] <= floor[room]] == []


def enters(room: str, other: str) -> bool:
    """Whether `room` may import `other`, or a file of it."""
    return other != room and any(within(name, frozenset({other})) for name in ALLOWED[room])


@pytest.mark.parametrize("name", NAMED_FILES)
def test_a_file_that_is_named_exists(name: str) -> None:
    assert any((top / name).is_file() for top in (PACKAGE, CHECKOUT))


def test_files_are_named() -> None:
    assert len(NAMED_FILES) > 20


def test_the_kinds_and_their_locks() -> None:
    told = {names(kind)[0]: next(iter(names(lock)), None) for kind, _, lock, _ in rows(KINDS_HEADER)}
    assert told == {name: kind.lock for name, kind in KINDS.items()}


def test_what_stays_at_uninstall() -> None:
    told = {names(kind)[0] for kind, _, _, fate in rows(KINDS_HEADER) if re.match(r"stays\b", fate)}
    assert told == {name for name, kind in KINDS.items() if stays(kind)}


def stays(kind: type[Resource]) -> bool:
    """Whether `remove` does nothing: words at most."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind.remove)))
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return calls <= {"host.notice"}
