"""Images: those that servers may run, and the hub's repair of its own (hubside/repair.py)."""

import json
import subprocess
from pathlib import Path
from shutil import disk_usage
from typing import Any

from hubinstall.broker.engine import Call, Engine
from hubinstall.broker.policy import Policy
from hubinstall.broker.refusal import BusyError, RefusedError
from hubinstall.broker.typed import decoded, each, fields, only
from hubinstall.hubside.images import ImageSource

KEPT_FREE = 5 * 10**9
"""Bytes of Docker's disk below which no image is pulled that a person has named."""


def inspected(policy: Policy, engine: Engine, name: str) -> Call:
    """To inspect one that is admitted or that the hub may bring back, or, by its id, one that may become ours again."""
    known = policy.admits_image(name) or name in policy.other_sources or policy.may_be_named(name)
    if not known and not (name.startswith("sha256:") and is_ours(policy, engine, name)):
        raise RefusedError(f"the image {name}", "" if name.startswith("sha256:") else f"image {name}")
    return Call("GET", f"/images/{name}/json")


def is_ours(policy: Policy, engine: Engine, id_: str) -> bool:
    """Whether an image has the content of one that the hub may bring back, or one of the admitted names."""
    sources = policy.sources().values()
    if any(id_ == source.pinned().get("id") for source in sources):
        return True
    found = engine.ask(f"/images/{id_}/json") or {}
    return any(_has_label(source, found) for source in sources) or any(
        policy.admits_image(name) for name in found.get("RepoTags") or ()
    )


def _has_label(source: ImageSource, found: dict[str, Any]) -> bool:
    key, _, value = source.label.partition("=")
    return bool(key) and ((found.get("Config") or {}).get("Labels") or {}).get(key) == value


def listed(policy: Policy, filters: str) -> Call:
    labels = {source.label for source in policy.sources().values()} - {""}
    asked = fields(decoded(filters.encode()), "filters", {"label": each(only(*sorted(labels)))}).get("label")
    if not labels or not asked:
        raise RefusedError(f"the images with {filters[:200]}")
    return Call("GET", "/images/json", {"filters": json.dumps({"label": asked})})


def tagged(policy: Policy, engine: Engine, id_: str, name: str) -> Call:
    """To give an image its name back: only to an image with the same content."""
    found, source = engine.ask(f"/images/{id_}/json") or {}, policy.sources().get(name)
    same = source and _has_label(source, found) and len((found.get("RootFS") or {}).get("Layers") or ()) == 1
    if not source or not found or not (same or found.get("Id") == source.pinned().get("id")):
        raise RefusedError(f"the name {name} for the image {id_}")
    repository, _, tag = name.rpartition(":")
    return Call("POST", f"/images/{found['Id']}/tag", {"repo": repository, "tag": tag})


def pulled(policy: Policy, engine: Engine, repository: str, tag: str, login: str) -> Call:
    name = f"{repository}{'@' if tag.startswith('sha256:') else ':'}{tag or 'latest'}"
    digests = {source.pinned().get("digest") for source in policy.sources().values()}
    if name not in digests and not policy.admits_image(name):
        if not policy.may_be_named(name):
            raise RefusedError(f"the image {name}", f"image {name}")
        check_room(engine)
    query = {"fromImage": repository, "tag": tag or "latest"}
    return Call("POST", "/images/create", query, headers={"X-Registry-Auth": login} if login else None)


def check_room(engine: Engine) -> None:
    """Raise BusyError if an image that a person names could fill the disk."""
    directory = (engine.ask("/info") or {}).get("DockerRootDir") or "/"
    if (free := disk_usage(directory).free) < KEPT_FREE:
        raise BusyError(
            f"This machine has {free / 1e9:.1f} GB of free disk space left; below {KEPT_FREE / 1e9:.0f} GB it gets no"
            " further images. Ask its administrator to remove what nobody uses: docker image prune -a"
        )


class Copy:
    """Our own copy of an image, unpacked on the way: the Engine itself may not know zstd."""

    def __init__(self, policy: Policy, name: str) -> None:
        source = policy.sources().get(name)
        archive = source.archive if source else ""
        there = [one for one in (archive, f"{archive.removesuffix('.zst')}.gz") if archive and Path(one).is_file()]
        if not there:
            raise RefusedError("an image of which this machine has no copy", status=404)
        self._process = subprocess.Popen(["zstd", "-q", "-d", "-c", "-f", there[0]], stdout=subprocess.PIPE)

    def read(self, size: int = 1 << 20) -> bytes:
        assert self._process.stdout is not None
        return self._process.stdout.read(size)

    def close(self) -> None:
        assert self._process.stdout is not None
        self._process.stdout.close()  # one that is still at work ends at its next output
        self._process.wait()
