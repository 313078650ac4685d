"""What administrators may do, in JupyterHub's own words."""

import pytest
from jupyterhub import roles
from jupyterhub.scopes import scope_definitions

from hubinstall.hubside import admin_role


def admin() -> dict:
    return next(role for role in roles.get_default_roles() if role["name"] == "admin")


@pytest.fixture(autouse=True)
def jupyterhubs(monkeypatch):
    """Its definition of the roles, which the test changes."""
    monkeypatch.setattr(roles, "get_default_roles", roles.get_default_roles)


def with_parts(scopes) -> set[str]:
    """These rights and all that they include."""
    found, new = set(), set(scopes)
    while new:
        found |= new
        new = {part for one in new for part in scope_definitions[one].get("subscopes", ())} - found
    return found


def test_administrators_keep_every_right_but_those_that_open_servers():
    before = admin()
    assert with_parts(before["scopes"]) >= admin_role.TAKEN, "JupyterHub gives them"
    admin_role.keep_out_of_servers()
    lost = with_parts(before["scopes"]) - with_parts(admin()["scopes"])
    assert lost == admin_role.TAKEN
    assert with_parts(admin()["scopes"]) <= with_parts(before["scopes"])
    assert {"admin-ui", "admin:servers", "admin:users", "admin:groups", "shutdown"} <= set(admin()["scopes"])


def test_the_other_roles_stay_as_they_are():
    before = {role["name"]: role["scopes"] for role in roles.get_default_roles() if role["name"] != "admin"}
    admin_role.keep_out_of_servers()
    after = {role["name"]: role["scopes"] for role in roles.get_default_roles() if role["name"] != "admin"}
    assert after == before
    assert set(before) == {"user", "server", "token"}
