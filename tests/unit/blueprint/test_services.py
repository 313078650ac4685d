"""The services of an installation, as the blueprint makes them for either process manager."""

import configparser
import subprocess

import pytest

from fakes.blueprint import wished
from hubinstall import layout
from hubinstall.blueprint.services import LEAST_RESERVE, users_memory
from hubinstall.engine.ledger import fields_kept
from hubinstall.resources.files.file import File
from hubinstall.resources.kinds import KINDS
from hubinstall.resources.services.service import Service
from hubinstall.resources.services.unit import UnitFile

GROUP_SHARE = {"shares": {"project": {"access": {"group": "team"}}}}
WITH_ALL = {**GROUP_SHARE, "home": {"quota": "10G"}}
"""Settings with which every service exists."""
MANAGERS = pytest.mark.parametrize("manager", ["systemd", "supervisor"])


def services(resources):
    return {r.name: r for r in resources.values() if isinstance(r, Service)}


def started_with(*args, **fields):
    return {name: service.started_with for name, service in services(wished(*args, **fields)).items()}


@MANAGERS
def test_every_service_is_there(manager):
    names = set(services(wished(manager, WITH_ALL, cgroup_driver="cgroupfs")))
    # supervisord cannot start itself again; systemd cannot be killed.
    assert names == {*layout.SERVICES, *([layout.WATCH_SERVICE] if manager == "supervisor" else [])}
    assert set(services(wished(manager, cgroup_driver="cgroupfs"))) == names - {
        layout.SHARES_SERVICE,
        layout.QUOTAS_SERVICE,
    }


def test_systemd_itself_makes_the_group_of_user_servers_where_docker_lets_it():
    names = set(services(wished()))
    assert layout.USERS_SLICE in names
    assert layout.LIMITS_SERVICE not in names


@MANAGERS
def test_the_ledger_makes_each_again_for_its_removal(manager):
    for resource in wished(manager).values():
        assert KINDS[resource.kind](**fields_kept(resource)).name == resource.name


LTI = {"issuer": "https://moodle.example.org", "client_id": "hub", "authorize_url": "https://moodle.example.org/auth"}
OIDC = {"client_id": "hub", "client_secret_file": "/etc/site/secret"}


@pytest.mark.parametrize(
    ("auth", "way_out"),
    [
        ({}, "localhost 10.99.0.0/16"),
        ({"type": "oidc", "oidc": {**OIDC, "issuer": "https://login.example.org"}}, "localhost any"),
        ({"type": "oidc", "oidc": {**OIDC, "issuer": "http://localhost:9000"}}, "localhost 10.99.0.0/16"),
        ({"type": "lti", "lti": {**LTI, "jwks_endpoint": "https://moodle.example.org/keys"}}, "localhost any"),
        ({"type": "lti", "lti": {**LTI, "jwks_endpoint": "https://192.0.2.7/k"}}, "localhost 10.99.0.0/16 192.0.2.7"),
        ({"type": "lti", "lti": {**LTI, "jwks_endpoint": "http://localhost/keys"}}, "localhost 10.99.0.0/16"),
    ],
)
def test_the_hub_alone_is_let_out_and_only_for_a_sign_on_elsewhere(auth, way_out):
    resources = wished("systemd", {"auth": auth, "users": {"allow_all": True}})
    units = {r.name: r.content for r in resources.values() if isinstance(r, UnitFile)}
    assert f"IPAddressAllow={way_out}\n" in units[layout.unit(layout.HUB_SERVICE)]
    others = [text for name, text in units.items() if layout.HUB_SERVICE + ".service" not in name]
    assert not any("any" in line for text in others for line in text.splitlines() if line.startswith("IPAddressAllow"))


@MANAGERS
def test_a_limit_restarts_the_hub_and_what_holds_it_to_the_limit(manager):
    before, after = started_with(manager), started_with(manager, {"limits": {"memory": "1G"}})
    assert {name for name in before if before[name] != after[name]} == {layout.HUB_SERVICE, layout.BROKER_SERVICE}


@MANAGERS
def test_a_read_only_share_restarts_nothing(manager):
    assert started_with(manager) == started_with(manager, {"shares": {"course": None}})


@MANAGERS
def test_a_dropin_of_the_hub_restarts_the_hub_and_one_of_nginx_reloads_nginx(manager):
    for folder, name in ((layout.HUB_DROPINS, "a.py"), (layout.NGINX_DROPINS, "a.conf")):
        before, after = started_with(manager), started_with(manager, dropins={f"{folder}/{name}": "0" * 64})
        service = layout.HUB_SERVICE if name == "a.py" else layout.NGINX_SERVICE
        assert {name for name in before if before[name] != after[name]} == {service}


