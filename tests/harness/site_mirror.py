"""A site's mirror of Python and Node packages: nginx on the test host, without TLS, as a machine's only way out.

It runs in a root directory of its own, like the site's proxy, at the address by which the machine reaches the host.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pip._internal.models.index import PyPI

from harness import beside, store
from harness.commands import kill_group
from harness.machine import Machine

PORT, ANOTHER = 3141, 3142
"""It answers at both, and the second is nobody's setting."""
INSTALL = "apt-get update -q && apt-get install -qy --no-install-recommends nginx"
CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log {folder}/access.log;
    proxy_http_version 1.1;
    proxy_ssl_server_name on;
    proxy_max_temp_file_size 0;
    sub_filter_types *;
    sub_filter_once off;
    server {{
        listen {address}:{port};
        listen {address}:{another};
{locations}
    }}
}}
"""
LOCATION = """
        location {path} {{
            proxy_pass {upstream}/;
            proxy_set_header Host {host};
            proxy_set_header Accept-Encoding "";
            sub_filter {told}/ http://{address}:{port}{stands};
        }}
"""


@dataclass(frozen=True)
class SiteMirror:
    """It runs; `folder` is its directory on the test host."""

    folder: Path
    address: str

    @property
    def index(self) -> str:
        """Of Python packages."""
        return f"http://{self.address}:{PORT}/simple"

    @property
    def registry(self) -> str:
        """Of Node packages."""
        return f"http://{self.address}:{PORT}/npm"

    def seen(self) -> list[str]:
        """The client's address and the path of each request that had an answer."""
        lines = (self.folder / "access.log").read_text().splitlines()
        rows = [line.split() for line in lines]
        return [f"{row[0]} {row[6]}" for row in rows if row[8] == "200"]


@contextlib.contextmanager
def only_way_out(machine: Machine, registry: str) -> Iterator[SiteMirror]:
    """Within the block, `machine` reaches nothing but this mirror. `registry`: npm's own."""
    root, address = beside.root_with("site-mirror", INSTALL), machine.link.host_address
    inside = f"/var/site-mirror/{machine.name}"
    folder = root / inside[1:]
    store.remove(folder)
    folder.mkdir(parents=True)
    locations = _locations(address, registry)
    text = CONFIGURATION.format(folder=inside, address=address, port=PORT, another=ANOTHER, locations=locations)
    (folder / "nginx.conf").write_text(text)
    process = beside.started(root, ["nginx", "-c", f"{inside}/nginx.conf"])
    try:
        beside.wait_until_it_listens(process, address, PORT, "nginx")
        with machine.offline():
            yield SiteMirror(folder, address)
    finally:
        kill_group(process)


def _locations(address: str, registry: str) -> str:
    """What is answered, and what of the upstream's own addresses stands in it."""
    files = f"https://{PyPI.file_storage_domain}"
    upstream = {"/simple/": (PyPI.simple_url, files, "/files/"), "/files/": (files, files, "/files/")}
    upstream["/npm/"] = (registry.rstrip("/"), registry.rstrip("/"), "/npm/")
    parts = []
    for path, (to, told, stands) in upstream.items():
        more = {"host": to.split("/")[2], "told": told, "stands": stands, "address": address, "port": PORT}
        parts.append(LOCATION.format(path=path, upstream=to.rstrip("/"), **more))
    return "".join(parts)
