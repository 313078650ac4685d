"""A site's forward proxy that inspects TLS: squid, with an authority of its own, as a machine's only way out.

It runs on the test host, at the address by which the machine reaches it, in a root directory of its own, which is built
once: the test host needs no package and keeps its own configuration.
"""

import contextlib
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness import beside, store
from harness.commands import execute, kill_group
from harness.machine import Machine

PORT, PORT_WITH_LOGIN = 3128, 3129
USER, PASSWORD = "site", "s3cret%25"
"""As they are written in a URL: the password is `s3cret%`."""
# Since 3.13 Python trusts a root only if it fulfils RFC 5280 (docs.python.org, ssl.create_default_context).
INSTALL = """set -e
apt-get update -q && apt-get install -qy --no-install-recommends squid-openssl openssl
cd /etc/squid
openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=The site inspects' -keyout ca.key -out ca.pem \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
cat ca.key >>ca.pem
chmod 0644 ca.pem
echo "site:$(openssl passwd -apr1 's3cret%')" >passwords
"""
CONFIGURATION = """
http_port {address}:3128 ssl-bump tls-cert={folder}/ca.pem generate-host-certificates=on
http_port {address}:3129 ssl-bump tls-cert={folder}/ca.pem generate-host-certificates=on
sslcrtd_program /usr/lib/squid/security_file_certgen -s {folder}/issued -M 4MB
acl hello at_step SslBump1
ssl_bump peek hello
ssl_bump bump all
tls_outgoing_options cafile={folder}/trusted.pem
auth_param basic program /usr/lib/squid/basic_ncsa_auth /etc/squid/passwords
acl at_the_guarded_port localport 3129
acl known proxy_auth REQUIRED
http_access deny at_the_guarded_port !known
http_access allow all
cache deny all
cache_log {folder}/cache.log
access_log stdio:{folder}/access.log
pid_filename {folder}/pid
coredump_dir {folder}
shutdown_lifetime 0 seconds
"""


@dataclass(frozen=True)
class SiteProxy:
    """It runs; `folder` is its directory on the test host."""

    folder: Path
    address: str

    @property
    def url(self) -> str:
        return f"http://{self.address}:{PORT}"

    @property
    def url_with_login(self) -> str:
        return f"http://{USER}:{PASSWORD}@{self.address}:{PORT_WITH_LOGIN}"

    @property
    def authority(self) -> str:
        """The certificate of its authority, as PEM."""
        pem = (self.folder / "ca.pem").read_text()
        return pem[pem.index("-----BEGIN CERTIFICATE") :]

    def seen(self) -> list[str]:
        """What went through it: the client's address, the method and the URL of each request."""
        lines = (self.folder / "access.log").read_text().splitlines() if (self.folder / "access.log").exists() else []
        rows = [line.split() for line in lines]
        # A connection without a request, such as ours at its start, is in the log too.
        return [f"{row[2]} {row[5]} {row[6]}" for row in rows if len(row) > 6 and not row[6].startswith("error:")]

    def hosts(self) -> set[str]:
        """The names and addresses that were asked for."""
        urls = [line.split()[2] for line in self.seen()]
        return {re.sub(r"^\w+://|[/:].*$", "", re.sub(r"^\w+://", "", url)) for url in urls}


@contextlib.contextmanager
def only_way_out(machine: Machine, *, knows: Mapping[str, str] | None = None, trusts: str = "") -> Iterator[SiteProxy]:
    """Within the block, `machine` reaches nothing but this proxy: no name server either. `knows`: names that the
    proxy alone resolves, with their addresses; `trusts`: PEM certificates of authorities beside the public ones.
    """
    with standing(machine, knows or {}, trusts) as proxy, machine.offline():
        yield proxy


@contextlib.contextmanager
def standing(machine: Machine, knows: Mapping[str, str], trusts: str) -> Iterator[SiteProxy]:
    root, address = _root(), machine.link.host_address
    inside = f"/var/site-proxy/{machine.name}"
    folder = root / inside[1:]
    store.remove(folder)
    folder.mkdir(parents=True)
    shutil.copy(root / "etc/squid/ca.pem", folder)
    (folder / "trusted.pem").write_text(Path(root, "etc/ssl/certs/ca-certificates.crt").read_text() + trusts)
    (folder / "squid.conf").write_text(CONFIGURATION.format(address=address, folder=inside))
    enter = ["chroot", str(root)]
    execute([*enter, "/usr/lib/squid/security_file_certgen", "-c", "-s", f"{inside}/issued", "-M", "4MB"])
    execute([*enter, "chown", "-R", "proxy:", inside])
    process = beside.started(root, ["squid", "-N", "-f", f"{inside}/squid.conf"], knows)
    try:
        beside.wait_until_it_listens(process, address, PORT, "squid")
        yield SiteProxy(folder, address)
    finally:
        kill_group(process)


def _root() -> Path:
    """A Debian with squid, its authority and one person who may use it."""
    return beside.root_with("site-proxy", INSTALL)
