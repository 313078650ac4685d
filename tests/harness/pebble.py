"""Pebble, Let's Encrypt's small authority for tests, on a test machine, with a DNS server that tests configure.

It forgets its certificates and accounts when it stops.
"""

import contextlib
import json
from collections.abc import Iterator

from harness.clock import DAY
from harness.machine import Machine

SERVER = "https://localhost:14000/dir"
ELSEWHERE = "authority.example"
"""Another name in its certificate, for a machine that cannot resolve it."""
FROM_ELSEWHERE = f"https://{ELSEWHERE}:14000/dir"
FOLDER = "/root/pebble"
CONFIG = {
    "listenAddress": "0.0.0.0:14000", "managementListenAddress": "127.0.0.1:15000",
    "certificate": f"{FOLDER}/server.pem", "privateKey": f"{FOLDER}/server.key", "httpPort": 80, "tlsPort": 443,
    "ocspResponderURL": "", "externalAccountBindingRequired": False,
}  # fmt: skip
# The machine learns the root certificate of pebble's own https in the way in which an administrator would install it.
# Since 3.13 Python trusts a root only if it fulfils RFC 5280 (docs.python.org, ssl.create_default_context).
SET_UP = f"""set -e
apt-get update -q && apt-get install -qy --no-install-recommends pebble
cd {FOLDER}
new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
openssl req -x509 $new -days 3650 -subj '/CN=the site' -addext basicConstraints=critical,CA:TRUE \
    -addext keyUsage=critical,keyCertSign -keyout root.key -out root.pem
openssl req -new $new -subj /CN=localhost -keyout server.key -out server.csr
printf '%s\n' subjectAltName=DNS:localhost,DNS:{ELSEWHERE},IP:127.0.0.1 authorityKeyIdentifier=keyid >names
openssl x509 -req -in server.csr -CA root.pem -CAkey root.key -CAcreateserial -days 3650 -extfile names -out server.pem
cp root.pem /usr/local/share/ca-certificates/the-site.crt
update-ca-certificates
"""
UP = "for i in $(seq 1200); do curl -sf {} >/dev/null && exit; sleep 0.1; done; exit 1"
GONE = "pkill -x pebble; for i in $(seq 1200); do curl -s {} >/dev/null || exit 0; sleep 0.1; done; exit 1"
MANAGEMENT = "http://127.0.0.1:8055"


def set_up(machine: Machine) -> str:
    """Everything but the running programs. Returns the certificate that its own https is from, as PEM."""
    machine.run(f"mkdir -p {FOLDER}")
    machine.run(SET_UP, timeout=600)
    return machine.read(f"{FOLDER}/root.pem")


@contextlib.contextmanager
def names(machine: Machine) -> Iterator[None]:
    """The DNS server that pebble asks. It knows no names at first."""
    flags = "-defaultIPv4 '' -defaultIPv6 '' -http01 '' -https01 '' -tlsalpn01 '' -dns01 127.0.0.1:8053"
    with machine.background(f"exec pebble-challtestsrv {flags} -management 127.0.0.1:8055 >{FOLDER}/names.log 2>&1"):
        machine.run("for i in $(seq 1200); do curl -s " + MANAGEMENT + " >/dev/null && exit; sleep 0.1; done; exit 1")
        yield
        machine.run("pkill -f '^pebble-challtestsrv'")


def tell(machine: Machine, name: str) -> None:
    """From now on `name` resolves to this machine, for pebble and for the machine itself."""
    said = json.dumps({"host": name, "addresses": [machine.address]})
    machine.run(["curl", "-sf", "-d", said, f"{MANAGEMENT}/add-a"])
    machine.run(f"echo '{machine.address} {name}' >>/etc/hosts")


@contextlib.contextmanager
def running(machine: Machine, lifetime: int = 1825) -> Iterator[None]:
    """Run pebble within the block; its certificates are valid for `lifetime` days."""
    config = {"pebble": CONFIG | {"certificateValidityPeriod": lifetime * DAY}}
    machine.write(f"{FOLDER}/config.json", json.dumps(config))
    env = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
    command = f"exec pebble -config {FOLDER}/config.json -dnsserver 127.0.0.1:8053 >{FOLDER}/log 2>&1"
    with machine.background(command, env=env):
        machine.run(UP.format(SERVER))
        yield
    machine.run(GONE.format(SERVER), check=False)
