"""The part `hub`: the file that the hub reads says what the settings say."""

import json

import pytest

from fakes.facts import fake_facts
from fakes.hub_people import IMAGE
from hubinstall import layout
from hubinstall.blueprint.contents import blueprint
from hubinstall.blueprint.hub import hub
from hubinstall.blueprint.shares import shares
from hubinstall.hubside.limits import OtherLimits
from hubinstall.hubside.settings import HubSettings
from hubinstall.hubside.shares import SharedFolder
from hubinstall.resources.accounts.share import Share
from hubinstall.settings.model import Settings

FACTS = fake_facts(memory=2 << 30, cpus=4, cgroup_driver="systemd")


def parts(**settings) -> dict:
    return {resource.name: resource for resource in hub(Settings(**settings), FACTS, IMAGE)}


def written(**settings) -> HubSettings:
    return HubSettings.parse(parts(**settings)[layout.HUB_SETTINGS].content)


def test_the_hub_is_not_told_of_an_image_that_does_not_come():
    resources = blueprint(Settings(environment={"image": "quay.io/jupyter/base-notebook"}), FACTS)
    (settings,) = [r for r in resources if r.name == layout.HUB_SETTINGS]
    assert "pulled-image:quay.io/jupyter/base-notebook" in settings.needs


def test_defaults():
    found = written()
    assert found.network.gateway == "10.99.0.1"
    assert found.limits.memory == 1 << 30
    assert found.allow_all
    assert found.cgroup_parent == "hubinstall-users.slice"
    assert (found.image, found.cores, found.uid_min, found.uid_max) == ("hubinstall/default:1", 4, 1000, 2**31 - 1)


def test_what_the_file_says_arrives():
    found = written(
        base_url="/jupyter", users={"admin": ["alice"], "allow_all": False, "allowed": ["bob"], "banned": ["eve"]},
        limits={"memory": "3G", "cpu": 0.5, "processes": 99}, network={"subnet": "172.30.0.0/20"},
        shares={"course": None, "project": {"access": {"group": "teachers"}}},
    )  # fmt: skip
    assert (found.base_url, found.network.gateway) == ("/jupyter/", "172.30.0.1")
    assert (found.admins, found.allowed, found.banned, found.allow_all) == (("alice",), ("bob",), ("eve",), False)
    assert (found.limits.memory, found.limits.cpu, found.limits.processes) == (3 << 30, 0.5, 99)
    assert found.shares == (SharedFolder("project", group="teachers"),)


def test_limits_of_groups_and_people_arrive():
    found = written(limits={"groups": {"projects": {"memory": "3G"}}, "users": {"grace": {"servers": 2}}})
    assert found.other_limits == OtherLimits({"projects": {"memory": 3 << 30}}, {"grace": {"servers": 2}})
    assert found.limits == written().limits


def test_a_read_only_share_restarts_nothing():
    assert written() == written(shares={"course": None})


@pytest.mark.parametrize("share", [None, {"access": "read-only"}, {"access": {"group": "teachers"}}])
def test_a_share_has_the_group_of_its_setting_or_none(share):
    """Where nobody writes the group is None from the settings to the resource, and the hub is told of none."""
    settings = Settings(shares={"course": share})
    [made] = [resource for resource in shares(settings, FACTS) if isinstance(resource, Share)]
    group = "teachers" if share and share["access"] != "read-only" else None
    assert (settings.shares["course"].group, made.group) == (group, group)
    assert written(shares={"course": share}).shares == ((SharedFolder("course", group=group),) if group else ())


def test_only_the_hub_reads_its_settings():
    found = parts()[layout.HUB_SETTINGS]
    assert (found.mode, found.owner, found.group) == ("0640", "root", layout.HUB_USER)


def test_the_configuration_is_python_that_only_hands_over():
    file = parts()[layout.HUB_CONFIG]
    compile(file.content, "jupyterhub_config.py", "exec")
    assert "configure(get_config())" in file.content
    assert layout.HUB_DROPINS in file.content
    assert "{}" in file.check


@pytest.mark.parametrize(
    ("driver", "parent"), [("systemd", f"{layout.USERS_CGROUP}.slice"), ("cgroupfs", f"/{layout.USERS_CGROUP}")]
)
def test_the_parent_cgroup_is_said_as_docker_wants_it(driver, parent):
    file = next(r for r in hub(Settings(), fake_facts(cgroup_driver=driver), IMAGE) if r.name == layout.HUB_SETTINGS)
    assert json.loads(file.content)["cgroup_parent"] == parent


def test_names_of_a_form_are_in_small_letters():
    users = {"admin": ["Ada"], "allow_all": True, "banned": ["Mallory"]}
    assert written(users=users, auth={"type": "dummy"}).banned == ("mallory",)
    assert written(users=users, auth={"type": "dummy"}).admins == ("ada",)
    assert written(users=users).banned == ("Mallory",), "PAM says how names of this machine are written"


def test_only_the_chosen_sign_on_has_secrets():
    shared = {"password_file": "/etc/a", "admin_password_file": "/etc/b"}
    made = parts(users={"allow_all": True}, auth={"type": "shared-password", "shared_password": shared})
    assert made[layout.SIGN_ON_SECRET].source == "/etc/a"
    assert made[layout.SIGN_ON_ADMIN_SECRET].source == "/etc/b"
    assert layout.SIGN_ON_SECRET not in parts(auth={"shared_password": shared})
