"""Docker's named volumes in a person's server. Docker makes a new one for root, and a server never runs as root.

A volume whose name has the person's name in it becomes the person's. One that all people have, if it is empty, becomes
like /tmp: everyone writes, and removes only what is their own. One that the person can write already stays as it is,
and so does every directory of the host.
"""

import asyncio
import functools
import io
import re
import tarfile
from collections.abc import Callable, Collection
from typing import Any

from docker.errors import DockerException
from docker.types import Mount
from requests.exceptions import RequestException

from hubinstall.hubside.accounts import Account

ANONYMOUS = re.compile(r"[0-9a-f]{64}")
FIRST = 65536
"""Bytes of a volume's archive that show its top directory, and whether there is anything in it."""
VOLUME = "/volume"
WITHIN = 60
"""Seconds to change the owner."""
Change = Callable[..., list[str]]
RIGHTS = ["CHOWN", "FOWNER", "DAC_OVERRIDE"]


async def make_writable(spawner: Any, container: str, account: Account, gids: Collection[int]) -> None:
    """Let the person write to the volumes of their new container. A failure is logged."""
    own = personal(spawner)
    image = spawner.hub_settings.image if spawner.gives.image else spawner.image  # as root, no program of a person's
    found = await spawner.docker("inspect_container", container)
    for mount in found.get("Mounts") or ():
        if mount.get("Type") != "volume" or not mount.get("RW"):
            continue
        mine = mount["Name"] in own or bool(ANONYMOUS.fullmatch(mount["Name"]))
        change = functools.partial(owned, account) if mine else shared
        work = functools.partial(adapt, spawner.client, container, mount, change, image=image)
        job = spawner.executor.submit(work, functools.partial(writable, uid=account.uid, gids=gids))
        try:
            await asyncio.wrap_future(job)
        except (DockerException, RequestException, OSError, tarfile.TarError) as error:
            spawner.log.warning("%s may be unable to write to the volume %s: %s", account.name, mount["Name"], error)


def personal(spawner: Any) -> set[str]:
    """The names of the volumes that have the person's name in them."""
    templates = [*spawner.volumes, *(str(mount.get("source", "")) for mount in spawner.mounts)]
    names = {template: spawner.format_volume_name(template, spawner) for template in templates}
    return {name for template, name in names.items() if re.search(r"\{\w*username\b", template)}


def owned(account: Account, *, empty: bool) -> list[str]:  # noqa: ARG001 - as `shared`
    return ["chown", "-R", "-h", f"{account.uid}:{account.gid}", VOLUME]


def shared(*, empty: bool) -> list[str]:
    """What is in it was put there by somebody who may have meant its owner and mode."""
    return ["chmod", "1777", VOLUME] if empty else []


def adapt(
    client: Any, container: str, mount: dict[str, Any], change: Change, fits: Callable[[tarfile.TarInfo], bool], *,
    image: str,
) -> None:  # fmt: skip
    """Run the command that `change` gives on a volume that does not fit."""
    top, empty = look(client, container, mount["Destination"])
    if not fits(top) and (command := change(empty=empty)):
        as_root(client, image, mount["Name"], command)


def look(client: Any, container: str, path: str) -> tuple[tarfile.TarInfo, bool]:
    """The owner and mode of a directory in a container that need not run, and whether the directory is empty."""
    stream, _ = client.get_archive(container, path)
    begin = b""
    try:
        for chunk in stream:
            begin += chunk
            if len(begin) >= FIRST:
                break
    finally:
        stream.close()
    archive = tarfile.open(fileobj=io.BytesIO(begin), mode="r|")  # noqa: SIM115 - the bytes are cut off, so closing says nothing
    top = archive.next()
    if top is None:
        raise tarfile.ReadError("the archive is empty")
    try:
        return top, archive.next() is None
    except tarfile.TarError:
        return top, False


def writable(top: tarfile.TarInfo, uid: int, gids: Collection[int]) -> bool:
    bits = 0o300 if top.uid == uid else 0o030 if top.gid in gids else 0o003
    return top.mode & bits == bits


def as_root(client: Any, image: str, volume: str, command: list[str]) -> None:
    """Run one command on a volume, in a container of its own without a network. Raises OSError if it fails."""
    options = client.create_host_config(
        mounts=[Mount(VOLUME, volume, no_copy=True)], network_mode="none", read_only=True, cap_drop=["ALL"],
        cap_add=RIGHTS, security_opt=["no-new-privileges"],
    )  # fmt: skip
    made = client.create_container(image, command[1:], entrypoint=command[:1], user="0:0", host_config=options)
    try:
        client.start(made["Id"])
        if client.wait(made["Id"], timeout=WITHIN)["StatusCode"]:
            raise OSError(client.logs(made["Id"]).decode(errors="replace").strip())
    finally:
        client.remove_container(made["Id"], force=True)
