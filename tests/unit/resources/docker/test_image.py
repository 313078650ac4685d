"""The default image and images by name, on a host whose Docker is a dictionary."""

import re

import pytest

from fakes.docker import Docker
from fakes.facts import fake_facts
from fakes.host import FakeHost
from fakes.programs import remove
from hubinstall import layout
from hubinstall.blueprint import user_image
from hubinstall.errors import StalledError, UserError
from hubinstall.machine.docker import DAEMONS
from hubinstall.resources.base import look
from hubinstall.resources.docker.image import Image
from hubinstall.resources.packages import apt_sources
from hubinstall.settings.model import Settings

NAME = "registry.example/team/lab:1"
TARGETS = """Debian|bookworm|bookworm|main|http://mirror.example/debian/|/etc/apt/sources.list.d/debian.sources:1
Debian|bookworm|bookworm|contrib|http://mirror.example/debian/|/etc/apt/sources.list.d/debian.sources:1
Debian|bookworm-security|stable-security|main|http://mirror.example/security/|/etc/apt/sources.list:2
Debian Backports|bookworm-backports|bookworm-backports|main|http://mirror.example/debian/|/etc/apt/sources.list:3
Docker|bookworm|bookworm|stable|https://vendor.example/linux/debian/|/etc/apt/sources.list.d/docker.list:1
"""


@pytest.fixture
def docker():
    return Docker()


@pytest.fixture
def host(tmp_path, docker):
    def build(argv, input_):
        assert "deb " in input_
        path = host.path(argv[argv.index("sh") + 2])
        (path / "usr").mkdir(parents=True)
        return ""

    host = FakeHost(tmp_path, docker.answers() | {"flock": build, "rm -rf": remove, "apt-get indextargets": TARGETS})
    host.answers["bash -o pipefail"] = docker.pipe(host)
    host.mkdir("/var/lib/hubinstall")
    return host


def environment(image=None, facts=None):
    settings = Settings.model_validate({"environment": {"image": image}} if image else {})
    return user_image.environment(settings, facts or fake_facts(), docker=())


def apply(host, resources):
    """What the engine does; the ids of what was changed."""
    changed = []
    for resource in resources:
        host.forget()
        if change := look(resource, host):
            resource.apply(host, change)
            host.forget()
            assert look(resource, host) is None
            changed.append(change.id)
    return changed


def test_the_default_image_is_built_once(host, docker):
    wished = environment()
    root, image = wished.resources[1:]
    assert apply(host, wished.resources) == [
        f"directory:{layout.IMAGES}",
        f"image-root:{root.name}",
        f"image:{image.name}",
    ]
    assert docker.labels[docker.images[wished.image]] == wished.image.rpartition(":")[2]
    assert not host.exists(root.name), "the root file system is not kept beside the image"
    assert apply(host, wished.resources) == []


def test_the_root_is_built_without_docker(host, docker):
    docker.down = True
    *first, image = environment().resources
    assert len(apply(host, first)) == 2
    assert look(image, host).verb == "create"
    docker.down = False
    assert apply(host, [*first, image]) == [f"image:{image.name}"]
    assert sum(command.startswith("flock") for command in host.commands) == 1


def test_a_half_built_root_does_not_count(host):
    _, root, _ = environment().resources
    (host.path(root.name) / "usr").mkdir(parents=True)
    assert look(root, host).verb == "create"


def test_a_build_that_fails_says_what_the_tools_said(host):
    host.answers["flock"] = lambda *_: (25, "E: Could not connect to mirror.example")
    with pytest.raises(UserError, match="could not be built") as raised:
        apply(host, environment().resources)
    assert "Could not connect to mirror.example" in raised.value.hint


def test_a_build_that_hangs_is_restarted(host):
    build, begun = host.answers["flock"], []

    def stuck_once(argv, input_):
        begun.append(argv)
        if len(begun) == 1:
            raise StalledError(argv, 300, "Get:1 a package")
        return build(argv, input_)

    host.answers["flock"] = stuck_once
    said = []
    host.say = said.append
    root = environment().resources[1]
    apply(host, [root])
    assert begun[0] == begun[1]
    assert len(begun) == 2
    assert len(said) == 1
    assert said[0].startswith("the image for user servers: no progress for 5 minutes")


