"""Where a request comes from: what the proxy says counts, what a container says does not."""

from types import SimpleNamespace

import pytest

from hubinstall.hubside.peers import is_own, origin


def request(peer, said="192.0.2.1"):
    return SimpleNamespace(remote_ip=said, connection=SimpleNamespace(context=SimpleNamespace(address=peer)))


@pytest.mark.parametrize(
    ("peer", "from_"), [(("127.0.0.1", 9), "192.0.2.1"), (("198.51.100.7", 9), "198.51.100.7"), ("", "192.0.2.1")]
)
def test_where_a_request_comes_from(peer, from_):
    assert origin(request(peer)) == from_


def test_own_addresses():
    assert [is_own(a) for a in ("127.0.0.1", "::1", "198.51.100.7", "2001:db8::1")] == [True, True, False, False]
