"""Packages: one look for all, and an apt that was interrupted is mended."""

import os

import pytest

from fakes.facts import fake_facts
from fakes.host import FakeHost
from fakes.programs import Dpkg
from hubinstall import layout
from hubinstall.blueprint.docker import docker_packages
from hubinstall.blueprint.packages import base
from hubinstall.errors import UserError
from hubinstall.resources.base import look
from hubinstall.resources.packages import offline
from hubinstall.resources.packages.apt import LISTS, Packages, half_done, repair
from hubinstall.settings.model import Settings

GROUP = Packages("web", ("nginx", "openssl"))


def machine(tmp_path, dpkg, lists_age=60):
    host = FakeHost(tmp_path, {"dpkg-query": dpkg.query, "apt-get": dpkg.apt, "dpkg ": dpkg.configure})
    if lists_age is not None:
        host.put(f"{LISTS}/mirror_dists_bookworm_InRelease", "x")
        host.put(f"{LISTS}/partial/x", "")
        partial = host.path(f"{LISTS}/partial")
        now = partial.stat().st_mtime
        os.utime(partial, (now - lists_age, now - lists_age))
    return host


def settle(host, resource=GROUP):
    change = look(resource, host)
    if change:
        resource.apply(host, change)
        host.forget()
    return look(resource, host)


def updates(host):
    return sum(command.endswith(" update") for command in host.commands)


def test_what_is_there_is_left_and_the_rest_installed(tmp_path):
    host = machine(tmp_path, Dpkg({"openssl": "installed"}))
    assert look(GROUP, host).keys == ["nginx"]
    assert settle(host) is None
    installs = [command for command in host.commands if "install" in command.split()]
    assert [command.rpartition(" install ")[2] for command in installs] == ["nginx"]
    assert "--no-remove" in installs[0]
    assert updates(host) == 0


@pytest.mark.parametrize("age", [None, 2 * 24 * 3600])
def test_lists_that_are_missing_or_old_are_fetched(tmp_path, age):
    host = machine(tmp_path, Dpkg({}), lists_age=age)
    assert look(GROUP, host).verb == "create"
    assert settle(host) is None
    assert updates(host) == 1


@pytest.mark.parametrize(
    "status", ["half-installed", "half-configured", "unpacked", "triggers-pending", "config-files"]
)
def test_half_a_package_is_no_package(tmp_path, status):
    host = machine(tmp_path, Dpkg({"openssl": "installed", "nginx": status}))
    assert look(GROUP, host).keys == ["nginx"]
    assert settle(host) is None


def test_what_counts_as_unpacked_but_must_be_unpacked_again_is(tmp_path):
    dpkg = Dpkg({"openssl": "installed", "nginx": "unpacked"})
    dpkg.torn = {"nginx"}
    assert settle(machine(tmp_path, dpkg)) is None
    assert dpkg.torn == set()


def test_an_interrupted_dpkg_is_mended_first(tmp_path):
    dpkg = Dpkg({"openssl": "installed", "nginx": "unpacked"})
    dpkg.interrupted = True
    assert settle(machine(tmp_path, dpkg)) is None


@pytest.mark.parametrize("status", ["unpacked", "half-configured", "triggers-pending"])
def test_what_a_killed_dpkg_left_of_other_packages_is_found_and_finished(tmp_path, status):
    host = machine(tmp_path, Dpkg({"openssl": "installed", "nginx": "installed", "libc-bin": status}))
    assert look(GROUP, host) is None
    assert half_done(host) == ["libc-bin"]
    repair(host)
    assert any(command.startswith("dpkg ") and command.endswith("--configure -a") for command in host.commands)
    assert any("--fix-broken" in command for command in host.commands)


