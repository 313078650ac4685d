"""The part of JupyterHub's REST API that lists and makes users, for a hub whose users are the accounts of the machine.

JupyterHub takes any name there. A user without an account could never log in, and their server could not start. And the
account with which `hubinstall verify` logs in is nobody to look after.
"""

import json
from typing import Any

from jupyterhub import orm
from jupyterhub.apihandlers.users import UserAPIHandler, UserListAPIHandler
from jupyterhub.scopes import needs_scope
from tornado.web import HTTPError

from hubinstall import layout
from hubinstall.hubside import rights
from hubinstall.hubside.accounts import Account


class PeopleHandler(UserListAPIHandler):  # type: ignore[misc]  # JupyterHub has no types
    """Several users at once; the administrators' page uses it too."""

    _lists = False

    def get(self) -> None:
        self._lists = True
        super().get()

    @property
    def db(self) -> Any:
        return People(super().db) if self._lists else super().db

    @needs_scope("admin:users")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        data = self.get_json_body()
        names = data.get("usernames") if isinstance(data, dict) else None
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise HTTPError(400, "usernames must be a list of names of accounts of this machine.")
        check_people(self.authenticator, names)
        await super().post()


class People:
    """The database, but a query for users does not find the probe: pages of the list have their length, and its sum."""

    def __init__(self, db: Any) -> None:
        self._db = db

    def query(self, *wanted: Any) -> Any:
        found = self._db.query(*wanted)
        of_users = len(wanted) == 1 and wanted[0] is orm.User  # columns compare as SQL
        return found.filter(orm.User.name != layout.PROBE_USER) if of_users else found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)


class PersonHandler(UserAPIHandler):  # type: ignore[misc]  # JupyterHub has no types
    """One user. The parameter has JupyterHub's name, which it compares with the scope."""

    @needs_scope("admin:users")  # type: ignore[untyped-decorator]
    async def post(self, user_name: str) -> None:
        check_people(self.authenticator, [user_name])
        await super().post(user_name)

    @needs_scope("admin:users")  # type: ignore[untyped-decorator]
    async def patch(self, user_name: str) -> None:
        data = self.get_json_body()
        if isinstance(data, dict) and "name" in data:
            if data.pop("name") != user_name:
                raise HTTPError(
                    400, f"{user_name} is the name of an account of this machine. Rename the account there."
                )
            # JupyterHub 6.1 would take the name away from a user who is to keep it.
            self.request.body = json.dumps(data).encode()
        await super().patch(user_name)


def check_people(authenticator: Any, names: list[str]) -> None:
    """Raise HTTPError 400 that says of each name why it cannot be a user, if there is one that cannot."""
    refused = []
    for given in names:
        name = authenticator.normalize_username(given)
        vouched = rights.vouched_by(authenticator, name)
        if reason := rights.refusal(authenticator.hub_settings, name, Account.find(name), vouched):
            refused.append(reason)
    if refused:
        raise HTTPError(400, " ".join(refused))


HANDLERS = [(r"/api/users", PeopleHandler), (r"/api/users/([^/]+)", PersonHandler)]
