"""The network of people's servers: to look at, to remove, and to make again as it must be."""

from typing import Any

from hubinstall.broker.engine import Call, Engine
from hubinstall.broker.policy import Policy
from hubinstall.broker.refusal import RefusedError
from hubinstall.broker.typed import decoded
from hubinstall.hubside.network import upper_half


def inspected(policy: Policy, engine: Engine, reference: str) -> Call:
    return Call("GET", f"/networks/{_id(policy, engine, reference)}")


def removed(policy: Policy, engine: Engine, reference: str) -> Call:
    return Call("DELETE", f"/networks/{_id(policy, engine, reference)}")


def _id(policy: Policy, engine: Engine, reference: str) -> str:
    found = engine.ask(f"/networks/{reference}")
    if found is None:
        raise RefusedError(f"the network {reference}, which does not exist", status=404)
    if found.get("Name") != policy.network.name:
        raise RefusedError(f"the network {reference}")
    return str(found["Id"])


def created(policy: Policy, body: bytes) -> Call:
    """All of it is ours; only whether Docker gives addresses from the upper half is the hub's to say."""
    said, network = decoded(body), policy.network
    pools = (said.get("IPAM") or {}).get("Config") if isinstance(said.get("IPAM"), dict) else None
    first = pools[0] if isinstance(pools, list) and len(pools) == 1 and isinstance(pools[0], dict) else {}
    above = first.get("IPRange")
    if said.get("Name") != network.name or above not in {None, "", upper_half(network.subnet)}:
        raise RefusedError(f"a network {str(said.get('Name'))[:80]!r}")
    pool: dict[str, Any] = {"Subnet": network.subnet, "Gateway": network.gateway}
    if above:
        pool["IPRange"] = above
    wanted = {
        "Name": network.name, "Driver": "bridge", "CheckDuplicate": True, "Options": network.options,
        "IPAM": {"Driver": "default", "Config": [pool]},
    }  # fmt: skip
    return Call("POST", "/networks/create", body=wanted)
