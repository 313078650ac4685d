"""What the hub repairs when somebody has cleaned up Docker, on a Docker that is a few dictionaries."""

import asyncio
import json
from dataclasses import replace

import docker.errors
import pytest
import requests

from fakes.hub_installation import with_files
from fakes.hub_people import SETTINGS
from hubinstall.hubside import repair
from hubinstall.hubside.images import ImageSource
from hubinstall.hubside.network import BRIDGE_NAME, ICC
from hubinstall.hubside.repair import RepairError, Repairs

NETWORK = SETTINGS.network
NAME, DIGEST = SETTINGS.image, "registry.example/lab@sha256:1"


def refusal(status: int, words: str) -> docker.errors.APIError:
    response = requests.Response()
    response.status_code = status
    return (docker.errors.NotFound if status == 404 else docker.errors.APIError)(words, response, words)


class Engine:
    """Networks and images by name; `calls`: what was changed. `registry`: reference → id of the image there."""

    def __init__(self):
        self.networks, self.names, self.labels, self.calls = {}, {NAME: "id-1"}, {}, []
        self.registry, self.refuses, self.layers, self.without_copy = {}, None, {}, set()
        self.create_network(NETWORK.name, "bridge", NETWORK.options, None, check_duplicate=True)
        self.calls.clear()

    def containers(self, all):  # noqa: A002 - Docker's word
        return []

    def inspect_network(self, name):
        if name not in self.networks:
            raise refusal(404, f"network {name} not found")
        return self.networks[name]

    def remove_network(self, name):
        self.calls.append(f"remove {name}")
        del self.networks[name]

    def create_network(self, name, driver, options, ipam, *, check_duplicate):
        self.calls.append(f"create {name}")
        if self.refuses:
            raise self.refuses
        pool = ipam["Config"][0] if ipam else {"Subnet": NETWORK.subnet, "Gateway": NETWORK.gateway}
        pool = {key: pool[key] for key in ("Subnet", "Gateway", "IPRange") if pool.get(key)}
        self.networks[name] = {"Id": name, "Driver": driver, "Options": dict(options), "IPAM": {"Config": [pool]}}

    def inspect_image(self, name):
        if name not in {*self.names, *self.names.values(), *self.labels}:
            raise refusal(404, f"No such image: {name}")
        return {"Id": name, "RootFS": {"Layers": ["sha256:0"] * self.layers.get(name, 1)}}

    def images(self, filters):
        return [{"Id": id_} for id_, label in self.labels.items() if label == filters["label"]]

    def tag(self, id_, repository, tag):
        self.calls.append(f"tag {id_}")
        self.names[f"{repository}:{tag}"] = id_

    def load_image(self, file):
        name = file.decode()
        if name in self.without_copy:
            raise refusal(404, "an image of which this machine has no copy")
        self.names[name] = "id-1"
        self.calls.append(f"load {name}")
        return [{"stream": "Loaded image"}]

    def pull(self, reference, *, stream, decode):
        self.calls.append(f"pull {reference}")
        if reference not in self.registry:
            return [{"error": "manifest unknown"}]
        self.names[reference] = self.registry[reference]
        return [{"status": "Downloading"}]


@pytest.fixture
def engine(tmp_path, monkeypatch):
    with_files(tmp_path, monkeypatch)
    monkeypatch.setattr(repair, "devices_here", lambda: f"lo: 1\n{NETWORK.bridge}: 1\n")
    return Engine()


def start(engine, settings=SETTINGS, times=1):
    """What people are told when so many start at once."""
    said, repairs = [], Repairs(settings, engine)

    async def all_at_once():
        await asyncio.gather(*(repairs.before_start(settings.image, said.append) for _ in range(times)))

    asyncio.run(all_at_once())
    return said


def told(tmp_path, source):
    """Settings with another source of the image, as the hub has read them."""
    settings = replace(SETTINGS, image_source=source)
    (tmp_path / "hub_settings").write_text(json.dumps(settings.as_dict()))
    return settings


def test_on_a_machine_where_all_is_there_nothing_is_changed(engine):
    assert start(engine) == []
    assert engine.calls == []