def test_a_build_that_hangs_each_time_fails(host):
    def stuck(argv, _input):
        raise StalledError(argv, 300, "Get:1 a package")

    host.answers["flock"] = stuck
    with pytest.raises(UserError, match="could not be built") as raised:
        apply(host, environment().resources)
    assert "no progress for 300 s" in raised.value.hint


def test_another_image_under_our_name_is_noticed_and_mended_without_building(host, docker):
    wished = environment()
    apply(host, wished.resources)
    docker.images |= {"backup:1": docker.images[wished.image], wished.image: "id-of-another"}
    assert apply(host, wished.resources) == [f"image:{layout.IMAGE_REPOSITORY}"]
    assert sum(command.startswith("flock") for command in host.commands) == 1


def test_what_a_run_left_that_was_killed_when_docker_had_the_image_goes(host):
    wished = environment()
    _, root, image = wished.resources
    apply(host, wished.resources)
    host.remove(f"{root.name}.imported")
    host.put(f"{root.name}/usr/left", "")
    assert look(image, host).keys == ["root"]
    assert f"image:{image.name}" in apply(host, [image])
    assert not host.exists(root.name)
    assert apply(host, wished.resources) == []
    assert sum(command.startswith("flock") for command in host.commands) == 1


def test_a_lost_image_is_one_difference(host, docker):
    wished = environment()
    apply(host, wished.resources)
    docker.images.clear()
    assert apply(host, wished.resources) == [f"image:{layout.IMAGE_REPOSITORY}"]


def test_the_image_of_before_stays_one_change_long(host, docker):
    tags = []
    for python in ("3.11", "3.12", "3.13"):
        wished = environment(facts=fake_facts(python=python))
        apply(host, wished.resources)
        tags.append(wished.image)
    assert list(docker.images) == tags[1:]
    wished.resources[-1].remove(host)
    assert docker.images == {}


def test_the_image_of_another_repository_stays(host, docker):
    wished = environment()
    apply(host, wished.resources)
    docker.labels["id-nameless"] = "1"
    before = dict(docker.images)
    Image("third/image").remove(host)
    assert docker.images == before
    assert "docker image rm id-nameless" in host.commands


def test_the_tag_tells_what_the_image_is_made_of():
    names = {
        environment(facts=facts).image
        for facts in (fake_facts(), fake_facts(codename="trixie"), fake_facts(arch="arm64"))
    }
    assert len(names) == 3
    assert environment().image == environment().image


def test_packages_are_names():
    """By the rule of Debian's policy, 5.6.1."""
    assert {"python3", "git", "tini"} < set(user_image.packages())
    assert [name for name in user_image.packages() if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name)] == []


def test_only_the_distributions_sources_count(host):
    host.put("/etc/apt/sources.list.d/debian.sources", "Types: deb\nSigned-By: /usr/share/keyrings/debian.gpg\n")
    host.put("/etc/apt/sources.list", "deb [signed-by=/a.gpg] x\ndeb [arch=amd64 signed-by=/b.gpg] y\n")
    assert apt_sources.sources(host, "bookworm") == [
        "deb [signed-by=/usr/share/keyrings/debian.gpg] http://mirror.example/debian/ bookworm main contrib",
        "deb http://mirror.example/security/ stable-security main",
    ]


def test_ubuntus_backports_do_not_count(host):
    host.answers["apt-get indextargets"] = "".join(
        f"Ubuntu|noble|{release}|universe|http://mirror.example/ubuntu/|/x:1\n"
        for release in ("noble", "noble-updates", "noble-security", "noble-backports", "noble-proposed")
    )
    assert [line.split()[2] for line in apt_sources.sources(host, "noble")] == [
        "noble",
        "noble-updates",
        "noble-security",
    ]


def test_no_mirror_is_said_in_words(host):
    with pytest.raises(UserError, match="no mirror of trixie"):
        apt_sources.sources(host, "trixie")


