"""What hangs is restarted, from nothing but what was downloaded."""

import pytest

from fakes.host import FakeHost
from hubinstall.errors import StalledError
from hubinstall.resources.base import look
from hubinstall.resources.packages.downloads import TRIES
from hubinstall.resources.packages.virtualenv import NodeModules, Virtualenv

NAME = "/opt/hubinstall/trees/hub-1"
PACKAGES = f"{NAME}/lib/python3.11/site-packages"


@pytest.fixture
def host(tmp_path):
    def make(_argv, _input):
        host.put(f"{NAME}/bin/python3", "")
        return ""

    host = FakeHost(tmp_path, {"uv venv": make})
    host.put("/opt/hubinstall/trees/.keep", "")
    host.say = host.notices.append
    return host


def test_what_a_killed_uv_left_is_not_taken_for_installed(host):
    tries = []

    def install(argv, _input):
        tries.append(host.exists(f"{PACKAGES}/half"))
        host.put(f"{PACKAGES}/{'whole' if len(tries) > 1 else 'half'}/__init__.py", "")
        if len(tries) == 1:
            raise StalledError(argv, 300, "")
        return ""

    host.answers["uv pip install"] = install
    wished = Virtualenv(NAME, lockfile="a==1", uv="uv")
    wished.apply(host, look(wished, host))
    host.forget()
    assert look(wished, host) is None
    assert tries == [False, False]
    assert host.names(PACKAGES) == ["whole"]
    host.put(wished.uvs_lock, "")
    host.forget()
    change = look(wished, host)
    assert change.before == {"complete": True, "uv's lock": True}
    wished.apply(host, change)
    host.forget()
    assert look(wished, host) is None
    assert len(tries) == 2, "an earlier version's is removed, and nothing is installed again"
    assert [notice for notice in host.notices if "no progress for 5 minutes, so it is restarted" in notice]


def test_what_hangs_each_time_fails(host):
    tries = []

    def stuck(argv, _input):
        tries.append(argv)
        raise StalledError(argv, 300, "")

    host.answers["uv pip install"] = stuck
    wished = Virtualenv(NAME, lockfile="a==1", uv="uv")
    with pytest.raises(StalledError, match="no progress for 300 s"):
        wished.apply(host, look(wished, host))
    assert len(tries) == TRIES
    host.forget()
    assert look(wished, host) is not None


def test_what_npm_has_downloaded_is_kept_for_the_next_try_only(host):
    name, tries = "/opt/hubinstall/trees/proxy-1", []

    def install(argv, _input):
        cache = next(word for word in argv if word.startswith("--cache=")).partition("=")[2]
        tries.append(host.exists(f"{cache}/downloaded"))
        host.put(f"{cache}/downloaded", "")
        host.put(f"{name}/node_modules/x/index.js", "")
        if len(tries) == 1:
            raise StalledError(argv, 300, "")
        return ""

    host.answers["node/bin/node"] = install
    wished = NodeModules(name, "{}", "{}", node="node")
    wished.apply(host, look(wished, host))
    assert tries == [False, True]
    assert host.names("/opt/hubinstall/trees") == [".keep", "proxy-1"]
