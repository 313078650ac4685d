"""The distribution's packages that everything else needs, and what apt may start when it installs them."""

from hubinstall import layout
from hubinstall.blueprint.templating import render
from hubinstall.machine.facts import Facts
from hubinstall.machine.releases import release
from hubinstall.resources.base import Resource, id_of, ids
from hubinstall.resources.docker.static_files import BROTLI
from hubinstall.resources.files.file import File
from hubinstall.resources.packages.apt import Packages

# mmdebstrap builds the image's root file system, zstd packs the copy of the image; kmod loads br_netfilter; bootstrap
# needs python3-venv.
BASE = (
    "ca-certificates", "iproute2", "kmod", "mmdebstrap", "nftables", "openssl", "procps", "python3", "python3-venv",
    "zstd",
)  # fmt: skip
BASE_PACKAGES, NGINX_PACKAGES = id_of(Packages, "base"), id_of(Packages, "nginx")
"""The ids, for the resources that need them."""


def base(facts: Facts, needs: tuple[str, ...] = ()) -> list[Resource]:
    """If PID 1 is not systemd, a package's script must not start a service that supervisor will run. `needs`: what apt
    needs first.
    """
    policy: list[Resource] = []
    if facts.manager == "supervisor" and not facts.foreign_service_policy:
        # Docker's launcher mounts missing control groups itself; the package's own attempt would fail on some machines.
        mounts = release(facts.distribution, facts.version).cgroup_mounts
        services = (layout.CONTAINERD_SERVICE, layout.DOCKER_SERVICE, layout.NGINX_SERVICE, *mounts)
        policy = [File(layout.POLICY_RC_D, render("templates/policy-rc.d", services=services), mode="0755")]
    packages = Packages("base", BASE, needs=ids(*policy, *needs))
    brotli = release(facts.distribution, facts.version).brotli if BROTLI in facts.nginx_encodings else ()
    return [*policy, packages, Packages("nginx", ("nginx", *brotli), needs=ids(packages))]
