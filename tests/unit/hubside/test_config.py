"""The hub's configuration, the administrator's drop-ins, and what keeps the hub from starting."""

import pytest

from fakes.hub_installation import configured, with_files
from hubinstall import layout


@pytest.fixture
def files(tmp_path, monkeypatch):
    with_files(tmp_path, monkeypatch)
    return tmp_path


def test_the_configuration_holds_an_installation_together(files):
    hub = configured().JupyterHub
    assert hub.bind_url == "http+unix://%2Frun%2Fhubinstall%2Fproxy-public%2Fpublic.sock/"
    assert hub.hub_bind_url == hub.hub_connect_url == "http://10.99.0.1:8081"
    assert (hub.cleanup_servers, hub.cleanup_proxy) == (False, False)
    assert configured().ConfigurableHTTPProxy.auth_token == "secret-p"
    assert hub.services == [{"name": layout.VERIFY_SERVICE, "api_token": "secret-v"}]
    assert hub.load_roles[0] == {"name": "admin", "users": ["alice"], "services": []}
    assert not any(scope.startswith("admin") for scope in hub.load_roles[1]["scopes"])


def test_dropins_come_last_and_in_order_and_cannot_take_what_is_needed_away(files):
    (files / "hub_dropins/20-b.py").write_text("c.Spawner.default_url = c.Spawner.default_url + '/b'\n")
    (files / "hub_dropins/10-a.py").write_text(
        "c.Spawner.default_url = '/a'\n"
        "c.JupyterHub.services = [{'name': 'mine', 'api_token': 'x' * 32}]\n"
        "c.JupyterHub.load_roles = [{'name': 'admin', 'users': ['bob']}]\n"
        "get_config().Spawner.environment = {'FROM': __file__}\n"
    )
    (files / "hub_dropins/notes.txt").write_text("not Python")
    c = configured()
    assert c.Spawner.default_url == "/a/b"
    assert c.Spawner.environment["FROM"].endswith("10-a.py")
    assert [service["name"] for service in c.JupyterHub.services] == ["mine", layout.VERIFY_SERVICE]
    assert [role["name"] for role in c.JupyterHub.load_roles] == ["admin", layout.VERIFY_SERVICE]
    assert c.JupyterHub.load_roles[0]["users"] == ["bob"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\ny = (", "10-a.py, line 2: '(' was never closed"),
        ("import os\nos.nothing", "10-a.py, line 2: AttributeError: module 'os' has no attribute 'nothing'"),
        ("def f():\n    1 / 0\nf()\n", "10-a.py, line 2: ZeroDivisionError"),
    ],
)
def test_an_error_in_a_dropin_names_file_and_line(files, capsys, text, words):
    (files / "hub_dropins/10-a.py").write_text(text)
    with pytest.raises(SystemExit) as ended:
        configured()
    assert ended.value.code == 78
    assert words in capsys.readouterr().err


def test_a_damaged_database_ends_the_hub_with_words(files, capsys):
    (files / "hub_database").write_bytes(b"garbage")
    with pytest.raises(SystemExit) as ended:
        configured()
    assert ended.value.code == 78
    assert "hub_database cannot be used: file is not a database" in capsys.readouterr().err
