"""When a server is stopped: what it says of itself, how old it is, who owns it, and what its owner answers."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from fakes.hub_pages import page
from hubinstall import layout
from hubinstall.hubside import cull_service, idle
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.appearance import Appearance
from hubinstall.hubside.cull import Cull
from hubinstall.hubside.idle import Reports

HOUR = 3600.0
ALICE = ("alice", "")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return datetime(2026, 11, 30, tzinfo=UTC).timestamp() + self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(idle, "time", clock)
    monkeypatch.setattr(idle, "login_name", lambda name: name)
    monkeypatch.setattr(idle.Account, "find", lambda name: Account(name, 1000, 1000, "/home", gids=frozenset({7})))
    monkeypatch.setattr(idle, "group_ids", lambda names: {name: {"research": 7}.get(name, 8) for name in names})
    return clock


def reports(**rules: Any) -> Reports:
    return Reports(Cull(enabled=True, **rules))


def said(reports: Reports, idle_for: float, *, of: tuple[str, str] = ALICE) -> None:
    reports.hear(*of, idle_for).again = 60.0


def test_a_server_ends_when_it_says_that_nobody_has_used_it(clock: Clock) -> None:
    one = reports()
    said(one, 2 * HOUR - 600)
    assert one.left(*ALICE, 5 * HOUR) == (600, True)
    clock.now += 540
    said(one, 2 * HOUR - 60)
    assert one.left(*ALICE, 5 * HOUR) == (60, True)
    clock.now += 60
    said(one, 2 * HOUR)
    assert one.left(*ALICE, 5 * HOUR) == (0, True)
    said(one, 0.5)
    assert one.left(*ALICE, 5 * HOUR) == (2 * HOUR - 0.5, True)


def test_who_is_heard_late_has_the_time_of_a_warning(clock: Clock) -> None:
    """After a restart of the hub, or with a shorter timeout."""
    one = reports()
    said(one, 9 * HOUR)
    assert one.left(*ALICE, 20 * HOUR) == (600, True)
    clock.now += 600
    said(one, 9 * HOUR + 600)
    assert one.left(*ALICE, 20 * HOUR) == (0, True)
    said(one, 0.5)
    said(one, 9 * HOUR)
    assert one.left(*ALICE, 20 * HOUR) == (600, True), "and again, once it was used"


def test_a_server_that_says_nothing_runs_on(clock: Clock) -> None:
    """Another image's, one from before an upgrade, one that hangs."""
    one = reports()
    assert one.left(*ALICE, 100 * HOUR) is None
    said(one, 3 * HOUR)
    clock.now += 60 + idle.LATE + 1
    assert one.left(*ALICE, 100 * HOUR) is None


@pytest.mark.usefixtures("clock")
def test_nobody_is_idle_for_longer_than_the_server_runs() -> None:
    """The word of the server before it, which had the same name, does not end the new one."""
    one = reports()
    said(one, 3 * HOUR)
    assert one.left(*ALICE, 5.0) == (2 * HOUR - 5, True)


def test_who_keeps_a_server_has_all_the_time_again(clock: Clock) -> None:
    one = reports()
    said(one, 2 * HOUR - 60)
    one.keep(*ALICE)
    assert one.left(*ALICE, 5 * HOUR) == (2 * HOUR, True)
    clock.now += 100
    said(one, 2 * HOUR + 40)
    assert one.left(*ALICE, 5 * HOUR) == (2 * HOUR - 100, True)


@pytest.mark.usefixtures("clock")
def test_a_largest_age_holds_for_those_in_use_and_is_not_put_off() -> None:
    one = reports(max_age=10 * 3600)
    assert one.left(*ALICE, 9 * HOUR) == (HOUR, False)
    said(one, 0)
    one.keep(*ALICE)
    assert one.left(*ALICE, 10 * HOUR) == (0, False)
    assert reports(max_age=10 * 3600).left(*ALICE, 11 * HOUR) == (-HOUR, False)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("alice", {"except_users": ("bob", "alice")}),
        ("alice", {"except_groups": ("nobody-has-it", "research")}),
        (layout.PROBE_USER, {}),
    ],
)
def test_exceptions_hold_for_both(name: str, rules: dict[str, Any]) -> None:
    one = reports(max_age=3600, **rules)
    said(one, 3 * HOUR, of=(name, ""))
    assert one.left(name, "", 5 * HOUR) is None