def test_no_step_of_apt_asks_a_question_or_restarts_what_is_the_administrators(tmp_path):
    dpkg = Dpkg({"openssl": "half-installed"})
    dpkg.interrupted = True
    host = machine(tmp_path, dpkg, lists_age=None)
    assert settle(host) is None
    acts = [told for told in host.told if told.words.startswith(("apt-get ", "dpkg "))]
    steps = ("update", "--reinstall", "--configure", "--fix-broken")
    assert [step for step in steps if not any(f" {step} " in f"{told.words} " for told in acts)] == []
    for told in acts:
        assert told.env["NEEDRESTART_SUSPEND"], told
        assert told.env["APT_LISTCHANGES_FRONTEND"] == "none", told
        assert told.env["UCF_FORCE_CONFFOLD"], told
        assert "--force-confdef" in told.words, told
        assert "--force-confold" in told.words, told


def test_a_package_that_nobody_offers_is_named(tmp_path):
    host = machine(tmp_path, Dpkg({}, offered=("openssl",)))
    with pytest.raises(UserError, match="could not install nginx, openssl") as caught:
        settle(host)
    assert "Unable to locate package nginx" in caught.value.hint
    assert "sources.list.d" in caught.value.hint


def test_a_foreign_architecture_does_not_hide_the_package(tmp_path):
    host = machine(tmp_path, Dpkg({}))
    host.answers["dpkg-query"] = "nginx installed\nnginx config-files\nopenssl config-files\nopenssl installed\n"
    assert look(GROUP, host) is None


def test_packages_stay_and_that_is_said(tmp_path):
    host = machine(tmp_path, Dpkg({"nginx": "installed"}))
    left = Packages("web")
    assert left.actual(host) is None
    left.remove(host)
    assert "stay installed" in host.notices[0]


def test_without_systemd_no_script_of_a_package_starts_a_service(tmp_path):
    policy, packages, _ = base(fake_facts(manager="supervisor"))
    assert packages.needs == ("file:/usr/sbin/policy-rc.d",)
    script = tmp_path / "policy"
    script.write_text(policy.content)
    answers = {name: os.system(f"sh {script} --quiet {name} start") >> 8 for name in ("docker", "nginx", "ssh")}  # noqa: S605
    assert answers == {"docker": 101, "nginx": 101, "ssh": 0}
    for facts in (fake_facts(), fake_facts(manager="supervisor", foreign_service_policy=True)):
        assert [r.kind for r in base(facts)] == ["packages", "packages"]


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (fake_facts(), {"docker.io"}),
        (fake_facts(apparmor=True), {"docker.io", "apparmor"}),
        (fake_facts(version="13", manager="supervisor"), {"docker.io", "docker-cli"}),
        (fake_facts(manager="supervisor"), {"docker.io", "cgroupfs-mount"}),
        (fake_facts(docker="27.1", docker_adopted=True), set()),
    ],
)
def test_dockers_packages(facts, wanted):
    assert set(docker_packages(facts)[0].packages) == wanted | {"ca-certificates"}
    assert Settings()


def test_with_a_bundle_only_its_packages_are_used(tmp_path):
    host = machine(tmp_path, Dpkg({}), lists_age=None)
    host.put(layout.BUNDLE, "")
    assert settle(host) is None
    used = [command for command in host.commands if command.startswith("apt-get")]
    assert len(used) == 2  # the index of the bundle, and the packages
    assert all(f"Dir::Etc::SourceList={offline.SOURCES}" in command for command in used)
    assert all("Dir::Etc::SourceParts=/dev/null" in command for command in used)


def test_what_a_bundle_cannot_give_is_got_in_the_usual_way(tmp_path):
    dpkg = Dpkg({})
    host = machine(tmp_path, dpkg)
    host.put(layout.BUNDLE, "")
    host.answers["apt-get"] = lambda argv, given: (100, "") if offline.APT[1] in argv else dpkg.apt(argv, given)
    assert settle(host) is None
    assert "Dir::Etc::SourceList" not in [command for command in host.commands if " install " in command][-1]