@MANAGERS
def test_docker_is_never_restarted_by_us(manager):
    assert started_with(manager)[layout.DOCKER_SERVICE] == ""


def test_launchers_are_good_posix_shell():
    for resource in wished("supervisor", WITH_ALL, cgroup_driver="cgroupfs").values():
        if isinstance(resource, File) and resource.name.startswith((layout.LAUNCHERS, layout.INIT_SCRIPT)):
            checked = subprocess.run(["sh", "-n"], input=resource.data, capture_output=True, check=False)
            assert checked.stderr == b"", resource.name
            assert resource.data.startswith(b"#!/bin/sh\n")
            assert resource.mode == "0755"


def test_both_managers_run_the_same_launchers():
    """Under systemd the distribution runs its own services, and needs none of ours."""
    texts = {}
    for manager in ("systemd", "supervisor"):
        resources = wished(manager, WITH_ALL, cgroup_driver="cgroupfs")
        texts[manager] = {name: r.data for name, r in resources.items() if name.startswith(f"file:{layout.LAUNCHERS}")}
    assert texts["systemd"].items() <= texts["supervisor"].items()


def test_program_files_say_what_supervisord_reads():
    resources = wished("supervisor", WITH_ALL, cgroup_driver="cgroupfs")
    for name in layout.SERVICES:
        parser = configparser.RawConfigParser()
        parser.read_string(resources[f"file:{layout.supervisor_program(name)}"].content)
        program = parser[f"program:{name}"]
        assert program["command"] == layout.launcher(name)
        assert layout.CONFIGURED in program["environment"]
        if name in {layout.DOCKER_SERVICE, layout.CONTAINERD_SERVICE}:
            assert (program["stopasgroup"], program["killasgroup"]) == ("false", "false")


def test_no_unit_holds_a_secret_or_runs_people_facing_code_as_root():
    units = {r.name: r.content for r in wished().values() if isinstance(r, UnitFile)}
    for service, account in ((layout.HUB_SERVICE, layout.HUB_USER), (layout.PROXY_SERVICE, layout.PROXY_USER)):
        unit = units[layout.unit(service)]
        assert f"\nUser={account}\n" in unit
        assert "\nCapabilityBoundingSet=\n" in unit
        assert "IPAddressAllow=localhost 10.99.0.0/16\n" in unit
        assert "TOKEN" not in unit


def test_only_what_checks_a_password_may_set_its_own_numbers():
    """PAM of Debian 13 does, and refuses everybody where it may not."""
    units = {r.name: r.content for r in wished().values() if isinstance(r, UnitFile)}
    filters = {
        service: [line for line in units[layout.unit(service)].splitlines() if line.startswith("SystemCallFilter=")]
        for service in (layout.HUB_SERVICE, layout.PROXY_SERVICE, layout.BROKER_SERVICE, layout.ACCOUNTS_SERVICE)
    }
    *others, helper = filters.values()
    assert all(lines == helper[:-1] for lines in others)
    assert helper[-2:] == ["SystemCallFilter=~@privileged @resources", "SystemCallFilter=@setuid @chown"]


def test_what_runs_as_root_has_few_rights():
    settings = {**GROUP_SHARE, "https": {"letsencrypt": {"email": "a@b.org", "domains": ["a.example.org"]}}}
    made = wished(settings=settings, cgroup_driver="cgroupfs").values()
    units = {r.name: r.content for r in made if isinstance(r, UnitFile)}
    rights = {
        layout.FIREWALL_SERVICE: "CAP_NET_ADMIN", layout.LIMITS_SERVICE: "CAP_DAC_OVERRIDE",
        layout.CERTIFICATES_SERVICE: "",
    }  # fmt: skip
    for service, capabilities in rights.items():
        unit = units[layout.unit(service)]
        assert f"\nCapabilityBoundingSet={capabilities}\n" in unit
        for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateDevices=yes"):
            assert f"\n{line}\n" in unit, service


@pytest.mark.parametrize("machine", [1 << 30, 4 << 30, 512 << 30])
def test_user_servers_leave_the_host_its_reserve(machine):
    rest = machine - users_memory(machine)
    assert rest >= max(LEAST_RESERVE, machine // 10)
    assert users_memory(machine) % 4096 == 0
