"""The second nginx, for --address=behind. It runs on the test host, at the address by which machines reach it, so that
it stays when a machine is shut down. Its configuration is the output of the hub's `config proxy-snippet nginx`. Its
programs are in a root directory of their own, which is built once, so that the test host needs no package.
"""

import re
import subprocess
from pathlib import Path

from harness import beside
from harness.commands import execute, kill_group
from harness.machine import Machine

NAME = "hub.example.org"
"""The name that the snippet uses if no domain is set."""
INSTALL = f"""set -e
apt-get update -q && apt-get install -qy --no-install-recommends nginx-light openssl
openssl req -x509 -newkey rsa:2048 -nodes -keyout /etc/ssl/private/{NAME}.key -out /etc/ssl/certs/{NAME}.pem \
    -subj /CN={NAME} -days 3650
"""
MAIN = """user www-data;
pid {0}/pid;
error_log {0}/error.log;
events {{}}
http {{ access_log off; include {0}/site; }}
"""

_standing: dict[Machine, "subprocess.Popen[bytes]"] = {}


def stand_before(machine: Machine) -> None:
    """Start one for a machine where hubinstall is installed; only once. It ends with the machine."""
    if machine in _standing:
        return
    root, folder = _root(), f"/etc/front/{machine.name}"
    address = machine.link.host_address
    there = root / folder[1:]
    there.mkdir(parents=True, exist_ok=True)
    snippet = machine.run(["hubinstall", "config", "proxy-snippet", "nginx"]).out
    (there / "site").write_text(listening_at(address, snippet))
    (there / "nginx.conf").write_text(MAIN.format(folder))
    nginx = ["chroot", str(root), "nginx", "-c", f"{folder}/nginx.conf"]
    execute([*nginx, "-t", "-q"])
    # Its workers end with it, and it ends with us.
    alone = ["setpriv", "--pdeathsig=KILL", "unshare", "--fork", "--pid", "--kill-child"]
    process = subprocess.Popen([*alone, *nginx, "-g", "daemon off;"], start_new_session=True)
    _standing[machine] = process
    machine.beside.callback(_end, machine)
    beside.wait_until_it_listens(process, address, 443, "the web server in front")


def _end(machine: Machine) -> None:
    kill_group(_standing.pop(machine))


def listening_at(address: str, snippet: str) -> str:
    """The snippet, listening on one address: other machines use the other addresses of this test host."""
    only_one = re.sub(r"(?m)^ *listen \[::\].*\n", "", snippet)
    return re.sub(r"(?m)^( *listen )(\d)", rf"\g<1>{address}:\2", only_one)


def _root() -> Path:
    """A Debian with nginx and a certificate."""
    return beside.root_with("front", INSTALL)
