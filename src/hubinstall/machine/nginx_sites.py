"""The nginx sites on this machine that are not ours: they are the administrator's and are never touched."""

import hashlib
import re
from dataclasses import dataclass

from hubinstall import layout
from hubinstall.machine.host import Host

DPKG_STATUS = "/var/lib/dpkg/status"


@dataclass(frozen=True)
class Sites:
    """`ports`: the TCP ports on which others' sites listen. `defaults`: those on which one is default_server."""

    ports: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    keeps_default_site: bool = False
    """The distribution's default site is enabled and was modified: it is the administrator's now."""


def others_sites(host: Host) -> Sites:
    """Read the files that the distribution's nginx.conf includes, without ours and the unmodified default site."""
    keeps_default_site = host.exists(layout.NGINX_DEFAULT_SITE) and not default_site_is_untouched(host)
    ports: set[str] = set()
    defaults: set[str] = set()
    for path in site_files(host):
        if path == layout.NGINX_DEFAULT_SITE and not keeps_default_site:
            continue
        for port, is_default in listens(host.text(path)):
            ports |= {port}
            defaults |= {port} if is_default else set()
    return Sites(tuple(sorted(ports, key=int)), tuple(sorted(defaults, key=int)), keeps_default_site)


def site_files(host: Host) -> list[str]:
    """The files that Debian's nginx.conf includes: conf.d/*.conf, sites-enabled/*."""
    conf_d, enabled = f"{layout.NGINX_DIR}/conf.d", f"{layout.NGINX_DIR}/sites-enabled"
    files = [f"{conf_d}/{n}" for n in host.names(conf_d) if n.endswith(".conf") and not n.startswith(".")]
    files += [f"{enabled}/{n}" for n in host.names(enabled) if not n.startswith(".")]
    return [path for path in files if path != layout.NGINX_SITE]


def reads_our_folder(host: Host, pid: int) -> bool:
    """Whether a running nginx also serves our site, no matter who started it: it is the distribution's, runs on this
    machine (not in a container on its network), and has no other configuration (`-c`, `-p`).
    """
    program, space = host.stat(f"/proc/{pid}/exe"), host.stat(f"/proc/{pid}/ns/pid")
    here = host.stat("/proc/self/ns/pid")
    if program and program.target.removesuffix(" (deleted)") != layout.NGINX_PROGRAM:
        return False
    if space and here and space.target != here.target:
        return False
    parent = re.search(r"^PPid:\s+(\d+)", host.text(f"/proc/{pid}/status"), re.MULTILINE)
    titles = [host.text(f"/proc/{number}/cmdline") for number in (pid, parent[1] if parent else 0)]
    # nginx's processes overwrite their arguments with a title, in which spaces separate the words.
    words = [word for title in titles if "nginx" in title for word in re.split(r"[\0 ]", title)]
    return not {"-c", "-p"} & set(words)


def listens(text: str) -> list[tuple[str, bool]]:
    """(port, is default_server) of every `listen` on TCP in a configuration."""
    found = []
    for words in re.findall(r"(?:^|[;{}\s])listen\s+([^;{}]+);", re.sub(r"(^|\s)#.*", "", text)):
        where, *options = words.split()
        port = re.search(r"(?:^|:)(\d+)$", where)
        if not where.startswith("unix:"):
            found.append((port[1] if port else "80", "default_server" in options or "default" in options))
    return found


def default_site_is_untouched(host: Host) -> bool:
    """Whether the link points to the distribution's file, and that file is as dpkg installed it."""
    link = host.stat(layout.NGINX_DEFAULT_SITE)
    if link is None or link.target not in {layout.NGINX_DEFAULT_SITE_FILE, "../sites-available/default"}:
        return False
    content = host.read(layout.NGINX_DEFAULT_SITE_FILE) or b""
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()  # as dpkg records it (deb-conffiles, dpkg-query(1))
    return f"\n {layout.NGINX_DEFAULT_SITE_FILE} {md5}" in host.text(DPKG_STATUS)
