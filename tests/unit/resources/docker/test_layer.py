"""Images with more packages, on a host whose Docker is a few dictionaries."""

import json

import pytest

from fakes.docker import Docker
from fakes.facts import fake_facts
from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.blueprint.environments import environments
from hubinstall.engine.ledger import Ledger
from hubinstall.errors import UserError
from hubinstall.hubside.build_output import last_build
from hubinstall.machine.folder import Folder, Line
from hubinstall.resources.base import Change, look
from hubinstall.resources.docker import layer_copy
from hubinstall.resources.docker.image import Image
from hubinstall.resources.docker.layer import ImageLayer, sweep
from hubinstall.settings.model import Settings

BASE = environments(Settings(), fake_facts(), docker=()).image


@pytest.fixture
def docker():
    return Docker(images={BASE: "id-base"}, labels={"id-base": BASE.rpartition(":")[2]})


@pytest.fixture
def host(tmp_path, docker):
    host = FakeHost(tmp_path, docker.answers() | {"apt-config dump": "", "apt-get indextargets": ""})
    for folder in (layout.STATE, layout.IMAGES):
        host.mkdir(folder)
    return host


def layer(text="humanize==4.17.0 --hash=sha256:0\n", file=layout.REQUIREMENTS, **settings) -> ImageLayer:
    facts = fake_facts(environments={"default": {file: text}})
    [found] = [
        one for one in environments(Settings.model_validate(settings), facts, docker=()).resources
        if isinstance(one, ImageLayer)
    ]  # fmt: skip
    return found


def apply(host, resource, last=None):
    host.forget()
    if change := look(resource, host, last):
        resource.apply(host, change)
        host.forget()
        assert look(resource, host) is None
    return change


def run_words(host):
    return [command for command in host.commands if command.startswith("docker run")]


def test_it_is_built_once_and_leaves_nothing_beside_the_image(host, docker):
    wished = layer()
    assert apply(host, wished).verb == "create"
    assert docker.images[wished.reference] == f"layer-{wished.tag}"
    assert docker.containers.keys() <= {"hubinstall-build-hubinstall-default-default"}
    assert host.names(layout.IMAGES) == []
    assert apply(host, wished) is None


def test_it_gets_its_name_only_when_it_was_tried(host, docker):
    run = docker.run

    def fails(argv, given):
        return run(argv, given) if "--network=host" in argv else (1, "cv2: import cv2: ImportError: libGL.so.1", "")

    host.answers["docker run"] = fails
    with pytest.raises(UserError, match="does not work: cv2: import cv2: ImportError: libGL"):
        apply(host, layer())
    assert list(docker.images) == [BASE]
    assert host.names(layout.IMAGES) == []


def test_a_build_that_fails_says_the_line(host, docker):
    output = "Reading package lists...\nE: Unable to locate package nosuch\n"
    host.answers["docker run"] = lambda *_: (100, "", output)
    with pytest.raises(UserError, match="could not be installed") as raised:
        apply(host, layer("zip\n", layout.APT_LIST, environment={"image": "quay.io/a/b"}))
    assert raised.value.hint == "E: Unable to locate package nosuch"


@pytest.fixture
def output(host, monkeypatch):
    """Where the hub reads what builds print."""
    host.path(layout.BUILDS_DIR).mkdir(parents=True)
    monkeypatch.setattr(layout, "BUILD_OUTPUT", str(host.path(layout.BUILD_OUTPUT)))
    monkeypatch.setattr(host, "path", lambda path, path_of=host.path: path_of(path.removeprefix(str(host.root))))


@pytest.mark.usefixtures("output")
def test_what_a_build_prints_is_told_to_the_hub_and_to_who_watches(host, docker):
    seen, states = [], []
    host.watch = watch = seen.append

    def prints(argv, given):
        states.append(last_build().state)
        if "--network=host" not in argv:
            return docker.run(argv, given)
        docker.run(argv, given)
        return "Downloading https://u:secret@index/humanize\n"

    host.answers["docker run"] = prints
    apply(host, layer())
    build = last_build()
    assert (build.environment, build.state, set(states)) == ("default", "built", {"running"})
    assert "Downloading https://u:…@index/humanize" in build.lines
    assert "Downloading https://u:…@index/humanize" in seen
    assert seen[0] == "Installing: humanize==4.17.0"
    assert host.watch == watch
    host.answers["docker run"] = lambda *_: (100, "", "E: Unable to locate package nosuch\n")
    with pytest.raises(UserError):
        apply(host, layer("zip==1\n"))
    assert (last_build().state, last_build().lines.split("\n")[-1]) == ("failed", "E: Unable to locate package nosuch")
    assert "could not be installed\n  E: Unable" in last_build().failure
    assert host.watch == watch