def test_an_image_by_name_is_pulled_once_and_pinned(host, docker):
    docker.registry[NAME] = "id-1"
    wished = environment(NAME)
    assert apply(host, wished.resources)[-1] == f"pulled-image:{NAME}"
    assert docker.images[wished.image] == "id-1"
    assert [told.daemons for told in host.told if " pull " in told.words] == [DAEMONS], "its progress is the Engine's"
    docker.registry.clear()
    assert apply(host, wished.resources) == []


def test_a_pin_outlives_what_others_do(host, docker):
    docker.registry[NAME] = "id-1"
    wished = environment(NAME)
    apply(host, wished.resources)
    docker.images[NAME] = "id-2"
    assert apply(host, wished.resources) == []
    del docker.images[wished.image]
    assert apply(host, wished.resources) == [f"pulled-image:{NAME}"]
    assert docker.images[wished.image] == "id-1"


def test_a_pinned_image_that_is_gone_comes_back_by_its_digest(host, docker):
    docker.registry[NAME] = "id-1"
    wished = environment(NAME)
    apply(host, wished.resources)
    docker.images.clear()
    docker.registry[NAME] = "id-2"
    apply(host, wished.resources)
    assert docker.images[wished.image] == "id-1"


def test_an_image_of_this_machine_needs_no_registry_and_is_not_removed(host, docker):
    docker.images[NAME] = "id-1"
    wished = environment(NAME)
    apply(host, wished.resources)
    wished.provider.remove(host)
    assert docker.images == {NAME: "id-1"}
    assert wished.provider.actual(host) is None


def test_what_was_pulled_is_removed(host, docker):
    docker.registry[NAME] = "id-1"
    wished = environment(NAME)
    apply(host, wished.resources)
    wished.provider.remove(host)
    wished.provider.remove(host)
    assert docker.images == {}


def test_a_name_that_no_registry_knows(host):
    wished = environment(NAME)
    with pytest.raises(UserError, match="could not be pulled: manifest unknown"):
        apply(host, wished.resources)


def test_plan_works_before_docker_is_there(tmp_path):
    host = FakeHost(tmp_path)
    for resource in (*environment().resources, *environment(NAME).resources):
        assert look(resource, host).verb == "create"


def builds(host):
    return sum(command.startswith("flock") for command in host.commands)


def test_an_image_that_was_removed_is_loaded_from_its_copy(host, docker):
    wished = environment()
    apply(host, wished.resources)
    before = dict(docker.images)
    docker.images.clear()
    assert apply(host, wished.resources) == [f"image:{layout.IMAGE_REPOSITORY}"]
    assert (docker.images, builds(host)) == (before, 1)


def test_a_copy_that_docker_cannot_read_is_replaced_with_the_image(host, docker):
    wished = environment()
    copy = wished.source.archive
    apply(host, wished.resources)
    host.put(copy, "")
    docker.images.clear()
    apply(host, wished.resources)
    assert builds(host) == 2
    assert host.text(copy)


def test_a_copy_goes_with_its_root(host):
    wished = environment()
    apply(host, wished.resources)
    host.put(f"{wished.source.archive}.unfinished", "")
    wished.resources[1].remove(host)
    assert host.names(layout.IMAGES) == []


def test_a_bundle_brings_the_image_and_nothing_is_built(host, docker):
    wished = environment()
    image = wished.provider
    brought = f"{layout.UNPACKED_BUNDLE}/image/{image.tag}.tar.zst"
    host.put(layout.BUNDLE, "")
    host.put(brought, f"{wished.image} id-{image.tag}")
    docker.labels[f"id-{image.tag}"] = image.tag
    apply(host, wished.resources)
    assert (builds(host), docker.images) == (0, {wished.image: f"id-{image.tag}"})
    host.remove(brought)
    assert host.text(wished.source.archive)
    assert [look(resource, host) for resource in wished.resources] == [None] * 3


def test_what_a_dockerfile_has_made_of_the_image_is_not_taken_for_it(host, docker):
    wished = environment()
    docker.images["site/course:1"] = "id-derived"
    docker.labels["id-derived"], docker.layers["id-derived"] = wished.provider.tag, 2
    apply(host, wished.resources)
    assert docker.images[wished.image] == f"id-{wished.provider.tag}"
    assert docker.images["site/course:1"] == "id-derived"
