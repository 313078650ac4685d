"""The kinds of resources, one file per kind."""

from hubinstall.resources.accounts.account import Account, Group, Person
from hubinstall.resources.accounts.group_members import GroupMembers
from hubinstall.resources.accounts.host_logins import NoHostLogins, SshdDropIn
from hubinstall.resources.accounts.room import Room
from hubinstall.resources.accounts.share import Share
from hubinstall.resources.base import Resource
from hubinstall.resources.docker.image import Image, ImageRoot
from hubinstall.resources.docker.layer import ImageLayer
from hubinstall.resources.docker.live_restore import LiveRestore
from hubinstall.resources.docker.network import DockerNetwork
from hubinstall.resources.docker.pulled_image import PulledImage
from hubinstall.resources.docker.static_files import StaticFiles
from hubinstall.resources.docker.variables import DockerVariables
from hubinstall.resources.files.file import Directory, File, Link
from hubinstall.resources.files.json_keys import JsonKeys
from hubinstall.resources.files.nginx_minimums import NginxMinimums
from hubinstall.resources.files.secret import Secret
from hubinstall.resources.files.secret_copy import SecretCopy
from hubinstall.resources.files.tree import Tree
from hubinstall.resources.files.unlinked import Unlinked
from hubinstall.resources.kernel import FirewallTable, KernelSetting
from hubinstall.resources.packages.apt import Packages
from hubinstall.resources.packages.virtualenv import NodeModules, Virtualenv
from hubinstall.resources.services.database import Database
from hubinstall.resources.services.service import Service
from hubinstall.resources.services.supervisord import Supervisord
from hubinstall.resources.services.unit import UnitFile
from hubinstall.resources.tls.acme import AcmeCertificate
from hubinstall.resources.tls.authorities import Authorities
from hubinstall.resources.tls.self_signed import SelfSignedCertificate
from hubinstall.resources.tls.served import ServedCertificate

KINDS: dict[str, type[Resource]] = {
    kind.kind: kind
    for kind in (
        File,
        Directory,
        Link,
        ImageRoot,
        Image,
        PulledImage,
        ImageLayer,
        Packages,
        Group,
        Account,
        Person,
        GroupMembers,
        Room,
        NoHostLogins,
        SshdDropIn,
        JsonKeys,
        NginxMinimums,
        LiveRestore,
        DockerVariables,
        DockerNetwork,
        Service,
        Database,
        Supervisord,
        UnitFile,
        SelfSignedCertificate,
        ServedCertificate,
        AcmeCertificate,
        Authorities,
        FirewallTable,
        KernelSetting,
        Unlinked,
        Secret,
        SecretCopy,
        Share,
        Tree,
        StaticFiles,
        Virtualenv,
        NodeModules,
    )
}
"""Every kind by its name in the ledger."""
