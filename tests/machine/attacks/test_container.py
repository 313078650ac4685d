"""What runs in a person's server: what it can do to the hub at the hub's own address, and with the person's rights."""

import json

import pytest

from harness.machine import Machine
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

# Half-sent bodies at the hub's own address; prints how many connections were let in, and how many of these were kept.
HOG = """
import json, socket, time
held, refused = [], 0
for number in range(100):
    line = socket.socket()
    line.settimeout(20)
    try:
        line.connect(("10.99.0.1", 8081))
    except OSError:
        refused += 1
        continue
    head = "POST /hub/login HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 99000000\\r\\n\\r\\n"
    try:
        line.sendall(head.encode())
        for _ in range(16):
            line.sendall(b"x" * (1 << 20))
    except OSError:
        pass
    held.append(line)
print(json.dumps({"held": len(held), "refused": refused}))
"""
MEMORY = "ps -o rss= -p $(pgrep -of hubinstall.hubside.hub)"


def test_unfinished_bodies_do_not_stay_in_the_hubs_memory(installed_machine: Machine, grace: HubClient) -> None:
    before = int(installed_machine.run(MEMORY).out)
    said = json.loads(grace.run_cell(HOG, timeout=300))
    after = int(installed_machine.run(MEMORY).out)
    print(f"{said}, {before >> 10} MB before, {after >> 10} after")
    assert after - before < 100 << 10, "in kB; 100 bodies of 99 MB were promised"
    assert grace.run_cell("print(6 * 7)") == "42\n"


def test_tokens_have_short_notes(grace: HubClient) -> None:
    with pytest.raises(HubError, match="413"):
        grace.api("POST", "users/grace/tokens", body={"note": "x" * (10 << 20)})
    with pytest.raises(HubError, match="at most 250 characters"):
        grace.api("POST", "users/grace/tokens", body={"note": "x" * 251})
    assert grace.api("POST", "users/grace/tokens", body={"note": "of my laptop"})["note"] == "of my laptop"
