"""A Docker Engine that is a few dictionaries: networks and containers, and images."""

import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path

from hubinstall.resources.docker.image import LABEL
from hubinstall.resources.docker.layer_build import LABEL as LAYER


class Engine:
    """Networks and containers by name; `starts_in`: how many times it is asked before it answers."""

    def __init__(self, host):
        self.host, self.networks, self.containers = host, {}, {}
        self.starts_in, self.live, self.taken = 0, False, ""
        self.label = "label=whose"

    def answers(self):
        """For FakeHost: the commands, and the questions at its socket."""
        commands = {f"docker {verb}": getattr(self, verb) for verb in ("network", "ps", "rm")}
        return commands | {"GET /info": self.info, "GET /networks/": self.inspect}

    def info(self, _argv, _input):
        if self.starts_in:
            self.starts_in -= 1
            return 1, "is starting"
        return json.dumps({"ServerVersion": "20.10.24", "CgroupDriver": "cgroupfs", "LiveRestoreEnabled": self.live})

    def devices(self):
        lines = "".join(f"{n['Options']['com.docker.network.bridge.name']}: 0 0\n" for n in self.networks.values())
        self.host.put("/proc/net/dev", "Inter-|\n    lo: 1 2\n" + lines)

    def network(self, argv, _input):
        verb, name = argv[2], argv[-1]
        if verb == "create":
            return self.create(argv, name)
        if verb == "disconnect":
            self.containers[name].remove(argv[-2])
        if verb == "rm":
            if any(name in networks for networks in self.containers.values()):
                return 1, "has active endpoints"
            del self.networks[name]
            self.devices()
        return ""

    def inspect(self, argv, _input):
        name = argv[-1].rpartition("/")[2]
        if self.starts_in or name not in self.networks:
            return 1, "No such network"
        there = {c: {"Name": c} for c, networks in self.containers.items() if name in networks}
        return json.dumps(self.networks[name] | {"Containers": there})

    def create(self, argv, name):
        if self.taken or name in self.networks:
            return 1, f"Error response from daemon: {self.taken or 'exists'}"
        given = dict(itertools.pairwise(argv))
        options = dict(word.split("=") for word in argv if "com.docker" in word)
        pool = {"Subnet": given["--subnet"], "Gateway": given["--gateway"]}
        internal = "--internal" in argv
        self.networks[name] = {
            "Driver": given["--driver"], "Options": options, "IPAM": {"Config": [pool]}, "Internal": internal,
        }  # fmt: skip
        self.devices()
        return "id\n"

    def ps(self, argv, _input):
        assert argv[-1] == self.label
        return "".join(f"{name}\n" for name in self.containers if name.startswith("ours"))

    def rm(self, argv, _input):
        for name in argv[3:]:
            del self.containers[name]
        return ""


