"""Log in with the password of an LDAP directory, over TLS, if config.yaml or a group there lets the person in.

The names, the lookup and the bind are ldapauthenticator's. Added here: the certificate is checked, no question waits
without end or holds the hub, what the directory calls the person counts (not what was typed), and groups are asked
again while people work. Sources: RFC 4511 to 4515.
"""

import asyncio
import re
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ldap3
from ldap3.core.exceptions import LDAPBindError, LDAPException
from ldap3.utils.conv import escape_filter_chars
from ldapauthenticator import LDAPAuthenticator
from ldapauthenticator.ldapauthenticator import TlsStrategy
from tornado.web import HTTPError

from hubinstall import layout
from hubinstall.hubside.password_login import PasswordLogin
from hubinstall.hubside.rights import Vouched
from hubinstall.hubside.seen import DepartedError, GoneError, UnaskableError

PATIENCE = 5
"""Seconds for a connection, and for an answer."""
THREADS = 16
IDS = ("entryUUID", "objectGUID", "nsUniqueId", "ipaUniqueID", "GUID")
"""Where directories put the ID of a person that never becomes somebody else's."""
NOT_THERE = 32
ANSWERS = frozenset({0, NOT_THERE, 50})
"""success, noSuchObject, insufficientAccessRights (RFC 4511, 4.1.9)."""
AWAY = ("busy", "unavailable", "timeLimit", "adminLimit")
"""What a directory says of itself, not of a password."""
KEPT = "ldap"
"""The key of what is kept of a person."""


class CheckedTls(ldap3.Tls):  # type: ignore[misc]  # ldap3 has no types
    """TLS as Python makes it. ldap3's own compares no addresses with a certificate from Python 3.12 on."""

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:  # noqa: ARG002 - ldap3's
        context = ssl.create_default_context(cafile=layout.TRUST_STORE)
        connection.socket = context.wrap_socket(connection.socket, server_hostname=connection.server.host)


@dataclass(frozen=True)
class Found:
    """A person of the directory. `told`: the name there. `subject`: the ID, or empty. `groups`: those of config.yaml
    that have the person. `askable`: whether they can be asked for without the person's password.
    """

    dn: str
    told: str
    subject: str
    groups: tuple[str, ...]
    askable: bool