@pytest.mark.parametrize(
    ("known", "removed", "addresses"),
    [([], False, "10.99.128.0/17"), (["ab" * 32], False, None), ([], True, None)],
)
def test_beside_a_server_that_docker_does_not_know_no_address_is_given_twice(
    engine, monkeypatch, known, removed, addresses
):
    group = "/sys/fs/cgroup/hubinstall-users"
    there = {group: ["ab" * 32], f"{group}/{'ab' * 32}/cgroup.procs": "77\n"}
    monkeypatch.setattr(repair, "names_in", lambda folder: there.get(folder, []))
    monkeypatch.setattr(repair, "text_of", lambda path: there.get(path, ""))

    def containers(all):  # noqa: A002 - Docker's word
        if removed:
            there.clear()
        return [{"Id": id_} for id_ in known if all]

    monkeypatch.setattr(engine, "containers", containers)
    engine.networks.clear()
    assert len(start(engine)) == 1
    [made] = engine.networks.values()
    assert made["IPAM"]["Config"][0].get("IPRange") == addresses
    assert repair.network_differs(engine, NETWORK) is None
    assert start(engine) == []


def test_a_network_that_was_removed_is_created_once_for_all_who_start(engine):
    before = engine.networks.pop(NETWORK.name)
    assert len(start(engine, times=20)) == 1
    assert engine.calls == ["create hubinstall"]
    assert engine.networks[NETWORK.name] == before


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda n: n["Options"].update({ICC: "true"}), "icc"),
        (lambda n: n["Options"].pop(ICC), "icc"),
        (lambda n: n["Options"].update({BRIDGE_NAME: "br0"}), "bridge"),
        (lambda n: n["Options"].update({"com.docker.network.driver.mtu": "1400"}), "other options"),
        (lambda n: n["IPAM"]["Config"][0].update(Subnet="10.98.0.0/16"), "subnet"),
        (lambda n: n["IPAM"]["Config"].append({"Subnet": "fd00::/64"}), "subnet"),
        (lambda n: n["IPAM"]["Config"][0].update(IPRange="10.99.1.0/24"), "other options"),
        (lambda n: n.update(Internal=True), "internal"),
        (lambda n: n.update(EnableIPv6=True), "ipv6"),
        (lambda n: n.update(Driver="macvlan"), "driver"),
    ],
)
def test_another_network_of_the_name_is_replaced_or_refused_but_never_used(engine, change, key):
    change(engine.networks[NETWORK.name])
    engine.networks[NETWORK.name]["Containers"] = {"c0ffee": {"Name": "somebodys"}}
    with pytest.raises(RepairError, match=rf"differs from its configuration \({key}.*somebodys.*hubinstall apply"):
        start(engine)
    assert engine.calls == []
    del engine.networks[NETWORK.name]["Containers"]
    assert key in start(engine)[0]
    assert engine.calls == ["remove hubinstall", "create hubinstall"]


def test_what_newer_engines_list_by_themselves_is_no_difference(engine):
    engine.networks[NETWORK.name]["Options"] |= {"com.docker.network.enable_ipv4": "true"}
    assert start(engine) == []


def test_a_repair_that_fails_is_not_tried_by_everyone(engine):
    engine.networks.clear()
    engine.refuses = refusal(403, "Pool overlaps with other one on this address space")
    repairs = Repairs(SETTINGS, engine)
    for _ in range(3):
        with pytest.raises(RepairError, match=r"Docker cannot create the network hubinstall: Pool overlaps.*apply"):
            asyncio.run(repairs.before_start(NAME, print))
    assert engine.calls == ["create hubinstall"]


def test_while_apply_changes_the_settings_nothing_is_repaired(engine, tmp_path):
    engine.networks.clear()
    (tmp_path / "hub_settings").write_text(json.dumps(replace(SETTINGS, cores=99).as_dict()))
    with pytest.raises(RepairError, match="is being changed"):
        start(engine)
    assert engine.calls == []


def test_an_image_that_only_lost_its_name_gets_it_back(engine):
    engine.names = {"kept:1": "id-1"}
    engine.labels = {"id-1": SETTINGS.image_source.label}
    start(engine, times=5)
    assert (engine.names[NAME], engine.calls) == ("id-1", ["tag id-1"])


def test_what_a_dockerfile_has_made_of_the_image_does_not_get_its_name(engine):
    engine.names = {"kept:1": "id-1", "site/course:1": "id-2"}
    engine.labels = dict.fromkeys(["id-2", "id-1"], SETTINGS.image_source.label)
    engine.layers = {"id-2": 2}
    start(engine)
    assert engine.names[NAME] == "id-1"


def test_an_image_comes_back_from_the_machines_copy(engine, tmp_path):
    """The broker has it: nothing is sent."""
    engine.names.clear()
    source = ImageSource("", "copy.tar.zst", "")
    assert len(start(engine, told(tmp_path, source), times=5)) == 1
    assert engine.calls == [f"load {NAME}"]


