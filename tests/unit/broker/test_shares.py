"""What a server may mount of the shares: those of its owner's groups, whatever a file server's modes say."""

import pytest

from hubinstall.broker import sources
from hubinstall.broker.policy import Policy
from hubinstall.broker.refusal import RefusedError
from hubinstall.hubside import shares
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.limits import ServerLimits
from hubinstall.hubside.network import ServerNetwork
from hubinstall.hubside.shares import SharedFolder

ADA = Account("ada", 1234, 1234, "/home/ada", "ada", frozenset({1234, 2000}))
SHARES = (
    SharedFolder("project", group="team"), SharedFolder("handin", readers="staff", drop_box=True),
    SharedFolder("exams", readers="staff"), SharedFolder("read", path="/mnt/read"),
    SharedFolder("theirs", path="/mnt/theirs", group="staff", readers="staff"),
    SharedFolder("ours", path="/mnt/ours", group="team"), SharedFolder("lesson", group="staff", readers="team"),
    SharedFolder("box", readers="staff", drop_box=True, members="team"),
    SharedFolder("their-box", readers="team", drop_box=True, members="staff"),
)  # fmt: skip
POLICY = Policy(
    network=ServerNetwork("hubinstall", "hubinstall0", "10.99.0.0/16", "10.99.0.1"), image="i", image_label="",
    image_archive="", image_pin="", uid_min=1000, uid_max=60000, cgroup_parent="", shares=SHARES,
    limits=ServerLimits(1 << 30, 1.0, 1024, None),
)  # fmt: skip


@pytest.mark.parametrize(
    ("source", "read_only", "may"),
    [
        ("/srv/data/project", False, True),
        ("/srv/data/handin", False, True),
        ("/srv/data/exams", False, False),
        ("/srv/data/exams", True, False),
        ("/mnt/read", True, True),
        ("/mnt/read", False, False),
        ("/mnt/read/below", True, False),
        ("/mnt", True, False),
        ("/mnt/theirs", True, False),
        ("/mnt/theirs", False, False),
        ("/mnt/ours", False, True),
        ("/srv/data/lesson", False, False),
        ("/srv/data/box", False, True),
        ("/srv/data/their-box", False, False),
        ("/srv/data", True, True),
        ("/srv/data", False, False),
    ],
)
def test_a_share_is_mounted_for_its_groups_alone(monkeypatch, source, read_only, may):
    monkeypatch.setattr(sources, "check_path", lambda _: None)
    monkeypatch.setattr(shares, "group_ids", lambda _: {"team": 2000, "staff": 3000})
    if may:
        assert sources.bind(POLICY, ADA, source, source, read_only=read_only) == source
        return
    with pytest.raises(RefusedError):
        sources.bind(POLICY, ADA, source, source, read_only=read_only)


def test_links_are_for_all_who_may_enter():
    of_team = {share.rpartition("/")[2] for share in shares.links(SHARES, {"team"})}
    assert of_team == {"lesson", "box", "their-box"}
    of_staff = {share.rpartition("/")[2] for share in shares.links(SHARES, {"staff"})}
    assert of_staff == {"exams", "theirs", "lesson", "box", "their-box"}
    assert shares.links(SHARES, set()) == []