class LdapAuthenticator(PasswordLogin, LDAPAuthenticator):  # type: ignore[misc]  # JupyterHub has no types
    asks_by_itself = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.executor = ThreadPoolExecutor(THREADS, thread_name_prefix="ldap")
        self.opened = threading.local()
        options = self.hub_settings.sign_on.options
        self.admin_dns, self.allowed_dns = tuple(options["admin_groups"]), tuple(options["allowed_groups"])
        self.whose_passwords = f"Use the user name and the password of {self.called}."
        server = urlsplit(options["server"])
        self.server_address, self.server_port = server.hostname or "", server.port or 0
        self.tls_strategy = TlsStrategy.on_connect if server.scheme == "ldaps" else TlsStrategy.before_bind
        if not options["tls"]:
            self.tls_strategy = TlsStrategy.insecure
        if not server.port:
            self.server_port = self._server_port_default()
        # What was typed is escaped where it goes; the directory says how the name is written.
        self.valid_username_regex = r"^[^\x00-\x1f\x7f]{1,256}$"
        self.user_attribute = self.lookup_dn_user_dn_attribute = options["username_attribute"]
        self.use_lookup_dn_username = True
        if options["bind_dn_template"]:
            self.bind_dn_template = list(options["bind_dn_template"])
        else:
            self.user_search_base = options["search_base"]
            self.lookup_dn_search_filter = options["search_filter"].replace("{username}", "{login}")
            self.lookup_dn_search_user = options["bind_dn"] or None
            self.lookup_dn = True

    @property
    def called(self) -> str:
        return str(self.hub_settings.sign_on.title)

    # -- what ldapauthenticator calls ------------------------------------------------------------------------

    def get_connection(self, userdn: str | None, password: str | None) -> Any:
        """None if the directory refuses the password. Raises LDAPException if it does not answer, or not as itself."""
        server = ldap3.Server(
            self.server_address, port=self.server_port, use_ssl=self.tls_strategy == TlsStrategy.on_connect,
            tls=CheckedTls(), connect_timeout=PATIENCE, get_info=ldap3.NONE,
        )  # fmt: skip
        starts = self.tls_strategy == TlsStrategy.before_bind
        try:
            connection = ldap3.Connection(
                server, user=userdn or None, password=password or None, receive_timeout=PATIENCE, check_names=False,
                auto_bind=ldap3.AUTO_BIND_TLS_BEFORE_BIND if starts else ldap3.AUTO_BIND_NO_TLS, auto_referrals=False,
            )  # fmt: skip
        except LDAPBindError as error:
            known = bool(userdn) and userdn == self.lookup_dn_search_user
            if known or any(word in str(error) for word in AWAY):
                raise
            self.log.info("The directory refuses %s: %s", userdn or "an anonymous bind", error)
            return None
        self.opened.connections.append(connection)
        return connection

    def get_user_attributes(self, conn: Any, userdn: str) -> dict[str, Any]:
        """What is kept of the person; ldapauthenticator passes it on as the state."""
        return {"found": self._found(conn, userdn)}

    # -- signing on ------------------------------------------------------------------------------------------

    async def checked(self, name: str, password: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = await self._in_thread(self._checked, name, password)
        return found

    def _checked(self, name: str, password: str) -> dict[str, Any] | None:
        self.lookup_dn_search_password = bind_password()
        model = asyncio.run(LDAPAuthenticator.authenticate(self, None, {"username": name, "password": password}))
        if model is None:
            return None
        found: Found = model["auth_state"]["user_attributes"]["found"]
        # A template says nothing of how the name is written, and not everybody may read their own entry.
        told = found.told or str(model["name"])
        account = self.account_of(told.lower(), found.subject)
        return {"name": account, "auth_state": {KEPT: {**vars(found), "told": told}}}

    def told_name(self, model: dict[str, Any]) -> str:
        return str(model["auth_state"][KEPT]["told"]).lower()

    def subject(self, model: dict[str, Any]) -> str:
        return str(((model.get("auth_state") or {}).get(KEPT) or {}).get("subject", ""))

    async def vouched_by(self, model: dict[str, Any]) -> Vouched:
        groups = {*model["auth_state"][KEPT]["groups"]}
        return Vouched(bool(groups & {*self.allowed_dns}), bool(groups & {*self.admin_dns}))

    # -- asking again ----------------------------------------------------------------------------------------

    async def _ask(self, user: Any, state: dict[str, Any]) -> dict[str, Any] | None:
        kept = state.get(KEPT)
        if not kept or not kept["askable"]:
            raise UnaskableError
        now = await self._in_thread(self._again, kept)
        return {"name": user.name, "auth_state": {KEPT: {**kept, "groups": now}}}

    def _again(self, kept: dict[str, Any]) -> tuple[str, ...]:
        """The groups of somebody who has signed on before. Raises GoneError, DepartedError if there is no such entry,
        and OSError if nothing can be said.
        """
        self.lookup_dn_search_password = bind_password()
        asker = self._asker()
        if asker is None:
            raise OSError("the directory answers nobody without a password")
        if not self._is_there(asker, kept["dn"], kept["told"]):
            raise DepartedError if self._has_no_entry(asker, kept["dn"], kept["told"]) else GoneError
        return self._groups(asker, kept["dn"], kept["told"])

    def _found(self, conn: Any, dn: str) -> Found:
        """`conn`: as the person."""
        entry = read(conn, dn, [self.user_attribute, *IDS])
        told = next(iter(entry.get(self.user_attribute, [])), "")
        subject = next((entry[name][0] for name in IDS if entry.get(name)), "")
        asker, groups = self._asker(), self._groups(conn, dn, told)
        if asker and self.lookup_dn_search_user:
            return Found(dn, told, subject, self._groups(asker, dn, told), askable=True)
        askable = bool(asker and self._is_there(asker, dn, told) and self._groups(asker, dn, told) == groups)
        return Found(dn, told, subject, groups, askable=askable)

    def _asker(self) -> Any:
        """A connection without the person's password: with that of config.yaml, or none."""
        return self.get_connection(self.lookup_dn_search_user, self.lookup_dn_search_password)

    def _is_there(self, conn: Any, dn: str, told: str) -> bool:
        """Whether the directory still lets the person in: the filter may leave out who has ended."""
        if not self.lookup_dn:
            return bool(read(conn, dn, ["objectClass"]))
        wanted = self.lookup_dn_search_filter.format(login_attr=self.user_attribute, login=escape_filter_chars(told))
        search(conn, self.user_search_base, wanted, [self.user_attribute], scope=ldap3.SUBTREE)
        return [entry.entry_dn.lower() for entry in conn.entries] == [dn.lower()]

    def _has_no_entry(self, conn: Any, dn: str, told: str) -> bool:
        """Whether the directory has the place of the person's entry, but no entry, there or elsewhere. No if it only
        does not show it: the filter may leave out who is on leave, and one that was just set up again has nobody.
        """
        if search(conn, dn, "(objectClass=*)", ["objectClass"]) or conn.result["result"] != NOT_THERE:
            return False
        above = self.user_search_base if self.lookup_dn else re.split(r"(?<!\\),", dn, maxsplit=1)[-1]
        if self.lookup_dn:
            named = f"({self.user_attribute}={escape_filter_chars(told)})"
            if search(conn, above, named, [self.user_attribute], scope=ldap3.SUBTREE):
                return False
        return bool(read(conn, above, ["objectClass"]))

    def _groups(self, conn: Any, dn: str, told: str) -> tuple[str, ...]:
        wanted = self.group_search_filter.format(userdn=escape_filter_chars(dn), uid=escape_filter_chars(told))
        groups = dict.fromkeys((*self.admin_dns, *self.allowed_dns))
        return tuple(group for group in groups if search(conn, group, wanted, ["objectClass"]))

    async def _in_thread(self, ask: Any, *arguments: Any) -> Any:
        """Raises HTTPError 503 in words if the directory does not answer."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self.executor, self._closing, ask, *arguments)
        except (LDAPException, OSError) as error:
            self.log.warning("The directory at %s cannot be used now: %s", self.server_address, error)
            words = f"{self.called} does not answer, so nobody can log in. Try again in a minute."
            raise HTTPError(503, words) from error

    def _closing(self, ask: Any, *arguments: Any) -> Any:
        """No connection stays open."""
        self.opened.connections = []
        try:
            return ask(*arguments)
        finally:
            for connection in self.opened.connections:
                connection.unbind()


def bind_password() -> str | None:
    """That of config.yaml's bind_dn, read each time: a new one needs no restart of the hub."""
    try:
        return Path(layout.SIGN_ON_SECRET).read_text(encoding="utf-8").strip("\r\n")
    except FileNotFoundError:
        return None


def read(conn: Any, dn: str, attributes: list[str]) -> dict[str, list[str]]:
    """The entry's attributes as text; empty if it is not there, or may not be read."""
    if not search(conn, dn, "(objectClass=*)", attributes):
        return {}
    raw = next(row["raw_attributes"] for row in conn.response if row["type"] == "searchResEntry")
    return {name: [as_text(value) for value in values] for name, values in raw.items()}


def search(conn: Any, base: str, wanted: str, attributes: list[str], scope: str = ldap3.BASE) -> bool:
    """Raises OSError if the directory could not say. (An entry that is not there, or is hidden, is an answer.)"""
    conn.search(base, wanted, search_scope=scope, attributes=attributes)
    found = bool(conn.entries)
    if not found and conn.result["result"] not in ANSWERS:
        raise OSError(f"the directory answers {conn.result['description']}")
    return found


def as_text(value: bytes) -> str:
    """IDs of Active Directory are bytes."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()
