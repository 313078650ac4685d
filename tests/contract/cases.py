"""All cases, by the kind that they try. A kind without a case fails a test."""

from collections.abc import Callable

from contract import docker, files, people, services, system
from contract.case import Case
from hubinstall.machine.host import Host

ANYWHERE: dict[str, Callable[[], Case]] = {
    "file": files.file,
    "directory": files.directory,
    "link": files.link,
    "tree": files.tree,
    "static-files": files.static_files,
    "secret": files.secret,
    "secret-copy": files.secret_copy,
    "json-keys": files.json_keys,
    "nginx-minimums": files.nginx_minimums,
    "unlinked": files.unlinked,
    "group": people.group,
    "account": people.account,
    "person": people.person,
    "group-members": people.group_members,
    "room": people.room,
    "no-host-logins": people.no_host_logins,
    "sshd-drop-in": people.sshd_drop_in,
    "share": people.share,
    "database": services.database,
    "packages": system.packages,
    "self-signed-certificate": system.certificate,
    "served-certificate": system.served_certificate,
    "acme-certificate": system.acme_certificate,
    "firewall-table": system.firewall_table,
    "kernel-setting": system.kernel_setting,
    "virtualenv": system.virtualenv,
    "node-modules": system.node_modules,
    "image-root": docker.image_root,
    "image": docker.image,
    "pulled-image": docker.pulled_image,
    "docker-network": docker.network,
    "docker-setting": docker.live_restore,
    "docker-variables": docker.variables,
    "authorities": system.authorities,
}


def under(manager: str) -> dict[str, Callable[[Host], Case]]:
    """Kind → what makes its case on a host under this process manager; supervisord, which stops much, is the last."""
    all_: dict[str, Callable[[Host], Case]] = {kind: _of_any_host(make) for kind, make in ANYWHERE.items()}
    all_["image-layer"] = docker.layer
    all_["service"] = lambda _: services.service(manager)
    if manager == "systemd":
        return all_ | {"unit": _of_any_host(services.unit)}
    return all_ | {"supervisord": services.supervisord}


def _of_any_host(make: Callable[[], Case]) -> Callable[[Host], Case]:
    return lambda _: make()
