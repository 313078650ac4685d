"""The distribution's packages that everything else builds on, and what apt may start on the way."""

from hubinstall import layout
from hubinstall.blueprint.templating import render
from hubinstall.machine.facts import Facts
from hubinstall.machine.releases import release
from hubinstall.resources.base import Resource, id_of, ids
from hubinstall.resources.docker.static_files import BROTLI
from hubinstall.resources.files.file import File
from hubinstall.resources.packages.apt import Packages

# mmdebstrap builds the image's root; kmod loads br_netfilter; python3-venv is bootstrap's.
BASE = (
    "ca-certificates", "iproute2", "kmod", "mmdebstrap", "nftables", "openssl", "procps", "python3", "python3-venv",
)  # fmt: skip
BASE_PACKAGES, NGINX_PACKAGES = id_of(Packages, "base"), id_of(Packages, "nginx")
"""Ids, for what needs them."""


def base(facts: Facts) -> list[Resource]:
    """Where PID 1 is not systemd a package's script must not start what supervisor is going to run."""
    policy: list[Resource] = []
    if facts.manager == "supervisor" and not facts.foreign_service_policy:
        # Docker's launcher mounts control groups itself, where they are not; the package's own try fails elsewhere.
        mounts = release(facts.distribution, facts.version).cgroup_mounts
        services = (layout.CONTAINERD_SERVICE, layout.DOCKER_SERVICE, layout.NGINX_SERVICE, *mounts)
        policy = [File(layout.POLICY_RC_D, render("templates/policy-rc.d", services=services), mode="0755")]
    packages = Packages("base", BASE, needs=ids(*policy))
    brotli = release(facts.distribution, facts.version).brotli if BROTLI in facts.nginx_encodings else ()
    return [*policy, packages, Packages("nginx", ("nginx", *brotli), needs=ids(packages))]
