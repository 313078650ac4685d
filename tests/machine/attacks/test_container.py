"""What runs in a person's server: what it can do to the hub at the hub's own address, and with the person's rights."""

import json

import pytest

from harness import installed
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
# What Docker's DNS says of neighbours: names, and who has each address of the network, asked by hand.
WHO = """
import json, socket, struct
def asked(name, kind):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.settimeout(3)
    line.sendto(struct.pack(">6H", 7, 256, 1, 0, 0, 0) + labels + struct.pack(">B2H", 0, kind, 1), ("127.0.0.11", 53))
    try:
        answer = line.recv(4096)
    except TimeoutError:
        return ""
    return repr(answer[len(labels) + 17 :]) if answer[7] else ""
found = {{name: asked(name, 1) for name in {names}}}
found |= {{f"10.99.0.{{n}}": asked(f"{{n}}.0.99.10.in-addr.arpa", 12) for n in range(2, 8)}}
print(json.dumps({{key: said for key, said in found.items() if said}}))
"""
# Connections that say nothing, all open at once; then, while they are, one more request, and one after they are closed.
IDLE = """
import json, socket, time, urllib.request
def asked():
    try:
        return urllib.request.urlopen("http://10.99.0.1:8081/hub/api", timeout=10).status
    except OSError as error:
        return type(getattr(error, "reason", error)).__name__
held, refused, first = [], 0, asked()
for _ in range(300):
    line = socket.socket()
    line.settimeout(5)
    try:
        line.connect(("10.99.0.1", 8081))
        held.append(line)
    except OSError:
        refused += 1
print(json.dumps({"held": len(held), "refused": refused, "first": first, "amid": asked()}), flush=True)
time.sleep(SECONDS)
"""
ASK = "import urllib.request as u; print([u.urlopen('http://10.99.0.1:8081/hub/api').status for _ in range(20)])"
MOST = 64
MEMORY = "ps -o rss= -p $(pgrep -of hubinstall.hubside.hub)"


def test_unfinished_bodies_do_not_stay_in_the_hubs_memory(installed_machine: Machine, grace: HubClient) -> None:
    before = int(installed_machine.run(MEMORY).out)
    said = json.loads(grace.run_cell(HOG, timeout=300))
    after = int(installed_machine.run(MEMORY).out)
    print(f"{said}, {before >> 10} MB before, {after >> 10} after")
    assert after - before < 100 << 10, "in kB; 100 bodies of 99 MB were promised"
    assert grace.run_cell("print(6 * 7)") == "42\n"


def test_one_server_has_64_connections_with_the_hub_and_others_have_theirs(
    installed_machine: Machine, grace: HubClient
) -> None:
    """The packet filter counts them for each address."""
    with installed.client(installed_machine) as ada, grace.kernel() as kernel:
        ada.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        ada.start_server()
        start = (
            f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-uc', {IDLE.replace('SECONDS', '600')!r}]"
        )
        said = json.loads(kernel.execute(f"{start}, stdout=-1, text=True); print(p.stdout.readline())", 300))
        print(said)
        others = ada.run_cell(ASK)
        page = grace.request("GET", "hub/home", step="page").status_code
        kernel.execute("p.kill(); p.wait()")
        after = kernel.execute(ASK, 120)
        ada.stop_server()
    assert said["first"] == 200, "the door is open"
    assert said["held"] + said["refused"] == 300
    assert MOST - 8 <= said["held"] <= MOST, "the server itself may have some"
    assert said["amid"] == "ConnectionRefusedError"
    assert others == after == f"{[200] * 20}\n"
    assert page == 200


def test_tokens_have_short_notes(grace: HubClient) -> None:
    with pytest.raises(HubError, match="413"):
        grace.api("POST", "users/grace/tokens", body={"note": "x" * (10 << 20)})
    with pytest.raises(HubError, match="at most 250 characters"):
        grace.api("POST", "users/grace/tokens", body={"note": "x" * 251})
    assert grace.api("POST", "users/grace/tokens", body={"note": "of my laptop"})["note"] == "of my laptop"


def test_neighbours_are_not_told_who_is_here(installed_machine: Machine, grace: HubClient) -> None:
    """Neither by name nor by address; a container with a short name shows that Docker would tell."""
    machine = installed_machine
    image = machine.run("docker image ls --format '{{.Repository}}:{{.Tag}}' hubinstall/default").out.split()[0]
    with installed.client(machine) as ada:
        ada.login(installed.ADMIN, installed.ADMIN_PASSWORD)
        ada.start_server()
        run = "docker run --detach --rm --name jupyter-bob --network hubinstall --entrypoint sleep"
        machine.run(f"{run} {image} 300")
        names = ["jupyter-bob", "jupyter-ada", "jupyter-ada.hubinstall", "ada", *installed.container("ada").split("_")]
        try:
            said = json.loads(grace.run_cell(WHO.format(names=names), timeout=120))
        finally:
            machine.run("docker rm --force jupyter-bob")
            ada.stop_server()
    print(said)
    [by_address] = [words for asked, words in said.items() if asked.startswith("10.")]
    assert "jupyter-bob" in by_address
    assert said.keys() - {"jupyter-bob"} == {asked for asked in said if said[asked] == by_address}