def test_a_build_whose_output_cannot_be_written_does_not_fail(host, docker):
    host.put(layout.BUILDS_DIR, "not a directory")
    wished = layer()
    apply(host, wished)
    assert wished.reference in docker.images


def test_a_build_that_needed_too_much_memory_says_so(host):
    host.answers |= {"docker run": lambda *_: (137, "", "Killed"), "GET /containers/": '{"State": {"OOMKilled": true}}'}
    with pytest.raises(UserError, match="needed more than 2 GB of memory") as raised:
        apply(host, layer(limits={"memory": "2G"}))
    assert "limits.memory" in raised.value.hint


@pytest.mark.parametrize(
    ("ended", "says"),
    [
        ((137, "", "Killed"), "their container was killed"),
        ((125, "", "error waiting for container: unexpected EOF"), "Docker ended while it was at work"),
    ],
)
@pytest.mark.parametrize("when", ["--network=host", "--network=none"])
def test_a_build_that_was_cut_short_says_so_and_leaves_nothing(host, docker, ended, says, when):
    host.answers["GET /info"] = json.dumps({"ServerVersion": "1", "Driver": "btrfs"})
    host.answers["docker run"] = lambda argv, given: ended if when in argv else docker.run(argv, given)
    with pytest.raises(UserError, match=f"default could not be installed: {says}") as raised:
        apply(host, layer())
    assert raised.value.hint.startswith("Nothing was changed. Run it again")
    assert list(docker.images) == [BASE]
    assert docker.containers == {}
    assert host.names(layout.IMAGES) == []


def test_a_build_that_docker_refuses_says_why(host):
    host.answers["docker run"] = lambda *_: (125, "", "invalid mount config")
    with pytest.raises(UserError, match="exit code 125") as raised:
        apply(host, layer())
    assert "invalid mount config" in raised.value.hint


def test_the_build_is_within_the_limits_of_a_server_and_sees_no_docker(host):
    apply(host, layer(limits={"memory": "2G", "cpu": 1.5}))
    build, trial = run_words(host)
    for word in ("--memory=2147483648", "--cpus=1.5", "--cap-drop=ALL", "--security-opt=no-new-privileges"):
        assert word in build
        assert word in trial
    assert "docker.sock" not in build
    assert "--network=none" in trial
    assert "--user=65534:65534" in trial


def test_a_password_of_the_proxy_is_in_no_word_and_no_image(host):
    host.way_out = {"HTTPS_PROXY": "http://u:secret@proxy:3128"}
    seen = []
    host.answers["docker run"], run = lambda *a: (seen.append(host.text(place)), run(*a))[1], host.answers["docker run"]
    place = f"{layout.IMAGES}/layer-hubinstall-default-default/variables"
    apply(host, layer())
    assert "secret" in seen[0]
    assert not any("secret" in command for command in host.commands)


def test_the_one_of_before_stays_for_a_way_back(host, docker):
    first, second, third = (layer(f"humanize=={number}\n") for number in range(3))
    apply(host, first)
    apply(host, second, first.desired())
    assert {first.reference, second.reference} < docker.images.keys()
    # The way back builds nothing.
    before = len(run_words(host))
    assert apply(host, first, second.desired()) is None
    assert len(run_words(host)) == before
    apply(host, third, first.desired())
    assert {first.reference, third.reference, BASE} == docker.images.keys()


def test_what_a_killed_build_has_left_goes(host, docker):
    docker.containers["hubinstall-build-hubinstall-default-default"] = "id-base"
    docker.layered |= {"layer-lost": "lost", "layer-of-another": "lost"}
    docker.layers |= {"layer-lost": 2, "layer-of-another": 3}
    host.put(f"{layout.IMAGES}/layer-hubinstall-default-default/cache/half", "")
    apply(host, layer())
    assert "docker image rm layer-lost" in host.commands
    assert "docker image rm layer-of-another" not in host.commands
    assert host.names(layout.IMAGES) == []


def test_an_image_that_somebody_has_removed_is_loaded_and_not_built(host, docker):
    wished = layer()
    host.answers |= {"bash": docker.pipe(host), "GET /info": json.dumps({"ServerVersion": "1", "Driver": "btrfs"})}
    apply(host, wished)
    path = layer_copy.path_of(wished.name, wished.tag)
    host.put(path, f"{wished.reference} {docker.images[wished.reference]}")
    del docker.images[wished.reference]
    before = len(run_words(host))
    assert apply(host, wished, wished.desired()).verb == "create"
    assert len(run_words(host)) == before
    del docker.images[wished.reference]
    host.put(path, "nonsense that Docker cannot read")
    apply(host, wished, wished.desired())
    assert len(run_words(host)) == before + 2
    assert not host.exists(path)


def test_another_base_of_the_same_name_is_noticed(host, docker):
    wished = layer()
    apply(host, wished)
    docker.images[BASE] = "id-built-again"
    host.forget()
    assert look(wished, host).keys == ["base"]