@dataclass
class Docker:
    """Names and digests of images → their ids; `registry` what each name means there."""

    images: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    registry: dict[str, str] = field(default_factory=dict)
    layers: dict[str, int] = field(default_factory=dict)
    """Of each image how many."""
    bases: dict[str, str] = field(default_factory=dict)
    """Of an image that is built upon another one: that one's id."""
    layered: dict[str, str] = field(default_factory=dict)
    """Layer's id → its label."""
    containers: dict[str, str] = field(default_factory=dict)
    """Name → the id of the image that it was made of."""
    down: bool = False

    def __call__(self, argv, _input):
        if self.down:
            return 1, "Cannot connect to the Docker daemon"
        return getattr(self, argv[2])(argv[3:])

    def answers(self):
        """For FakeHost: the commands, and the questions at its socket."""
        commands = {"docker run": self.run, "docker commit": self.commit, "docker rm --force": self.end}
        return commands | {"docker image": self, "docker import": self.bring_in, "GET /images/": self.inspect}

    def run(self, argv, _input):
        name = argv[argv.index("--name") + 1]
        self.containers[name] = next(id_ for word in argv for id_ in self._ids(word))
        return ""

    def commit(self, argv, _input):
        """A layer on the image of the container, with the label that a change says."""
        label = next(word for word in argv if word.startswith("LABEL")).partition("=")[2]
        id_ = f"layer-{label}"
        self.bases[id_] = self.containers[argv[-1]]
        self.layers[id_] = self.layers.get(self.bases[id_], 1) + 1
        self.layered[id_] = label
        return id_

    def end(self, argv, _input):
        self.containers.pop(argv[-1], None)
        return ""

    def _layers(self, id_):
        below = self._layers(self.bases[id_]) if id_ in self.bases else []
        return [*below, *(f"sha256:{id_}-{number}" for number in range(len(below), self.layers.get(id_, 1)))]

    def _ids(self, reference):
        id_ = self.images.get(reference) or (reference if reference in {*self.images.values(), *self.layered} else "")
        return [id_] if id_ else []

    def inspect(self, argv, _input):
        reference = argv[-1].removeprefix("/images/").removesuffix("/json")
        id_ = next(iter(self._ids(reference)), "")
        if self.down or not id_:
            return 1, "No such image"
        names = [name for name, image in self.images.items() if "@" not in name and image == id_]
        digests = [name for name, image in self.images.items() if "@" in name and image == id_]
        labels = {LABEL: self.labels[id_]} if id_ in self.labels else {}
        labels |= {LAYER: self.layered[id_]} if id_ in self.layered else {}
        root = {"Layers": self._layers(id_)}
        about = {"Id": id_, "RepoTags": names, "RepoDigests": digests, "Size": 1000, "Parent": self.bases.get(id_, "")}
        return json.dumps(about | {"Config": {"Labels": labels or None}, "RootFS": root})

    def bring_in(self, argv, _):
        """`docker import` at the end of a pipe, with the label that a change says; or of a file."""
        label = next((word for word in argv if word.startswith("LABEL")), "=local").partition("=")[2]
        self.images[argv[7] if argv[0] == "bash" else argv[-1]] = f"id-{label}"
        self.labels |= {f"id-{label}": label} if argv[0] == "bash" else {}
        return ""

    def pipe(self, host):
        """For FakeHost: `docker import` or `docker image load` at the end of a pipe, or `docker image save` at its
        beginning.
        """

        def act(argv, given):
            if argv[5] == "load":
                return self.load(argv)
            if argv[5] != "save":
                return self.bring_in(argv, given)
            path = argv[-1].removeprefix(str(host.root))
            host.put(path, f"{argv[6]} {self.images[argv[6]]}")
            return ""

        return act

    def load(self, argv):
        try:
            name, id_ = Path(argv[-1]).read_text().split()
        except ValueError:
            return 1, "unexpected EOF"
        self.images[name] = id_
        return ""

    def ls(self, argv):
        if "dangling=true" in argv:
            labelled = self.layered if f"label={LAYER}" in argv else self.labels
            return "\n".join(id_ for id_ in labelled if id_ not in self.images.values())
        if "--all=false" in argv:
            return "\n".join(self.images.values())
        if "--filter" in argv:
            label = argv[-1].partition("=")[2].partition("=")[2]
            wanted = {id_ for id_, built_as in self.labels.items() if label in {"", built_as}}
            return "\n".join(wanted & set(self.images.values()))
        return "\n".join(name.rpartition(":")[2] for name in reversed(self.images) if name.startswith(f"{argv[-1]}:"))

    def tag(self, argv):
        self.images[argv[1]] = self.images.get(argv[0], argv[0])
        return ""

    def rm(self, argv):
        """By a name, or by its number an image with no more than one name."""
        names = [name for name, id_ in self.images.items() if argv[0] in {name, id_}]
        if len(names) != 1:
            return 1, "No such image" if not names else "must be forced"
        del self.images[names[0]]
        return ""

    def pull(self, argv):
        name = argv[-1]
        if name not in self.registry:
            return 1, "manifest unknown"
        id_ = self.registry[name]
        self.images |= {name: id_, f"{name.partition('@')[0].rpartition(':')[0] or name}@{id_}": id_}
        self.registry[f"registry.example/team/lab@{id_}"] = id_
        return ""
