"""The hub's configuration, the administrator's drop-ins, and what keeps the hub from starting."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fakes.hub_installation import configured, with_files
from fakes.hub_people import SETTINGS
from hubinstall import layout
from hubinstall.hubside import dropins
from hubinstall.hubside.authenticator import HostAuthenticator
from hubinstall.hubside.spawner import HomeSpawner


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
    assert hub.services[0] == {"name": layout.VERIFY_SERVICE, "api_token": "secret-v"}
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
    assert [service["name"] for service in c.JupyterHub.services] == [
        "mine", layout.VERIFY_SERVICE, layout.CULL_SERVICE,
    ]  # fmt: skip
    assert [role["name"] for role in c.JupyterHub.load_roles] == [
        "admin", layout.VERIFY_SERVICE, layout.CULL_SERVICE,
    ]  # fmt: skip
    assert c.JupyterHub.load_roles[0]["users"] == ["alice"]


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


def said(files, capsys, text: str) -> tuple[str, Any]:
    """What the hub warns about this drop-in, and the configuration."""
    (files / "hub_dropins/10-a.py").write_text(text)
    c = configured()
    return capsys.readouterr().err, c


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("c.DockerSpawner.imge = 'x'", "line 1: DockerSpawner has no setting imge; did you mean image?"),
        ("s = c.DockerSpawner\ns.imge = 'x'", "line 2: DockerSpawner has no setting imge"),
        ("c.Spawner['imge'] = 'x'", "line 1: Spawner has no setting imge"),
        ("c.DockerSpawer.image = 'x'", "line 1: there is no class DockerSpawer; did you mean DockerSpawner?"),
        ("c.DummyAuthenticator.password = 'x'", "line 1: c.DummyAuthenticator.password has no effect; "),
        ("c.Authenticator.admin_users = {'bob'}", "c.Authenticator.admin_users has no effect; set users.admin"),
        ("c.Spawner.environment = {'NB_UID': '0'}", "c.Spawner.environment: NB_UID has no effect"),
        ("c.Spawner.environment.update({'USER': 'x'})", "c.Spawner.environment: USER has no effect"),
        ("c.Spawner.mem_guarantee = '1G'", "c.Spawner.mem_guarantee has no effect; Docker only limits"),
        ("c.JupyterHub.load_roles = [{'name': 'admin', 'users': ['bob']}]", "bob cannot become an administrator"),
    ],
)  # fmt: skip
def test_what_has_no_effect_is_said_with_file_and_line(files, capsys, text, words):
    warned, _ = said(files, capsys, text + "\n")
    assert warned.count("hubinstall: warning: ") == 1
    assert words in warned
    assert "10-a.py" in warned


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("JupyterHub", "bind_url", "'http://:8000'"),
        ("JupyterHub", "hub_ip", "'0.0.0.0'"),
        ("JupyterHub", "db_url", "'sqlite:///x'"),
        ("JupyterHub", "proxy_class", "'traefik'"),
        ("JupyterHub", "cleanup_servers", "True"),
        ("ConfigurableHTTPProxy", "should_start", "True"),
        ("Proxy", "should_start", "True"),
        ("DockerSpawner", "network_name", "'bridge'"),
        ("HomeSpawner", "network_name", "'bridge'"),
        ("Spawner", "ip", "'127.0.0.1'"),
        ("DockerSpawner", "remove", "False"),
        ("DockerSpawner", "remove_containers", "False"),
    ],
)
def test_what_holds_the_installation_together_stays(files, capsys, section, name, value):
    before = dropins.values(configured())
    warned, c = said(files, capsys, f"c.{section}.{name} = {value}\n")
    assert f"10-a.py, line 1: c.{section}.{name} cannot be changed here, and was ignored; " in warned
    assert dropins.values(c) == before


def test_a_general_setting_comes_before_ours_for_a_class(files, capsys):
    """JupyterHub would use ours, c.DockerSpawner and c.HostAuthenticator, because their classes are more specific."""
    warned, c = said(files, capsys, "c.Spawner.mem_limit = '1G'\nc.Authenticator.auth_refresh_age = 600\n")
    assert not warned
    user = SimpleNamespace(name="alice", url="/user/alice/", base_url="/user/alice/", settings={})
    assert HomeSpawner(config=c, user=user).mem_limit == 1 << 30
    assert HostAuthenticator(config=c).auth_refresh_age == 600


def test_an_image_of_a_drop_in_is_pulled_when_it_is_needed(files, capsys):
    assert configured().DockerSpawner.pull_policy == "never"
    _, c = said(files, capsys, "c.DockerSpawner.container_image = 'site/image'\n")
    assert (c.DockerSpawner.image, c.DockerSpawner.pull_policy) == ("site/image", "ifnotpresent")


def test_an_old_service_keeps_its_rights(files, capsys):
    warned, c = said(files, capsys, "c.JupyterHub.services = [{'name': 'old', 'admin': True, 'api_token': 'x' * 32}]\n")
    assert not warned
    assert c.JupyterHub.load_roles[0] == {"name": "admin", "users": ["alice"], "services": ["old"]}


def test_a_network_of_a_container_is_ours(files, capsys):
    text = "c.DockerSpawner.extra_host_config = {'network_mode': 'host', 'cap_add': ['SYS_PTRACE']}\n"
    warned, c = said(files, capsys, text)
    assert "c.DockerSpawner.extra_host_config cannot change the network, and this part was ignored" in warned
    assert c.DockerSpawner.extra_host_config == {"cap_add": ["SYS_PTRACE"]}


@pytest.mark.parametrize("name", ["dockerspawner.SystemUserSpawner", "docker", "simple"])
def test_a_spawner_that_is_not_ours_needs_a_setting(files, capsys, monkeypatch, name):
    (files / "hub_dropins/10-a.py").write_text(f"\nc.JupyterHub.spawner_class = {name!r}\n")
    with pytest.raises(SystemExit) as ended:
        configured()
    assert ended.value.code == 78
    refused = capsys.readouterr().err
    assert "10-a.py, line 2: " in refused
    assert "set spawner.allow.other_classes: true in config.yaml" in refused
    allowed = json.dumps(replace(SETTINGS, other_spawners=True).as_dict())
    (files / "hub_settings").write_text(allowed)
    configured()
    assert "starts people's servers: the usual limits, mounts and rights do not apply" in capsys.readouterr().err


def test_a_subclass_of_ours_is_no_stranger(files, capsys):
    text = (
        "from hubinstall.hubside.spawner import HomeSpawner\nclass Mine(HomeSpawner):\n    pass\n"
        "c.JupyterHub.spawner_class = Mine\nc.Mine.mem_limit = '1G'\n"
    )
    warned, c = said(files, capsys, text)
    assert not warned
    assert c.JupyterHub.spawner_class.__name__ == "Mine"


def test_a_class_that_cannot_be_imported_is_named(files, capsys):
    (files / "hub_dropins/10-a.py").write_text("c.JupyterHub.authenticator_class = 'oauthenticator.Nowhere'\n")
    with pytest.raises(SystemExit):
        configured()
    assert "10-a.py, line 1: " in capsys.readouterr().err


def test_another_sign_on_is_told_and_its_own_lists_count(files, capsys):
    text = "c.JupyterHub.authenticator_class = 'dummy'\nc.Authenticator.admin_users = {'bob'}\n"
    warned, c = said(files, capsys, text)
    assert not warned
    assert c.Authenticator.admin_users == {"bob"}
    assert {"name": layout.PROBE_USER, "scopes": [], "users": [layout.PROBE_USER]} in c.JupyterHub.load_roles
    assert json.loads(Path(layout.DROPIN_REPORT).read_text())["authenticator"] == "DummyAuthenticator"


def test_jupyterhubs_own_pam_has_no_passwords_to_check(files, capsys):
    warned, _ = said(files, capsys, "c.JupyterHub.authenticator_class = 'pam'\n")
    assert "line 1: PAMAuthenticator cannot check passwords in /etc/shadow" in str(warned)


def test_the_report_names_each_file_and_warning(files, capsys):
    said(files, capsys, "c.DockerSpawner.imge = 'x'\n")
    path = files / "hub_dropins/10-a.py"
    report = json.loads(Path(layout.DROPIN_REPORT).read_text())
    assert report["files"] == {str(path): hashlib.sha256(path.read_bytes()).hexdigest()}
    assert [warning["path"] for warning in report["warnings"]] == [str(path)]


def test_a_drop_in_adds_to_what_pages_know(files, capsys):
    _, c = said(files, capsys, "c.JupyterHub.template_vars = {'announcement': 'x'}\n")
    assert c.JupyterHub.template_vars.items() >= {"announcement": "x", "appearance": SETTINGS.appearance}.items()


def test_a_logo_is_the_hubs(files):
    assert "logo_file" not in configured().JupyterHub
    (files / "hub_settings").write_text(
        json.dumps(replace(SETTINGS, appearance=replace(SETTINGS.appearance, logo="/etc/l.png")).as_dict())
    )
    assert configured().JupyterHub.logo_file == "/etc/l.png"
