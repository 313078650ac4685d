"""What takes too long is restarted, from nothing."""

import pytest

from fakes.host import FakeHost
from hubinstall.errors import OverdueError
from hubinstall.resources.base import look
from hubinstall.resources.packages.virtualenv import Virtualenv

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
            raise OverdueError(argv, 600, "")
        return ""

    host.answers["uv pip install"] = install
    wished = Virtualenv(NAME, lockfile="a==1", uv="uv")
    wished.apply(host, look(wished, host))
    host.forget()
    assert look(wished, host) is None
    assert tries == [False, False]
    assert host.names(PACKAGES) == ["whole"]
    assert [told.timeout for told in host.told if "pip install" in told.words] == [600, 1800]
    assert [notice for notice in host.notices if "not done after 600 s" in notice]


def test_twice_too_long_is_too_long(host):
    def stuck(argv, _input):
        raise OverdueError(argv, 1800, "")

    host.answers["uv pip install"] = stuck
    wished = Virtualenv(NAME, lockfile="a==1", uv="uv")
    with pytest.raises(OverdueError, match="still running after 1800 s"):
        wished.apply(host, look(wished, host))
    host.forget()
    assert look(wished, host) is not None
