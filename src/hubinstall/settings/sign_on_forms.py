"""`auth`: what is set of the sign-ons that have the hub's own form and somebody else's passwords."""

from urllib.parse import urlsplit

from pydantic import Field

from hubinstall.settings.section import Conflict, Section, repeats
from hubinstall.settings.types import Attribute, DnTemplate, EntryName, EntryNames, FilePath, LdapServer, PersonFilter
from hubinstall.settings.types import Title as TitleText
from hubinstall.settings.values.directory import WHO


class Ldap(Section):
    server: LdapServer | None = Field(
        None,
        description="The directory: `ldaps://NAME` (TLS from the start, port 636) or `ldap://NAME` (port 389, where TLS"
        " begins before any password is sent). Its certificate must be trusted by this machine, or by"
        " `network.ca_bundle`.",
        examples=["ldaps://ldap.example.org"],
    )
    tls: bool = Field(
        True,
        description="False: with `ldap://`, everything goes over the network as it is typed, passwords too.",
    )
    bind_dn_template: DnTemplate | None = Field(
        None,
        description=f"The entry of a person, with `{WHO}` for the name that is typed. If people are in several places,"
        " or not everybody there may log in, use `search_base` instead.",
        examples=[f"uid={WHO},ou=people,dc=example,dc=org"],
    )
    search_base: EntryName | None = Field(
        None, description="Where people are searched, at any depth.", examples=["ou=people,dc=example,dc=org"]
    )
    search_filter: PersonFilter | None = Field(
        None,
        description="Which entry below `search_base` is the person's; exactly one must fit. Who does not fit any more"
        f" is signed out. Default: `(uid={WHO})`, with `username_attribute`.",
        examples=[f"(&(objectClass=person)(uid={WHO}))"],
    )
    username_attribute: Attribute = Field(
        "uid",
        description="The attribute with a person's name, which the account here is called by, in small letters. Active"
        " Directory: `sAMAccountName`.",
        examples=["sAMAccountName"],
    )
    bind_dn: EntryName | None = Field(
        None,
        description="Who searches, and asks for groups while people work. Default: nobody, if the directory answers"
        " without a password.",
        examples=["cn=hub,ou=services,dc=example,dc=org"],
    )
    bind_password_file: FilePath | None = Field(
        None,
        description="A file with the password of `bind_dn`, on one line; root's, with mode 0600. It is copied to where"
        " only the hub reads it.",
        examples=["/etc/jupyterhub-ldap-password"],
    )
    admin_groups: EntryNames = Field(
        (),
        description="Groups of the directory (DN) whose members are administrators of the hub, and may log in. Who"
        " leaves the group loses the right within a minute.",
        examples=[["cn=hub-admins,ou=groups,dc=example,dc=org"]],
    )
    allowed_groups: EntryNames = Field(
        (),
        description="Groups of the directory (DN) whose members may log in.",
        examples=[["cn=students,ou=groups,dc=example,dc=org"]],
    )
    title: TitleText | None = Field(
        None,
        description="What the login page calls the directory. Default: the server's name.",
        examples=["Example University"],
    )

    @property
    def host(self) -> str:
        return urlsplit(self.server or "").hostname or ""

    @property
    def filter(self) -> str:
        return self.search_filter or f"({self.username_attribute}={WHO})"

    @property
    def missing(self) -> list[str]:
        """What it cannot do without."""
        found = [] if self.server else ["auth.ldap.server"]
        return found if self.bind_dn_template or self.search_base else [*found, "auth.ldap.search_base"]

    def conflicts(self) -> list[Conflict]:
        found = [
            Conflict((key, index), (key,), f"{name} is in the list twice", "try deleting one of them")
            for key in ("admin_groups", "allowed_groups")
            for index, name in repeats(getattr(self, key))
        ]
        if (self.bind_dn is None) != (self.bind_password_file is None):
            there, missing = ("bind_dn", "bind_password_file")[:: 1 if self.bind_dn else -1]
            hint = "try setting auth.ldap.bind_dn and auth.ldap.bind_password_file together"
            found.append(Conflict((there,), ("bind_dn", "bind_password_file"), f"also needs {missing}", hint))
        if not self.tls and (self.server or "").startswith("ldaps:"):
            what, hint = "contradicts the server, ldaps://", "try leaving it out"
            found.append(Conflict(("tls",), ("tls", "server"), what, hint))
        return found


class SharedPassword(Section):
    password_file: FilePath | None = Field(
        None,
        description="A file with the password of everybody, on one line, of at least 8 characters; root's, with mode"
        " 0600. Who knows it can log in under any name that may log in.",
        examples=["/etc/jupyterhub-password"],
    )
    admin_password_file: FilePath | None = Field(
        None,
        description="The same for the administrators, of at least 32 characters. Default: there is none, and they"
        " cannot log in.",
        examples=["/etc/jupyterhub-admin-password"],
    )

    @property
    def missing(self) -> list[str]:
        """What it cannot do without."""
        return [] if self.password_file else ["auth.shared_password.password_file"]
