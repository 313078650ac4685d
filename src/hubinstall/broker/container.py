"""A container's description (`POST /containers/create`), parsed and written again."""

import re
from collections.abc import Mapping
from typing import Any

from hubinstall import layout
from hubinstall.broker import sources
from hubinstall.broker.hostconfig import VOLUME, Owner, host_config
from hubinstall.broker.policy import Policy
from hubinstall.broker.refusal import RefusedError
from hubinstall.broker.typed import boolean, decoded, each, fields, mapping, nested, number, only, text, unless_empty
from hubinstall.hubside import profiles
from hubinstall.hubside.accounts import Account, NoServerError, homes
from hubinstall.hubside.profiles import Chosen, Gives, NoChoiceError

RIGHTS, VOLUME_PLACE = ["CHOWN", "FOWNER", "DAC_OVERRIDE"], "/volume"
"""As in hubside/volumes.py, which cannot be imported here: it needs Docker's client."""
NAME = re.compile(rf"{layout.CONTAINER_PREFIX}-[a-zA-Z0-9_.-]{{1,201}}{layout.CONTAINER_TAIL}")
"""DockerSpawner's: Lisa's is jupyter--4cisa. Without the tail, Docker's DNS would tell neighbours who is here."""
_LABEL = text(r"[^\0]{0,4096}")
_WORDS = each(text())
_SETTINGS = {
    "Hostname": text("[a-zA-Z0-9.-]{0,63}"),
    "Domainname": text("[a-zA-Z0-9.-]{0,253}"),
    "User": text("[0-9]{1,10}:[0-9]{1,10}"),
    **dict.fromkeys(
        ("Tty", "OpenStdin", "StdinOnce", "AttachStdin", "AttachStdout", "AttachStderr", "NetworkDisabled"), boolean
    ),
    "ExposedPorts": mapping(text("[0-9]{1,5}/(tcp|udp)"), unless_empty),
    "Env": each(text(r"[^\0=]+(=[^\0]*)?")),
    "Cmd": _WORDS,
    "Entrypoint": _WORDS,
    "Image": text("[a-z0-9][a-zA-Z0-9_.:/@-]{0,500}"),
    "Volumes": mapping(text(r"/[^\0]{0,4095}"), unless_empty),
    "WorkingDir": text(r"/[^\0]{0,4095}"),
    "NetworkingConfig": unless_empty,
    "MacAddress": unless_empty,
    "Labels": mapping(text(r"[^\0]{1,256}"), _LABEL),
    "StopSignal": text("(SIG)?[A-Z0-9+]{0,12}"),
    "StopTimeout": number(0, 3600),
    "Healthcheck": nested({
        "Test": _WORDS, "Interval": number(0), "Timeout": number(0), "Retries": number(0), "StartPeriod": number(0),
    }),
}  # fmt: skip


def rebuilt(policy: Policy, body: bytes, name: str) -> dict[str, Any]:
    """What Docker gets for a server of this `name`, or, without a name, for a volume's new owner."""
    said = decoded(body)
    if not name:
        return volume_helper(policy, said)
    if not NAME.fullmatch(name):
        raise RefusedError(f"a container with the name {name[:80]!r}")
    account = person(policy, said.get("Labels"))
    choice = chosen(policy, account, said.get("Labels"))
    owner = Owner(policy, account, choice.gives if choice else Gives())
    if layout.GPU_LABEL in said["Labels"]:
        raise RefusedError("a server with a label that only the broker gives")
    sources.write_files(policy, account)
    found = fields(said, "the container", _SETTINGS | {
        "HostConfig": lambda value, key: host_config(owner, value, key),
        "Runtime": unless_empty,
    })  # fmt: skip
    if found.get("User") != f"{account.uid}:{account.gid}":
        raise RefusedError(f"a server of {account.name} as {found.get('User')} instead of {account.uid}:{account.gid}")
    image = found.get("Image", "")
    if not policy.admits_image(image) and not (choice and choice.gives.image == image):
        raise RefusedError(f"a server with the image {image}", f"image {image}")
    if "HostConfig" not in found:
        raise RefusedError("a server without limits")
    found.pop("Runtime", None)
    if more := set(found.pop("Volumes", {})) - _targets(found["HostConfig"]):
        raise RefusedError(f"a volume without a name at {min(more)}")
    return found


