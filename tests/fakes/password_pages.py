"""The pages of passwords for somebody who is logged in: JupyterHub's real handlers, cookies and database; only PAM is
ours.
"""

from pathlib import Path

import pytest
from jupyterhub import orm, roles

from fakes import hub_site
from fakes.accounts_helper import with_helper
from fakes.hub_installation import PEOPLE, with_people
from fakes.hub_people import SETTINGS
from hubinstall import layout
from hubinstall.accounts_helper import pam, shadow
from hubinstall.hubside import own_password, reset_password, sessions
from hubinstall.hubside.authenticator import HostAuthenticator
from hubinstall.hubside.helper import Refusal

RIGHT, NEW = "right", "three-new-words"


HANDLERS = [*own_password.HANDLERS, *reset_password.HANDLERS]


class Page:
    """A hub that has these pages only, and bob, who has two browsers, a token of his own and a running server."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.helper = with_helper(tmp_path, monkeypatch)
        self.passwords = {"alice": "right", "bob": "right"}
        self._write()
        monkeypatch.setattr(pam, "refusal", self._refusal)
        monkeypatch.setattr(pam, "change", self._set)
        self.db = hub_site.database()
        self.door = HostAuthenticator(hub_settings=SETTINGS, auth_refresh_age=-1, auth_refresh_strict=True)
        self.stopped: list[str] = []
        monkeypatch.setattr(sessions, "end_servers", self._stop)
        self.rows = {name: self._person(name) for name in ("alice", "bob")}
        self.application = hub_site.application(self.db, self.door, HANDLERS)

    def _write(self) -> None:
        lines = [f"{name}:$y${password}:20000::::::\n" for name, password in self.passwords.items()]
        Path(shadow.FILE).write_text("".join(lines))

    def _refusal(self, _service: str, name: str, password: str) -> Refusal | None:
        return None if self.passwords[name] == password else Refusal("Authentication failure")

    def _set(self, _service: str, name: str, _password: str, new: str) -> str:
        self.passwords[name] = new
        self._write()
        return ""

    async def _stop(self, _app: object, row: orm.User) -> None:
        self.stopped.append(row.name)

    def _person(self, name: str) -> orm.User:
        row = orm.User(name=name)
        self.db.add(row)
        roles.assign_default_roles(self.db, entity=row)
        self.db.commit()
        self.token = row.new_api_token(note="of a program", scopes=[])
        row.new_api_token(note=f"Server at /user/{name}/", scopes=[])
        row.api_tokens[-1].scopes = [f"users:activity!user={name}", f"access:servers!server={name}/"]
        self.db.commit()
        self.door.add_user(row)
        return row

    def browser(self, name: str = "bob") -> "Browser":
        return Browser(self.application, self.rows[name], "password")

    def notes(self, name: str = "bob") -> set[str]:
        self.db.refresh(self.rows[name])
        return {token.note for token in self.rows[name].api_tokens}


class Browser(hub_site.Browser):
    async def change(self, password: str = RIGHT, new: str = NEW, again: str = "", **more: str) -> tuple[int, str]:
        await self.send()
        form = {"password": password, "new": new, "again": again or new, "_xsrf": self.cookies["_xsrf"], **more}
        answer = await self.send("POST", **form)
        return answer.code, answer.body.decode()


def with_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Page:
    with_people(monkeypatch)
    monkeypatch.setattr(layout, "KNOWN_PEOPLE", str(tmp_path / "people.json"))
    monkeypatch.setattr(layout, "SERVER_ACCOUNTS", str(tmp_path / "accounts"))
    monkeypatch.setattr("hubinstall.hubside.identity.ACCOUNTS", str(tmp_path / "passwd"))
    (tmp_path / "passwd").write_text("".join(f"{name}:x:{each.uid}:\n" for name, each in PEOPLE.items()))
    return Page(tmp_path, monkeypatch)
