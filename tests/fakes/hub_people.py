"""People and settings, as the hub is told of them."""

from hubinstall.hubside.accounts import Account
from hubinstall.hubside.settings import HubSettings

SETTINGS = HubSettings(
    base_url="/", gateway="10.99.0.1", admins=("alice",), allowed=("bob",), allow_all=False, banned=("mallory",),
    uid_min=1000, uid_max=60000, image="hubinstall/default:1", memory=2 << 30, cpus=1.5, processes=1024,
    cgroup_parent="/users", cores=2, group_shares={"project": "teachers"},
)  # fmt: skip

ALICE = Account("alice", 1000, 1001, "/home/alice", group="alice", gids=frozenset({1001, 2000}))


def person(name: str, uid: int = 1000) -> Account:
    return Account(name, uid, uid, f"/home/{name}")


def everyone(**changes) -> HubSettings:
    return HubSettings(**(SETTINGS.as_dict() | {"allow_all": True} | changes))