def test_a_base_stays_while_something_is_built_upon_it(host, docker):
    docker.images["site/course:1"] = "id-course"
    docker.bases["id-course"] = "id-base"
    Image(layout.IMAGE_REPOSITORY).remove(host)
    assert BASE in docker.images
    assert host.notices == [f"the image {BASE} was not removed: site/course:1 is built upon it"]
    del docker.images["site/course:1"]
    Image(layout.IMAGE_REPOSITORY).remove(host)
    assert BASE not in docker.images


def test_what_a_server_used_when_its_environment_lost_its_packages_goes_later(host, docker):
    kept, gone, own = "hubinstall/default/default:a", "hubinstall/default/stats:b", "site/course:1"
    host.answers["docker image ls --filter"] = f"{kept}\n{gone}\n{own}\nhubinstall/default/stats:<none>\n"
    docker.images |= {kept: "id-a", gone: "id-b", own: "id-own"}
    sweep(host, {"hubinstall/default/default"})
    assert docker.images.keys() == {BASE, kept, own}


def test_what_the_ledger_keeps_is_enough_to_remove_it(host, docker):
    wished = layer()
    book = Ledger(host, layout.LEDGER)
    book.note(Change(wished, None, wished.desired()))
    apply(host, wished)
    [again] = book.unwanted([])
    host.put("/etc/kept", "")
    again.remove(host)
    assert docker.images.keys() == {BASE}
    assert host.exists("/etc/kept")


def test_the_tag_follows_from_the_packages_and_the_base():
    assert layer() == layer()
    tags = {layer().tag, layer("a==1\n").tag, layer("a==1\n", layout.APT_LIST).tag, layer("a\n", layout.R_LIST).tag}
    assert len(tags) == 4
    assert layer(environment={"image": "quay.io/a/b"}).name == "hubinstall/pulled/default"


def test_r_comes_with_its_kernel_and_the_distributions_packages():
    build = layer("tidyverse\ndata.table\n", layout.R_LIST).build
    assert build.apt == ("r-base-core", "r-cran-irkernel", "r-cran-tidyverse", "r-cran-data.table")
    assert build.kernels == ("r",)


def test_what_was_asked_for_alone_makes_no_layer():
    facts = fake_facts(environments={"default": {layout.REQUIRED: "humanize\n"}})
    assert environments(Settings(), facts, docker=()).image == BASE


def from_folder(host, docker, answer="tinydb==4 --hash=sha256:0\n"):
    """An environment whose folder has a list and a postBuild; `answer`: uv's."""
    host.path("/srv/x").mkdir(parents=True, exist_ok=True)
    host.path(layout.CACHE).mkdir(parents=True, exist_ok=True)
    host.mkdir(layout.CONFIG_DIR)
    host.mkdir(layout.ENVIRONMENT_LOCKS)
    image = json.dumps({"python": "3.11", "packages": {"numpy": "2"}, "servers": []})
    host.answers["docker run"] = lambda argv, given: image if "-I" in argv else docker.run(argv, given)
    host.answers[f"{layout.UV} pip compile"] = answer
    folder = Folder(python=(Line("tinydb", "/srv/x/requirements.txt:2"),), path="/srv/x", files="0")
    facts = fake_facts(folders={"stats": folder})
    settings = Settings.model_validate({"environments": {"stats": {"folder": "/srv/x", "kernels": ["bash"]}}})
    resources = environments(settings, facts, docker=()).resources
    [found] = [one for one in resources if isinstance(one, ImageLayer)]
    return found


def test_a_folder_is_resolved_built_with_its_program_and_its_list_is_kept(host, docker):
    wished = from_folder(host, docker)
    assert apply(host, wished).verb == "create"
    build = next(words for words in run_words(host) if "--network=host" in words)
    assert f"{host.path('/srv/x')}:/mnt/folder:ro" in build
    assert host.text(f"{layout.ENVIRONMENT_LOCKS}/stats.txt").endswith("tinydb==4 --hash=sha256:0\n")
    assert apply(host, wished) is None
    wished.remove(host)
    assert host.names(layout.ENVIRONMENT_LOCKS) == []


def test_a_folder_that_cannot_be_built_leaves_no_list(host, docker):
    wished = from_folder(host, docker)
    run = host.answers["docker run"]
    said = "tinydb: no\npostBuild:7: false: exit code 1\npostBuild: it ended with exit code 1\n"
    host.answers["docker run"] = lambda argv, given: (1, "", said) if "--network=host" in argv else run(argv, given)
    with pytest.raises(UserError, match="packages of the environment stats could not be installed") as raised:
        apply(host, wished)
    assert "postBuild:7: false: exit code 1" in raised.value.hint
    assert "/srv/x/requirements.txt:2: tinydb" in raised.value.hint
    assert host.names(layout.ENVIRONMENT_LOCKS) == []