def _targets(config: dict[str, Any]) -> set[str]:
    return {bind.split(":")[1] for bind in config.get("Binds", ())} | {
        mount["Target"] for mount in config.get("Mounts", ())
    }


def person(policy: Policy, labels: Any) -> Account:
    """The account that a server's label names; it must be a person's, or the probe's."""
    name = labels.get(layout.USER_LABEL) if isinstance(labels, dict) else None
    account = Account.find(name) if isinstance(name, str) and len(name) <= 256 else None
    if account is None:
        raise RefusedError("a server without the label that names its account")
    if account.uid == 0 or account.gid == 0 or not _is_persons(policy, account.uid):
        raise RefusedError(f"a server as {account.name}, which is no person's account")
    try:
        account.check_home(homes(policy.uid_min))
    except NoServerError as error:
        raise RefusedError(f"a server of {account.name}: {error}") from None
    return account


def chosen(policy: Policy, account: Account, labels: Any) -> Chosen | None:
    """What the options in a server's label choose, for this person. None without the label, or without profiles."""
    said = labels.get(layout.CHOICE_LABEL)
    if said is None or not policy.profiles:
        return None
    options = decoded(_LABEL(said, "the label of the choice").encode())
    try:
        return profiles.choose(profiles.of_person(policy.profiles, account), options)
    except NoChoiceError as error:
        raise RefusedError(f"a server of {account.name} with a choice that it does not have: {error}") from None


def gpus_of(policy: Policy, body: Mapping[str, Any]) -> int:
    """How many the choice of a server gives. `body`: what `rebuilt` has made."""
    labels = body["Labels"]
    choice = chosen(policy, person(policy, labels), labels)
    return (choice.gives.gpus if choice else None) or 0


def _is_persons(policy: Policy, uid: int) -> bool:
    probe = Account.find(layout.PROBE_USER)
    people = policy.uid_min <= uid <= policy.uid_max and uid not in layout.RESERVED_UIDS
    return people or (probe is not None and 0 < uid == probe.uid)


def volume_helper(policy: Policy, said: dict[str, Any]) -> dict[str, Any]:
    """A container that gives a new volume to a person, as hubside/volumes.py asks for it, and nothing else as root."""
    mount = fields({"mount": said.get("HostConfig")}, "the container", {"mount": _volume_of_helper})["mount"]
    words = [word for key in ("Entrypoint", "Cmd") for word in _WORDS(said.get(key) or [], key)]
    owner = re.fullmatch("([0-9]{1,10}):([0-9]{1,10})", words[3]) if len(words) == 5 else None
    gives = owner and words == ["chown", "-R", "-h", words[3], VOLUME_PLACE] and _is_persons(policy, int(owner[1]))
    if not gives and words != ["chmod", "1777", VOLUME_PLACE]:
        raise RefusedError("a container without a name")
    image = _SETTINGS["Image"](said.get("Image"), "Image")
    if not policy.admits_image(image):
        raise RefusedError(f"the image {image}", f"image {image}")
    if not policy.allows(f"volume {mount}"):
        raise RefusedError(f"the volume {mount}", f"volume {mount}")
    return {
        "Image": image, "User": "0:0", "Entrypoint": words[:1], "Cmd": words[1:],
        "Labels": {layout.HELPER_LABEL: mount},
        "HostConfig": {
            "Mounts": [{
                "Type": "volume", "Source": mount, "Target": VOLUME_PLACE, "VolumeOptions": {"NoCopy": True},
            }],
            "NetworkMode": "none", "ReadonlyRootfs": True, "CapDrop": ["ALL"], "CapAdd": RIGHTS,
            "SecurityOpt": ["no-new-privileges"],
        },
    }  # fmt: skip


def _volume_of_helper(value: Any, name: str) -> str:
    """The volume in the helper's HostConfig; the rest of it is always the same."""
    mounts = value.get("Mounts") if isinstance(value, dict) else None
    if not isinstance(mounts, list) or len(mounts) != 1 or not isinstance(mounts[0], dict):
        raise RefusedError("a container without a name")
    only("volume")(mounts[0].get("Type"), name)
    return str(text(VOLUME)(mounts[0].get("Source"), name))
