"""People's containers: only those with our label are started, stopped, looked at or removed."""

import json
import re
from typing import Any

from hubinstall import layout
from hubinstall.broker.engine import Call, Engine
from hubinstall.broker.policy import Policy
from hubinstall.broker.refusal import RefusedError
from hubinstall.broker.typed import boolean, decoded, each, fields, only, text, unless_empty

ID = re.compile("[0-9a-f]{64}")
_OURS: set[str] = set()
"""Ids that were ours once: neither an id nor its labels ever change."""
_MOST_KNOWN = 10_000
_FILTERS = re.compile(rf"{layout.USER_LABEL}=[^\0]{{1,256}}")


def id_of(engine: Engine, reference: str) -> str:
    """The id of a container of ours. RefusedError with status 404 if there is none: others do not exist for the hub."""
    if ID.fullmatch(reference) and reference in _OURS:
        return reference
    return str(described(engine, reference)["Id"])


def described(engine: Engine, reference: str) -> dict[str, Any]:
    """Docker's inspect of a container of ours."""
    found: dict[str, Any] = engine.ask(f"/containers/{reference}/json") or {}
    labels = (found.get("Config") or {}).get("Labels") or {}
    if layout.USER_LABEL not in labels and layout.HELPER_LABEL not in labels:
        raise RefusedError(f"the container {reference}, which is no person's server", status=404)
    if len(_OURS) >= _MOST_KNOWN:
        _OURS.clear()
    _OURS.add(str(found["Id"]))
    return found


def listed(everything: str, filters: str) -> Call:
    """Those with our label, and perhaps with one person's."""
    said = fields(decoded(filters.encode()), "filters", {"label": each(text(_FILTERS.pattern), 1)}) if filters else {}
    labels = [layout.USER_LABEL, *said.get("label", ())]
    return Call("GET", "/containers/json", {"all": everything or "0", "filters": json.dumps({"label": labels})})


def archived(policy: Policy, engine: Engine, reference: str, path: str) -> Call:
    """A volume's top directory (hubside/volumes.py), of a volume that config.yaml allows."""
    found = described(engine, reference)
    volumes = {
        mount.get("Destination")
        for mount in found.get("Mounts") or ()
        if mount.get("Type") == "volume" and policy.allows(f"volume {mount.get('Name')}")
    }
    if path not in volumes:
        raise RefusedError(f"the files at {path!r} of a container")
    return Call("GET", f"/containers/{found['Id']}/archive", {"path": path})


def command(policy: Policy, engine: Engine, reference: str, body: bytes) -> Call:
    """`post_start_cmd` of a drop-in: a command in a server, as its owner."""
    if not policy.allows("exec"):
        raise RefusedError("a command in a running server", "exec")
    streams = dict.fromkeys(("AttachStdin", "AttachStdout", "AttachStderr"), boolean)
    found = fields(decoded(body), "the command", {
        **streams, "Tty": only(False), "Privileged": only(False), "User": unless_empty, "Env": unless_empty,
        "WorkingDir": unless_empty, "DetachKeys": unless_empty, "Container": text("[0-9a-zA-Z_.-]{1,255}"),
        "Cmd": each(text()),
    })  # fmt: skip
    wanted = {"Cmd": found.get("Cmd", []), "Privileged": False, "Tty": False}
    return Call("POST", f"/containers/{id_of(engine, reference)}/exec", body=wanted)


def command_of(engine: Engine, id_: str) -> str:
    """The id of a command in a container of ours."""
    found = engine.ask(f"/exec/{id_}/json") or {}
    id_of(engine, str(found.get("ContainerID", "none")))
    return id_
