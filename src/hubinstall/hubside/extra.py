"""How an administrator's own options for Docker (`extra_host_config`, `extra_create_kwargs`, limits) join ours."""

from typing import Any

from jupyterhub.traitlets import ByteSpecification


def size(limit: Any) -> int | None:
    """Bytes of a memory limit; a callable's answer, such as "1G", has not been converted yet. None: no limit."""
    return ByteSpecification().validate(None, limit) if limit else None


def merge(base: dict[str, Any], extra: dict[str, Any]) -> None:
    """Merge `extra` into `base`: dictionaries are merged, all other values are replaced."""
    for key, value in extra.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = value


def merge_host_config(base: dict[str, Any], extra: dict[str, Any]) -> None:
    """The same for docker-py's create_host_config. Mounts and groups are added: without ours there is no home. Where
    both mount something at one place, the administrator's remains.
    """
    more = {key: value for key, value in extra.items() if key not in {"mounts", "group_add"}}
    merge(base, more)
    if "mem_limit" in more and "memswap_limit" not in more:
        base["memswap_limit"] = more["mem_limit"]  # no swap on top; Docker refuses less than the memory
    mounts = list(extra.get("mounts") or ())
    theirs = {mount.get("Target", mount.get("target")) for mount in mounts} | bound(base.get("binds"))
    theirs |= set(extra.get("tmpfs") or ())
    base["mounts"] = [mount for mount in base["mounts"] if mount["Target"] not in theirs] + mounts
    kept = set(extra.get("tmpfs") or ()) | (base["tmpfs"].keys() - theirs)
    base["tmpfs"] = {path: options for path, options in base["tmpfs"].items() if path in kept}
    groups = [*base["group_add"], *(str(group) for group in extra.get("group_add") or ())]
    base["group_add"] = list(dict.fromkeys(groups))


def bound(binds: Any) -> set[str]:
    """The paths in the container of docker-py's `binds`: {host path: {"bind": path}}, or ["host path:path:mode"]."""
    if isinstance(binds, dict):
        return {value["bind"] if isinstance(value, dict) else str(value) for value in binds.values()}
    return {str(bind).split(":")[1] for bind in binds or () if ":" in str(bind)}
