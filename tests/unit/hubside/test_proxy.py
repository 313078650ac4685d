"""The watch on the proxy."""

import asyncio
import socket
from types import SimpleNamespace

from hubinstall import layout
from hubinstall.hubside import proxy


def test_a_restarted_proxy_is_noticed_by_its_socket(tmp_path):
    path = tmp_path / "api.sock"
    assert proxy.identity(str(path)) is None
    seen = []
    for _ in range(2):
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            seen.append(proxy.identity(str(path)))
            assert asyncio.run(proxy.listens(str(path)))
        assert not asyncio.run(proxy.listens(str(path)))
    assert seen[0] != seen[1]


def test_a_proxy_that_comes_back_gets_its_routes(tmp_path, monkeypatch):
    path = tmp_path / "api.sock"
    monkeypatch.setattr(layout, "PROXY_API_SOCKET", str(path))
    monkeypatch.setattr(proxy, "EVERY", 0.01)
    checks, checked = [], asyncio.Event()

    async def get_all_routes(_self):
        return {"/": {}}

    async def check_routes(_self, users, services, routes=None):
        checks.append((users, services))
        checked.set()

    monkeypatch.setattr(proxy.ConfigurableHTTPProxy, "get_all_routes", get_all_routes)
    monkeypatch.setattr(proxy.ConfigurableHTTPProxy, "check_routes", check_routes)

    async def story():
        watched = proxy.WatchedProxy(app=SimpleNamespace(users={"u": 1}, _service_map={}), auth_token="t")
        start = asyncio.create_task(watched.get_all_routes())
        await asyncio.sleep(0.05)
        assert not start.done()
        server = await asyncio.start_unix_server(lambda _r, w: w.close(), str(path))
        assert await start == {"/": {}}
        await asyncio.sleep(0.05)
        assert checks == []
        server.close()
        path.unlink(missing_ok=True)
        await asyncio.sleep(0.03)
        again = await asyncio.start_unix_server(lambda _r, w: w.close(), str(path))
        await asyncio.wait_for(checked.wait(), 10)
        await asyncio.sleep(0.05)  # once is enough
        again.close()
        watched._watch.cancel()

    asyncio.run(story())
    assert checks == [({"u": 1}, {})]