LAYER, BASE = f"{NAME.rpartition(':')[0]}/default:2", "hubinstall/pulled:3"


def layered(tmp_path):
    """A hub whose image is a layer upon one of a registry, and one more environment is that without the layer."""
    pin = tmp_path / "pin.json"
    pin.write_text(json.dumps({"id": "id-3", "digest": DIGEST, "ours": True}))
    own, pulled = ImageSource("", "layer.tar.zst", ""), ImageSource("", "", str(pin))
    return replace(
        told(tmp_path, own), image=LAYER, other_sources={BASE: pulled, "other:9": own}, layers={LAYER: BASE}
    )  # fmt: skip


def test_a_layer_comes_back_after_what_it_is_a_layer_upon(engine, tmp_path, monkeypatch):
    settings = layered(tmp_path)
    monkeypatch.setattr(Repairs, "_settings_are_current", lambda _: True)
    engine.registry = {DIGEST: "id-3"}
    engine.names.clear()
    asyncio.run(Repairs(settings, engine).before_start(LAYER, print))
    assert engine.calls == [f"pull {DIGEST}", "tag id-3", f"load {LAYER}"]
    del engine.names[BASE]  # its layers are there as long as the layer is
    asyncio.run(Repairs(settings, engine).before_start(LAYER, print))
    assert engine.calls[3:] == []
    del engine.names[LAYER]
    engine.without_copy = {LAYER}
    with pytest.raises(RepairError, match=rf"no longer has the image {LAYER}.*no copy.*hubinstall apply"):
        asyncio.run(Repairs(settings, engine).before_start(LAYER, print))


def test_the_image_of_another_environment_comes_back_too(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(Repairs, "_settings_are_current", lambda _: True)
    engine.names.pop("other:9", None)
    asyncio.run(Repairs(layered(tmp_path), engine).before_start("other:9", print))
    assert engine.calls == ["load other:9"]


def test_a_pinned_image_is_pulled_by_its_digest(engine, tmp_path):
    engine.names.clear()
    pin = tmp_path / "pin.json"
    pin.write_text(json.dumps({"id": "id-1", "digest": DIGEST, "ours": True}))
    settings = told(tmp_path, ImageSource("", "", str(pin)))
    with pytest.raises(RepairError, match=r"no longer has the image .*manifest unknown.*hubinstall apply"):
        start(engine, settings)
    engine.registry, engine.calls = {DIGEST: "id-1"}, []
    start(engine, settings, times=5)
    assert engine.calls == [f"pull {DIGEST}", "tag id-1"]


def test_an_image_that_is_nowhere_is_said(engine, monkeypatch):
    engine.names.clear()
    monkeypatch.setattr(engine, "load_image", lambda _: (_ for _ in ()).throw(refusal(404, "no copy")))
    with pytest.raises(RepairError, match=r"Its administrator can bring it back with: hubinstall apply"):
        start(engine)


def test_the_image_of_a_dropin_is_not_ours_to_repair(engine):
    engine.names.clear()
    asyncio.run(Repairs(SETTINGS, engine).before_start("other:1", print))
    assert engine.calls == []


def test_the_watch_repairs_when_the_hubs_address_is_gone(engine, monkeypatch):
    monkeypatch.setattr(repair, "EVERY", 0.01)
    monkeypatch.setattr(repair, "has_address", lambda _: NETWORK.name in engine.networks)
    engine.names.clear()  # an image takes long, and the address does not need it
    said = []

    async def story():
        watch = asyncio.create_task(Repairs(SETTINGS, engine).watch(said.append))
        engine.networks.clear()
        for _ in range(500):
            await asyncio.sleep(0.01)
            if engine.networks:
                break
        watch.cancel()

    asyncio.run(story())
    assert said == ["Creating the Docker network hubinstall: somebody has removed it"]


def test_only_an_address_of_this_machine_counts():
    assert repair.has_address("127.0.0.1")
    assert not repair.has_address("192.0.2.1")


def test_the_hub_has_one_repairer_with_the_settings_that_it_was_started_with(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(repair, "_of_this_hub", [])
    first = repair.of_this_hub()
    told(tmp_path, ImageSource("", "", "/elsewhere"))
    assert repair.of_this_hub() is first
    assert first._settings == SETTINGS


def test_a_network_that_apply_has_created_meanwhile_will_do(engine):
    before = engine.networks.pop(NETWORK.name)

    def create(*_, **__):
        engine.networks[NETWORK.name] = before
        raise refusal(409, "network with name hubinstall already exists")

    engine.create_network = create
    start(engine)
