"""What people read instead of a step's id, without paths. Steps with the same words are one group."""

from hubinstall import layout
from hubinstall.resources.base import Change

_FILES = "writing configuration files"
_CERTIFICATE = "installing the certificate"
KINDS = {
    **dict.fromkeys(
        (
            "file",
            "directory",
            "link",
            "json-keys",
            "nginx-minimums",
            "unit",
            "tree",
            "unlinked",
            "secret",
            "secret-copy",
            "docker-variables",
            "sshd-drop-in",
        ),
        _FILES,
    ),
    **dict.fromkeys(("account", "group"), "creating service accounts"),
    **dict.fromkeys(("person", "no-host-logins"), "creating people's accounts"),
    **dict.fromkeys(("self-signed-certificate", "served-certificate"), _CERTIFICATE),
    "acme-certificate": "requesting a certificate",
    "packages": "installing packages of the distribution",
    "virtualenv": "installing programs from PyPI",
    "node-modules": "installing the proxy",
    "image-root": "assembling the base of the user image",
    "image": "building the user image",
    "image-layer": "adding packages to the user image",
    "pulled-image": "pulling the user image",
    "static-files": "preparing files that nginx serves",
    "docker-network": "creating the network of the user servers",
    "docker-setting": "writing Docker's settings",
    "authorities": "trusting the site's own certificates",
    "firewall-table": "loading the firewall",
    "kernel-setting": "setting kernel parameters",
    "room": "creating accounts for rooms",
    "share": "making links to shared folders",
    "group-members": "making the groups of courses",
    "service": "starting the services",
    "database": "upgrading the hub's database",
    "supervisord": "starting the services",
}
"""Kind → words."""
PROGRAMS = {
    "hub": "installing JupyterHub",
    "node": "installing Node.js",
    "certbot": "installing Certbot",
}
"""The name of a virtualenv's directory, without its digest → words."""
SERVICES = {
    layout.HUB_SERVICE: "the hub",
    layout.PROXY_SERVICE: "the proxy",
    layout.DOCKER_SERVICE: "Docker",
    layout.FIREWALL_SERVICE: "the firewall",
    layout.BROKER_SERVICE: "the broker before Docker",
    layout.ACCOUNTS_SERVICE: "the accounts helper",
}


def words(change: Change) -> str:
    kind, name = type(change.resource).kind, change.resource.name
    if change.verb == "remove":
        return removing(_making(kind, name))
    if kind == "service" and change.verb == "change":
        return f"restarting {SERVICES.get(name, name)}" if name != layout.NGINX_SERVICE else "reloading nginx"
    return _making(kind, name)


def removing(made: str) -> str:
    """`installing JupyterHub` → `removing JupyterHub`."""
    verb, _, thing = made.partition(" ")
    return f"{'stopping' if verb == 'starting' else 'removing'} {thing}"


def _making(kind: str, name: str) -> str:
    if kind == "virtualenv":
        return PROGRAMS.get(name.rpartition("/")[2].rpartition("-")[0], KINDS[kind])
    return KINDS.get(kind, f"preparing {kind}")
