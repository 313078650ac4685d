"""Accounts for people whom a sign-on from elsewhere knows: what they are called on this machine, and who makes them.

A provider's name can be any text, and can be chosen by its owner. So an account's name is made from it in a way that
gives no two of them the same account, and no path, command or file of accounts ever sees the provider's name.
"""

import asyncio
import base64
import hashlib
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from hubinstall.hubside import helper
from hubinstall.hubside.accounts import Account

LONGEST = 256
"""Characters of a provider's name; addresses have at most 254 (RFC 5321)."""
MOST = 32
"""Of an account's name: useradd(8), utmp(5)."""
_PLAIN = re.compile(r"[a-z](?:[a-z0-9_.-]{0,30}[a-z0-9])?")
_HASH = 16
"""Characters of the hash, each of 5 bits: who may choose a name cannot find one that comes out as somebody else's."""
_STEM = MOST - _HASH - 2
_HASHED = re.compile(rf"[a-z][a-z0-9_.-]{{0,{_STEM - 1}}}--[a-z2-7]{{{_HASH}}}")
_STRAY = re.compile(r"[^a-z0-9_.]+")
_NO_TEXT = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, ends of lines and paragraphs, halves of characters (Unicode's categories Cc, Zl, Zp and Cs)."""
# Names of accounts and groups that mean something on a machine: those of Debian's base-passwd, of programs in Debian
# and Ubuntu, groups that sudo and polkit know, and ours. A name that is added here gets another account.
_SYSTEM = frozenset(
    """
    root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc gnats nobody nogroup
    adm tty disk kmem dialout fax voice cdrom floppy tape sudo audio dip operator src shadow utmp video sasl plugdev
    staff users input sgx kvm render crontab netdev wheel admin administrator google-sudoers sudoers
    messagebus dbus sshd ssh ssl-cert tss polkitd uuidd ntp chrony avahi colord rtkit pulse geoclue usbmux landscape
    docker containerd lxd lxc incus incus-admin libvirt libvirtd podman kubelet
    postfix postdrop exim dovecot dovenull bind named unbound dnsmasq nginx apache apache2 httpd caddy squid
    mysql mariadb postgres redis memcache mongodb rabbitmq elasticsearch influxdb grafana prometheus
    ldap openldap sssd winbind sambashare kerberos radius ftp nfs rpc statd tcpdump wireshark vagrant ubuntu
    debian cloud-user ec2-user munin nagios zabbix snmp syslog ceph gluster slurm munge supervisor jupyter
    rstudio-server
    """.split()  # noqa: SIM905 - a list of a hundred strings would be read less well
)
_SYSTEM_BEGINS = ("hubinstall", "jupyterhub", "systemd-", "debian-", "postgresql")
UNICODE = unicodedata.ucd_3_2_0
"""One that no release of Python changes: a home goes by the name that was made with it."""

_ASKING = ThreadPoolExecutor(8, thread_name_prefix="accounts")
"""So many ask at once: a class that waits for its accounts leaves the helper room for other questions."""


async def ensure(name: str, of: str = "") -> Account:
    """The account of somebody who has just signed on, which is made if there is none. Asked at each sign-on, also if
    there is one: whether it may be theirs, only the helper knows.

    `name`: what `account_name` says for the person. `of`: what the provider calls the person, for administrators who
    read the account's comment. Raises helper.NoAccountError with words for the person, helper.TooManyError, and
    helper.UnavailableError.
    """
    await asyncio.get_running_loop().run_in_executor(_ASKING, helper.need_account, name, of)
    account = await asyncio.to_thread(Account.find, name)
    if account is None:
        raise helper.UnavailableError(f"the account {name} was made, and is not there")
    return account


def account_name(name: str) -> str:
    """The account's name for a name of the sign-on: another one for each, and the same one always.

    A name that is one of an account already stays as it is. Of every other, also if it is one of the system's, the
    readable part stays, with a hash of all of it. Letter case counts: whether a provider tells `Max` from `max` is
    for its sign-on to say, before.

    :raises ValueError: it is no name, in words.
    """
    words = _refusal(name)
    if words:
        raise ValueError(words)
    if _PLAIN.fullmatch(name) and not _is_systems(name) and not _HASHED.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode()).digest()
    return f"{_stem(name)}--{base64.b32encode(digest).decode().lower()[:_HASH]}"


def is_account_name(name: str) -> bool:
    """Whether it can be an answer of `account_name`. (It need not be the one for itself: do not ask that twice.)"""
    return bool(_HASHED.fullmatch(name) or (_PLAIN.fullmatch(name) and not _is_systems(name)))


def _refusal(name: str) -> str:
    if not isinstance(name, str):
        return "The sign-on gave a name that is no text."
    if not name.strip():
        return "The sign-on gave an empty name."
    if len(name) > LONGEST:
        return f"The sign-on gave a name of {len(name)} characters; names have at most {LONGEST}."
    if _NO_TEXT.search(name):
        return "The sign-on gave a name with control characters."
    return ""


def _is_systems(name: str) -> bool:
    return name in _SYSTEM or name.startswith(_SYSTEM_BEGINS)


def _stem(name: str) -> str:
    """What people recognize of the name: of an address what is before the @, in the letters that accounts have."""
    local = name.partition("@")[0] or name
    letters = UNICODE.normalize("NFKD", local.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    stem = _STRAY.sub("-", letters).lstrip("-._0123456789")[:_STEM].rstrip("-._")
    return stem or "user"
