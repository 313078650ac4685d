"""How an LDAP directory is told about: its address, the names of entries in it (DN), and filters. RFC 4511 to 4516."""

import re
from typing import Any

from hubinstall.settings.values.urls import HOST_AND_PORT, names_a_host
from hubinstall.settings.values.words import as_text, shown, wrong

SERVER = rf"ldaps?://{HOST_AND_PORT}"
_ATTRIBUTE = r"[A-Za-z][A-Za-z0-9-]{0,63}"
ATTRIBUTE = _ATTRIBUTE
_LETTER = r'([^\x00-\x20\x7f-\x9f,=+<>;"\\{}]|\\[ #,=+<>;"\\])'
_VALUE = f"{_LETTER}({_LETTER}| )*"
_STEP = rf" ?{_ATTRIBUTE}={_VALUE}"
DN = rf"{_STEP}(,{_STEP}){{0,20}}"
WHO = "{username}"
DN_TEMPLATE = rf"{_ATTRIBUTE}=([^\x00-\x20\x7f-\x9f,=+<>;\"\\{{}}]{{0,40}})\{{username\}}(,{_STEP}){{0,20}}"
FILTER = r"\([^\x00-\x1f\x7f-\x9f{}]{0,200}=\{username\}[^\x00-\x1f\x7f-\x9f{}]{0,200}\)"
LONGEST = 400
EXAMPLE = "ou=people,dc=example,dc=org"


def parse_server(value: Any) -> str:
    """`ldaps://` has TLS from the first byte, `ldap://` starts it before a password is sent (unless `tls` is false)."""
    text = as_text(value, "the URL of an LDAP server", "ldaps://ldap.example.org")
    if re.fullmatch(HOST_AND_PORT, text):
        raise wrong(f"{shown(text)} says no protocol", f"try ldaps://{text}")
    if len(text) > LONGEST or not re.fullmatch(SERVER, text) or not names_a_host(text):
        raise wrong(f"{shown(text)} is not the URL of an LDAP server", "try one such as ldaps://ldap.example.org")
    return text


def parse_dn(value: Any) -> str:
    """The name of an entry; no more than its form is checked."""
    text = as_text(value, "the name of an entry (DN)", EXAMPLE)
    if len(text) > LONGEST or not re.fullmatch(DN, text):
        raise wrong(f"{shown(text)} is not the full name of an entry (DN)", f"try one such as cn=members,{EXAMPLE}")
    return text


def parse_dn_template(value: Any) -> str:
    text = as_text(value, "the name of an entry (DN) with {username} in it", f"uid={WHO},{EXAMPLE}")
    if len(text) > LONGEST or not re.fullmatch(DN_TEMPLATE, text):
        raise wrong(f"{shown(text)} is not the name of an entry with {WHO} in it", f"try uid={WHO},{EXAMPLE}")
    return text


def parse_filter(value: Any) -> str:
    """A filter (RFC 4515) that finds one person. The parentheses are counted; the directory reads the rest."""
    text = as_text(value, "a filter", f"(uid={WHO})")
    if not re.fullmatch(FILTER, text) or text.count("(") != text.count(")"):
        raise wrong(f"{shown(text)} is not a filter with ={WHO} in it", f"try leaving it out, or one like (uid={WHO})")
    return text


def parse_attribute(value: Any) -> str:
    text = as_text(value, "the name of an attribute", "uid")
    if not re.fullmatch(ATTRIBUTE, text):
        raise wrong(f"{shown(text)} is not the name of an attribute", "try one such as uid or sAMAccountName")
    return text
