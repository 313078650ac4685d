"""The kinds of resources. One file per kind; knows nothing of JupyterHub."""

from hubinstall.resources.accounts import Account, Group, Person
from hubinstall.resources.acme import AcmeCertificate
from hubinstall.resources.base import Resource
from hubinstall.resources.certificates import SelfSignedCertificate
from hubinstall.resources.docker import DockerNetwork, LiveRestore
from hubinstall.resources.files import Directory, File, Link
from hubinstall.resources.firewall import FirewallTable, KernelSetting
from hubinstall.resources.images import Image, ImageRoot
from hubinstall.resources.json_keys import JsonKeys
from hubinstall.resources.packages import Packages
from hubinstall.resources.pulledimages import PulledImage
from hubinstall.resources.secrets import Secret
from hubinstall.resources.served import ServedCertificate
from hubinstall.resources.services import Service
from hubinstall.resources.shares import Share
from hubinstall.resources.staticfiles import StaticFiles
from hubinstall.resources.supervisord import Supervisord
from hubinstall.resources.trees import Tree
from hubinstall.resources.units import UnitFile
from hubinstall.resources.unlinked import Unlinked
from hubinstall.resources.virtualenvs import NodeModules, Virtualenv

KINDS: dict[str, type[Resource]] = {
    kind.kind: kind
    for kind in (
        File,
        Directory,
        Link,
        ImageRoot,
        Image,
        PulledImage,
        Packages,
        Group,
        Account,
        Person,
        JsonKeys,
        LiveRestore,
        DockerNetwork,
        Service,
        Supervisord,
        UnitFile,
        SelfSignedCertificate,
        ServedCertificate,
        AcmeCertificate,
        FirewallTable,
        KernelSetting,
        Unlinked,
        Secret,
        Share,
        Tree,
        StaticFiles,
        Virtualenv,
        NodeModules,
    )
}
"""Every kind by its name in the ledger."""
