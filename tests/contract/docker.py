"""Docker's network and settings, and images."""

import io
import json
import platform
import tarfile
import time

from contract.case import BASE, Act, Break, Case, PutBack, runs
from contract.files import file_breaks
from hubinstall import layout
from hubinstall.blueprint.apps import SCRIPTS
from hubinstall.hubside.network import BRIDGE_NAME, ICC
from hubinstall.machine.docker import docker, info, inspect_image, inspect_network
from hubinstall.machine.host import Host
from hubinstall.machine.way_out import as_file
from hubinstall.resources.docker.image import Image, ImageRoot, Recipe, tags
from hubinstall.resources.docker.image_copy import copy_of
from hubinstall.resources.docker.layer import ImageLayer
from hubinstall.resources.docker.layer_build import LayerBuild
from hubinstall.resources.docker.live_restore import LiveRestore
from hubinstall.resources.docker.network import DockerNetwork
from hubinstall.resources.docker.pulled_image import PulledImage
from hubinstall.resources.docker.variables import DockerVariables
from hubinstall.resources.files.json_keys import reload

NETWORK, BRIDGE, LABEL = "contract", "contract0", "contract.user"
SUBNET, GATEWAY = "10.97.0.0/24", "10.97.0.1"
RECIPE = Recipe(scripts=f"{BASE}/recipe", codename=platform.freedesktop_os_release()["VERSION_CODENAME"])
BUILD = 'mkdir -p "$1/etc" && echo contract >"$1/etc/hostname" && touch "$1/made"\n'
"""As `build.sh` of a recipe: its first argument is where the root file system is to be."""
LOCAL, TAG = "contract/local:1", "contract/pinned:1"
RELOADED_WITHIN = 10.0


def network() -> Case:
    wish = DockerNetwork(NETWORK, bridge=BRIDGE, label=LABEL, subnet=SUBNET, gateway=GATEWAY)

    def anew(*more: str, subnet: str = SUBNET, gateway: str = GATEWAY, bridge: str = BRIDGE, icc: str = "false") -> Act:
        options = ("--opt", f"{BRIDGE_NAME}={bridge}", "--opt", f"{ICC}={icc}", *more)

        def act(host: Host) -> None:
            docker(host, "network", "rm", NETWORK)
            pool = ("--subnet", subnet, "--gateway", gateway)
            docker(host, "network", "create", "--driver", "bridge", *pool, *options, NETWORK)

        return act

    return Case(
        wish,
        (
            Break("subnet", anew(subnet="10.97.0.0/25")),
            Break("gateway", anew(gateway="10.97.0.2")),
            Break("bridge", anew(bridge="contract1"), also=("device",), why="the device has the bridge's name"),
            Break("icc", anew(icc="true")),
            Break("internal", anew("--internal")),
            Break("other options", anew("--opt", "com.docker.network.driver.mtu=1400")),
            Break("device", runs("ip", "link", "delete", BRIDGE)),
        ),
        lambda host: bool(inspect_network(host, NETWORK)),
        unbreakable={
            "servers unknown to Docker": "they are of another data directory (tests/machine/test_docker_cleaned.py)",
            "driver": "other drivers need what a test machine's kernel has not (macvlan), or a swarm",
            "ipv6": "it takes a second subnet, so that it is not the only key that differs",
        },
    )


def live_restore() -> Case:
    def forgotten(host: Host) -> None:
        """The wish stands in daemon.json, but what dockerd has loaded is another file."""
        kept = host.read(layout.DAEMON_JSON) or b""
        host.write(layout.DAEMON_JSON, json.dumps(json.loads(kept) | {"live-restore": False}).encode())
        reload(host, layout.DOCKER_PID)
        end = time.monotonic() + RELOADED_WITHIN
        while loaded(host) and time.monotonic() < end:
            time.sleep(0.1)
        host.write(layout.DAEMON_JSON, kept)

    def loaded(host: Host) -> bool:
        host.forget()
        return bool(info(host).get("LiveRestoreEnabled"))

    return Case(
        LiveRestore(),
        (Break("loaded", forgotten),),
        loaded,
        never_absent="it is absent only where no Engine answers, and it makes none",
        stays="the key in daemon.json is a resource of its own",
    )


def variables() -> Case:
    """Its dockerd runs with none of ours: what a restart does is shown in tests/machine/test_site_proxy.py."""
    text = as_file({"HTTPS_PROXY": "http://proxy.example:3128"}, ())
    wish = DockerVariables(f"{BASE}/way-out.env", text)
    return Case(wish, file_breaks(wish.name, text, mode="0600"), lambda host: host.exists(wish.name))


def recipe(host: Host) -> None:
    host.mkdir(RECIPE.scripts)
    host.write(f"{RECIPE.scripts}/build.sh", BUILD.encode())


def image_root() -> Case:
    wish = ImageRoot(f"{BASE}/root-1", recipe=RECIPE)
    broken = Break("complete", lambda host: host.remove(f"{wish.name}/made"))
    return Case(wish, (broken,), lambda host: host.exists(wish.name), before=recipe)


def image() -> Case:
    wish = Image("contract/image", tag="c0ffee", root=f"{BASE}/root-2", recipe=RECIPE, changes=('CMD ["true"]',))

    def renamed(host: Host) -> None:
        docker(host, "image", "tag", f"{wish.name}:{wish.tag}", f"{wish.name}:other")
        docker(host, "image", "rm", f"{wish.name}:{wish.tag}")

    left = Break("root", lambda host: host.mkdir(wish.root))
    copy = Break("copy", lambda host: host.remove(copy_of(wish.root)))
    return Case(wish, (Break("tag", renamed), left, copy), lambda host: bool(tags(host, wish.name)), before=recipe)


def pulled_image() -> Case:
    wish = PulledImage(LOCAL, tag=TAG, pin=f"{BASE}/pin.json")

    def there(host: Host) -> None:
        if inspect_image(host, LOCAL):
            return
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.addfile(tarfile.TarInfo("empty"))
        host.write(f"{BASE}/layer.tar", archive.getvalue())
        docker(host, "import", str(host.path(f"{BASE}/layer.tar")), LOCAL)

    return Case(
        wish,
        (Break("pinned", lambda host: docker(host, "image", "rm", TAG)),),
        lambda host: bool(inspect_image(host, TAG)) or host.exists(wish.pin),
        before=there,
        put_back=PutBack(there, lambda host: inspect_image(host, LOCAL)["Id"]),
    )


def layer(host: Host) -> Case:
    """On the image of this machine's servers, if it has one."""
    base = next((f"{layout.IMAGE_REPOSITORY}:{tag}" for tag in tags(host, layout.IMAGE_REPOSITORY)), "contract/base:1")
    build = LayerBuild("contract", str(SCRIPTS), uv=layout.UV)
    wish = ImageLayer("contract/layer", tag="c0ffee", base=base, build=build)

    def based(host: Host) -> None:
        for folder in (layout.STATE, layout.IMAGES):
            if not host.exists(folder):
                host.mkdir(folder)
        if not inspect_image(host, base):
            host.write(f"{BASE}/base.tar", b"")
            docker(host, "import", str(host.path(f"{BASE}/base.tar")), base)

    def renamed(host: Host) -> None:
        docker(host, "image", "tag", wish.reference, f"{wish.name}:other")
        docker(host, "image", "rm", wish.reference)

    return Case(
        wish,
        (Break("tag", renamed),),
        lambda host: bool(tags(host, wish.name)),
        before=based,
        unbreakable={"base": "servers run from the only image that a container can be made of here"},
    )
