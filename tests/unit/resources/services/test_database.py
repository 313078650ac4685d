"""The database of a service: its form, the copy that becomes it, and what a kill or a failure leaves."""

import contextlib
import re
import sqlite3
import subprocess
import sys

import pytest
from alembic.script import ScriptDirectory
from jupyterhub import __version__, dbutil, orm

from checkout_path import CHECKOUT
from fakes.blueprint import wished
from fakes.contract_host import as_root
from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.blueprint import hub
from hubinstall.blueprint.runtimes import locked
from hubinstall.errors import UserError
from hubinstall.resources.base import look
from hubinstall.resources.services.database import Database, revision

PATH, OLDER = "/srv/hub.sqlite", "4621fec11365"
KILLED = """import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("pragma cache_size=5")
connection.execute("create table t (x)")
connection.executemany("insert into t values (?)", [("before" * 500,)] * 200)
connection.commit()
connection.execute("delete from users")
connection.execute("update t set x = 'half'")
os.kill(os.getpid(), signal.SIGKILL)
"""
FUTURE = "create table alembic_version (version_num text); insert into alembic_version values ('from the future')"


@pytest.fixture
def host(tmp_path):
    machine = FakeHost(tmp_path, {"setpriv --reuid=0": as_root})
    machine.path("/srv").mkdir(exist_ok=True)
    return machine


@pytest.fixture
def database():
    """As the blueprint has it, with the JupyterHub that runs the tests."""
    return Database(
        PATH, revision=hub.SCHEMA, upgrade=("env", f"PYTHONPATH={CHECKOUT}/src", sys.executable, "-m", hub.UPGRADE)
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What an older JupyterHub wrote: with people, and without what later forms added to it."""
    path = tmp_path_factory.mktemp("older") / "hub.sqlite"
    url = f"sqlite:///{path}"
    session = orm.new_session_factory(url)()
    session.add(orm.User(name="grace"))
    session.commit()
    session.close()
    with dbutil._temp_alembic_ini(url) as ini:
        subprocess.run([f"{sys.prefix}/bin/alembic", "-c", ini, "downgrade", OLDER], check=True)
    return path.read_bytes()


@pytest.fixture
def older(host, written):
    host.path(PATH).write_bytes(written)


def people(host):
    with contextlib.closing(sqlite3.connect(host.path(PATH))) as connection:
        return [name for (name,) in connection.execute("select name from users")]


def test_the_form_is_that_of_the_locked_jupyterhub():
    assert re.search(r"^jupyterhub==(\S+)", locked("hub.txt"), re.MULTILINE)[1] == __version__
    assert ScriptDirectory(dbutil.ALEMBIC_DIR).get_heads() == [hub.SCHEMA]


@pytest.mark.parametrize("content", [None, ""])
def test_a_database_that_is_not_there_yet_is_the_services_business(host, database, content):
    if content is not None:
        host.put(PATH, content)
    assert look(database, host) is None


def test_one_that_cannot_be_read_is_left_to_who_says_so(host, database):
    host.put(PATH, "garbage" * 1000)
    assert look(database, host) is None


def test_one_without_a_name_of_its_form_is_an_old_one(host, database):
    with contextlib.closing(sqlite3.connect(host.path(PATH))) as connection:
        connection.execute("create table users (name text)")
    assert revision(str(host.path(PATH))) == ""
    assert look(database, host).keys == ["revision"]


def test_an_older_one_is_upgraded_with_all_that_is_in_it(host, database, older):
    host.path(PATH).chmod(0o640)
    change = look(database, host)
    assert change.before == {"revision": OLDER}
    database.apply(host, change)
    assert look(database, host) is None
    assert people(host) == ["grace"]
    assert host.stat(PATH).mode == "0640"
    assert host.names("/srv") == ["hub.sqlite"]


def test_a_copy_that_a_killed_run_left_is_made_again(host, database, older):
    for name in (".hubinstall-new", ".hubinstall-new-journal"):
        host.put(PATH + name, "half a copy")
    database.apply(host, look(database, host))
    assert look(database, host) is None
    assert host.names("/srv") == ["hub.sqlite"]


def test_the_journal_that_a_killed_service_left_is_rolled_back_first(host, database, older):
    """Its form is read without a change of anything."""
    path = host.path(PATH)
    as_root(["--", sys.executable, "-c", KILLED, str(path)], None)
    hot = path.with_name("hub.sqlite-journal")
    assert hot.stat().st_size > 512
    assert look(database, host).before == {"revision": OLDER}
    assert hot.exists()
    database.apply(host, look(database, host))
    assert people(host) == ["grace"]
    assert not hot.exists()


def test_one_from_the_future_is_refused_in_words_and_stays(host, database):
    with contextlib.closing(sqlite3.connect(host.path(PATH))) as connection:
        connection.executescript(FUTURE)
    before = host.read(PATH)
    with pytest.raises(UserError, match="is in the form from the future, and could not be upgraded") as refused:
        database.apply(host, look(database, host))
    assert "install that version or a newer one" in refused.value.hint
    assert host.read(PATH) == before


def test_the_hub_waits_for_it():
    assert f"database:{layout.HUB_DATABASE}" in wished()["service:jupyterhub"].needs
