"""A list of people who are to get accounts: what becomes of each of its lines, before anything is changed."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from hubinstall.people import making, newcomers
from hubinstall.people.csv_rows import Row
from hubinstall.people.directory import Found, People
from hubinstall.people.making import Newcomer
from hubinstall.settings.values.passwords import parse_new_password
from hubinstall.settings.values.words import WrongValueError, quoted, wrong

COLUMNS = ("name", "full name", "email", "group", "password")
"""In this order, if the file has no titles."""
TITLES = {
    "name": "name username user login account accountname loginname benutzername benutzer anmeldename kennung konto"
    " identifiant",
    "full name": "fullname displayname realname vollname vollständigername nomcomplet",
    "first name": "firstname givenname forename vorname prénom prenom",
    "last name": "lastname surname familyname nachname familienname nom",
    "email": "email mail emailaddress mailaddress emailadresse mailadresse",
    "group": "group groups gruppe gruppen course kurs class klasse",
    "password": "password passwort kennwort initialpassword motdepasse",
}
"""Column → its usual titles, without spaces and signs."""
MEANS = {title: column for column, titles in TITLES.items() for title in titles.split()}
NOBODY = Newcomer("")
NEW, BACK, THERE, TWICE, WRONG = "new", "back", "there", "twice", "wrong"


@dataclass(frozen=True)
class Fate:
    """What becomes of a line. `kind`: one of the words above; `password`: what the file gives, or ""."""

    line: int
    kind: str
    words: str
    newcomer: Newcomer = NOBODY
    email: str = ""
    password: str = ""


@dataclass(frozen=True)
class Table:
    """The rows with the meaning of their columns. `note`: about the line of titles, or ""."""

    columns: tuple[str, ...]
    rows: list[Row]
    note: str


def table(found: list[Row]) -> Table:
    """A first row is titles if it has one for the name, or two for other columns. Unknown columns are left out."""
    first = found[0] if found else Row(1, ())
    meant = tuple(MEANS.get(re.sub(r"[\W_]+", "", cell.lower()), "") for cell in first.cells)
    if "first name" in meant and "last name" not in meant:  # beside a first name, `name` is the other one
        meant = tuple("last name" if column == "name" else column for column in meant)
    known = [column for column in meant if column]
    if "name" not in known and len(known) < 2:
        return Table(COLUMNS, found, "")
    left_out = [quoted(cell) for cell, column in zip(first.cells, meant, strict=True) if cell and not column]
    note = f"line {first.line}: titles ({', '.join(known)})"
    return Table(meant, found[1:], f"{note}; not used: {', '.join(left_out)}" if left_out else note)


def fates(people: People, rows: Table, *, accept_names: bool) -> list[Fate]:
    """One for each row. `accept_names`: take the proposal where the file has no name that an account can have."""
    roster = _Roster(people, rows.columns, accept_names=accept_names)
    return [roster.fate(row) for row in rows.rows]


class _Roster:
    def __init__(self, people: People, columns: tuple[str, ...], *, accept_names: bool) -> None:
        self._people, self._columns, self._accept = people, columns, accept_names
        self._there = {found.name: found for found in people.all()}
        self._seen: dict[str, Row] = {}

    def fate(self, row: Row) -> Fate:
        try:
            return self._fate(row)
        except WrongValueError as error:
            return Fate(row.line, WRONG, f"{error.message}; {error.hint}" if error.hint else error.message)

    def _fate(self, row: Row) -> Fate:
        if any(row.cells[len(self._columns) :]):
            raise wrong(f"has {len(row.cells)} cells, and there are {len(self._columns)} columns")
        cells = dict.fromkeys(TITLES, "") | dict(zip(self._columns, row.cells, strict=False))
        full_name = newcomers.parse_full_name(
            cells["full name"] or " ".join(filter(None, [cells["first name"], cells["last name"]]))
        )
        name, note = self._name(row, cells["name"], full_name, cells["email"])
        if (before := self._seen.get(name)) is not None:
            if before.cells == row.cells:
                return Fate(row.line, TWICE, f"{name}: the same as line {before.line}")
            raise wrong(
                f"{name} is in line {before.line} already, with other values", "try another name for one of them"
            )
        self._seen[name] = row
        if cells["email"] and not re.fullmatch(r"[^@\s]+@[^@\s]+", cells["email"]):
            raise wrong(f"{name}: {cells['email']!r} is not an email address", "try leaving it out")
        groups = tuple(making.parse_group(self._people, one) for one in re.split(r"[\s,;|]+", cells["group"]) if one)
        fate = Fate(row.line, NEW, note, Newcomer(name, full_name, groups), cells["email"], cells["password"])
        return self._checked(fate)

    def _name(self, row: Row, text: str, full_name: str, email: str) -> tuple[str, str]:
        """The account's name, and what to say of it. Capitals are no matter: a login takes them, too."""
        try:
            name = newcomers.parse_name(text.lower())
        except WrongValueError as error:
            proposed = newcomers.folded(text.partition("@")[0]) or newcomers.proposal(full_name, email)
            proposed = self._unlike_others(proposed, row) if proposed else ""
            if self._accept and proposed:
                if (there := self._there.get(proposed)) and there.full_name not in {"", full_name}:
                    raise wrong(
                        f"{proposed} is the account of {there.full_name}", "try writing another name into the file"
                    ) from None
                return proposed, f"{proposed}: a name that was proposed for {quoted(text or full_name or email)}"
            if proposed:
                self._seen[proposed] = row
            message = f"{full_name or (quoted(email) if email else 'the line')} has no account name"
            if text:
                message = f"{quoted(text)} cannot be the name of a new account"
            raise wrong(message, f"try {proposed}" if proposed else error.hint) from None
        return name, name if name == text else f"{name}: the file says {text}"

    def _unlike_others(self, proposed: str, row: Row) -> str:
        """The same name with a number, if other people of this file have it: in the same order each time."""
        name, number = proposed, 1
        while name in self._seen and self._seen[name].cells != row.cells:
            number += 1
            name = f"{proposed[:29]}{number}"
        return name

    def _checked(self, fate: Fate) -> Fate:
        name, found = fate.newcomer.name, self._people.find(fate.newcomer.name)
        if found and not self._people.is_person(found):
            raise wrong(f"{name} is a system account", "try another name")
        if found and not found.removed:
            return replace(fate, kind=THERE, words=f"{fate.words}: {_there(found)}")
        if fate.password:
            self._tell(name, lambda: parse_new_password(fate.password, name, self._least))
        if found:
            return replace(
                fate, kind=BACK, words=f"{fate.words}: was removed, and comes back with its number {found.uid}"
            )
        making.check_free(self._people.host, name)
        return replace(fate, words=f"{fate.words}: new")

    @property
    def _least(self) -> int:
        return self._people.settings.users.password.min_length

    def _tell(self, name: str, check: Callable[[], object]) -> None:
        try:
            check()
        except WrongValueError as error:
            raise wrong(f"{name}: {error.message}", error.hint) from None


def _there(found: Found) -> str:
    return (
        f"has an account already ({found.ended.rstrip('.')}); it stays so" if found.ended else "has an account already"
    )