@pytest.mark.usefixtures("clock")
def test_others_are_no_exception_and_off_is_off() -> None:
    one = reports(except_users=("bob",), except_groups=("teachers",))
    said(one, 3 * HOUR)
    assert one.left(*ALICE, 5 * HOUR) == (600, True)
    one.rules = Cull(enabled=False, max_age=60)
    assert one.left(*ALICE, 5 * HOUR) is None


def test_reports_come_more_often_before_the_end() -> None:
    one = reports()
    assert [one.again(left) for left in (None, (7200, True), (500, True), (50, True), (3, True), (-9, True))] == [
        300, 300, 10, 5, 2, 2,
    ]  # fmt: skip
    assert reports(timeout=30).again((30, True)) == 3


def user(started: datetime, *, ready: bool = True) -> Any:
    spawner = SimpleNamespace(ready=ready, orm_spawner=SimpleNamespace(started=started))
    return SimpleNamespace(name="alice", spawners={"": spawner})


def test_the_page_says_it_ten_minutes_before(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    one = reports()
    monkeypatch.setattr(idle, "THIS_HUBS", one)
    begun = datetime.fromtimestamp(clock.time(), UTC).replace(tzinfo=None) - timedelta(hours=5)
    said(one, 2 * HOUR - 601)
    assert idle.for_page(user(begun)) == []
    said(one, 2 * HOUR - 600)
    assert idle.for_page(user(begun)) == [{"server": "", "minutes": 10, "can_wait": True}]
    assert idle.for_page(user(begun, ready=False)) == []
    assert idle.for_page(None) == []


# -- whose service does it -------------------------------------------------------------------------------------


def configuration(*services: dict[str, Any]) -> Any:
    return SimpleNamespace(JupyterHub=SimpleNamespace(services=list(services), load_roles=[{"name": "admin"}]))


def test_ours_is_a_service_with_the_rights_it_needs() -> None:
    c = configuration({"name": "mine"})
    assert cull_service.add(c, Cull(enabled=True, every=30)) == ""
    assert [one["name"] for one in c.JupyterHub.services] == ["mine", layout.CULL_SERVICE]
    assert c.JupyterHub.services[1]["command"][1:] == ["-m", "hubinstall.hubside.culler", "30"]
    assert c.JupyterHub.load_roles[1]["scopes"] == cull_service.SCOPES


@pytest.mark.parametrize(
    "theirs",
    [
        {"name": "cull", "command": ["python3", "-m", "jupyterhub_idle_culler", "--timeout=7200"]},
        {"name": "anything", "command": "jupyterhub-idle-culler --timeout=60"},
        {"name": "idle-culler", "api_token": "x" * 32},
        {"name": "old", "command": ["python3", "/srv/cull_idle_servers.py"]},
    ],
)
def test_a_drop_ins_culler_goes_on_and_ours_does_not_run(theirs: dict[str, Any]) -> None:
    c = configuration(theirs)
    assert cull_service.add(c, Cull(enabled=True)) == theirs["name"]
    assert c.JupyterHub.services == [theirs]
    assert c.JupyterHub.load_roles == [{"name": "admin"}]


def test_off_is_no_service() -> None:
    c = configuration()
    assert cull_service.add(c, Cull(enabled=False)) == ""
    assert c.JupyterHub.services == []


def test_the_home_page_asks_whether_to_keep_what_can_be_kept() -> None:
    idle_ones = [
        {"server": "", "minutes": 1, "can_wait": True}, {"server": "<big>", "minutes": 9, "can_wait": False},
    ]  # fmt: skip
    nothing = Appearance(title="", logo="", help="", announcement="")
    server = SimpleNamespace(active=True, started_safely=False, safe_start_offer=None)
    html = page("home.html", appearance=nothing, default_server=server, url="/x", idle_servers=idle_ones)
    text = " ".join(html.split())
    assert "Nobody has used your server for a while: it stops in about 1 minute." in text
    assert "Your server has run as long as one may &lt;big&gt;: it stops in about 9 minutes." in text
    assert html.count(">Keep it</button>") == 1
    assert 'keep-server" method="post"' in html
