"""/metrics: figures that name nobody, for a token or an address that may read them."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from jupyterhub import orm
from jupyterhub.auth import Authenticator
from prometheus_client import CollectorRegistry, generate_latest

from fakes import hub_site
from hubinstall import layout
from hubinstall.hubside import metrics, present
from hubinstall.hubside.container_use import Use
from hubinstall.hubside.meter import Measured


def spawner(person: str, number: int, **more: Any) -> Any:
    row = SimpleNamespace(started=None, last_activity=None)
    user = SimpleNamespace(name=person)
    given = {"name": str(number), "user": user, "orm_spawner": row, "active": True, "ready": True, "pending": None}
    return SimpleNamespace(**given | {"object_id": str(number)} | more)


def test_sums_over_all_servers_but_the_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = {str(n): Measured(Use(n * 1000, 0, 9.0), 0.5, 0.0) for n in range(9)}
    monkeypatch.setattr(present.METER, "read", lambda _: measured)
    of = {
        "ada": [spawner("ada", 1), spawner("ada", 2, ready=False, pending="spawn")],
        "grace": [spawner("grace", 3), spawner("grace", 4, active=False)],
        layout.PROBE_USER: [spawner(layout.PROBE_USER, 5)],
    }
    users = [SimpleNamespace(name=name, spawners=dict(enumerate(each))) for name, each in of.items()]
    registry = CollectorRegistry()
    registry.register(metrics.Figures(lambda: users))
    lines = [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]
    assert lines == [
        'hubinstall_servers{state="ready"} 2.0',
        'hubinstall_servers{state="starting"} 1.0',
        'hubinstall_servers{state="stopping"} 0.0',
        'hubinstall_servers{state="unknown"} 0.0',
        "hubinstall_servers_people 2.0",
        "hubinstall_servers_cpu_cores 1.5",
        "hubinstall_servers_memory_bytes 6000.0",
    ]


@pytest.mark.parametrize(
    ("address", "allowed", "is_in"),
    [
        ("10.0.0.5", ("10.0.0.5",), True), ("10.0.0.6", ("10.0.0.5",), False), ("10.1.2.3", ("10.1.0.0/16",), True),
        ("::ffff:10.0.0.5", ("10.0.0.5",), True), ("2001:db8::7", ("10.0.0.5", "2001:db8::/64"), True),
        ("fe80::1%eth0", ("fe80::/64",), True), ("nonsense", ("10.0.0.5",), False), ("10.0.0.5", (), False),
    ],
)  # fmt: skip
def test_which_addresses(address: str, allowed: tuple[str, ...], is_in: bool) -> None:
    assert metrics.is_among(address, allowed) is is_in


@pytest.mark.parametrize(
    ("allowed", "scopes", "code"), [((), ["read:metrics"], 200), ((), ["read:users"], 403), (("127.0.0.1",), None, 200),
                                    ((), None, 403), (("10.0.0.5",), None, 403)],
)  # fmt: skip
def test_a_token_or_an_address_reads_them(allowed: tuple[str, ...], scopes: list[str] | None, code: int) -> None:
    db = hub_site.database()
    service = orm.Service(name="prometheus")
    db.add(service)
    db.add(orm.Role(name="prometheus", scopes=scopes or [], services=[service]))
    db.commit()
    application = hub_site.application(db, Authenticator(), metrics.handlers(allowed), authenticate_prometheus=True)
    browser = hub_site.Browser(application, SimpleNamespace(cookie_id="none"), "metrics")
    browser.cookies.clear()
    headers = {"Authorization": f"token {service.new_api_token()}"} if scopes else {}
    answer = asyncio.run(browser.send(headers=headers))
    assert (answer.code, b"python_info" in answer.body) == (code, code == 200)
