"""What user servers need of Docker: their network, and their image. Others may remove both (`docker system prune`)."""

from collections.abc import Sequence

from hubinstall import layout
from hubinstall.machine.host import Host
from hubinstall.resources.base import Change, Resource, look
from hubinstall.resources.docker.image import Image
from hubinstall.resources.docker.layer import ImageLayer
from hubinstall.resources.docker.lost_servers import foreign, kill_command, lost_servers
from hubinstall.resources.docker.network import LOST, DockerNetwork
from hubinstall.resources.docker.pulled_image import PulledImage

APPLY = "Run: hubinstall apply"
Row = tuple[str, str, str, str]
"""Name, state, message and hint of a check."""


def network(host: Host, resources: Sequence[Resource]) -> Row:
    """Raises ValueError if the installation has no network of its own."""
    change = difference(host, resources, DockerNetwork)
    if change is None or change.keys == [LOST]:
        return "network", "ok", "user servers are kept apart", ""
    return "network", "failed", f"{wrong(change)}: no server can start", APPLY


def image(host: Host, resources: Sequence[Resource]) -> Row:
    wanted = [resource for resource in resources if isinstance(resource, Image | PulledImage | ImageLayer)]
    change = next((change for resource in wanted if (change := look(resource, host))), None)
    if change is None:
        return "image", "ok", "the image of user servers is on this machine", ""
    name = change.resource.name
    # What an interrupted run has left does no harm, nor does a copy that is missing.
    if change.before is not None and isinstance(change.resource, Image) and set(change.keys) <= {"root", "copy"}:
        return "image", "ok", f"{name} is on this machine", ""
    return "image", "failed", f"the image of user servers ({name}) is missing: no server can start", APPLY


def lost(host: Host) -> Row | None:
    """None if Docker knows every server that runs."""
    if others := foreign(host):
        words = f"a container that is not of hubinstall, and unknown to Docker, runs in {layout.USERS_CGROUP}"
        return "old servers", "failed", words, f"End it: {kill_command(others[0])}"
    found = sorted(server.person for server in lost_servers(host))
    if not found:
        return None
    words = (
        f"of {', '.join(found)}: still running, but Docker no longer knows them, because its data directory was moved"
        " or replaced; they still use memory and homes"
    )
    return "old servers", "failed", words, APPLY


def unprotected(host: Host, resources: Sequence[Resource]) -> str:
    """Why the firewall's rules do not protect what is on the network; empty if they do."""
    if not any(isinstance(resource, DockerNetwork) for resource in resources):
        return ""
    change = difference(host, resources, DockerNetwork)
    return "" if change is None or change.keys == [LOST] else wrong(change)


def wrong(change: Change) -> str:
    name = f"the Docker network {change.resource.name}"
    if change.before is None:
        return f"{name} is missing"
    before, after = change.before, change.after or {}
    keys = [f"{key} is {before[key] or 'not set'}, not {after[key] or 'empty'}" for key in change.keys if key != LOST]
    return f"{name} differs ({', '.join(keys)})"


def difference(host: Host, resources: Sequence[Resource], *kinds: type[Resource]) -> Change | None:
    """What differs in the one resource of these kinds."""
    [resource] = [resource for resource in resources if isinstance(resource, kinds)]
    return look(resource, host)
