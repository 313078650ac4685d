"""The way to a sign-on elsewhere, as far as it can be gone without a person: the hub's page, and where it leads."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from hubinstall.machine import directory
from hubinstall.machine.facts import Facts
from hubinstall.machine.host import Host
from hubinstall.machine.openid import keys_trouble, provider
from hubinstall.settings.model import Settings
from hubinstall.verify.client.errors import HubError, plain_text

if TYPE_CHECKING:
    from hubinstall.verify.client.hub import HubClient

AWAY = 503
"""What the hub answers while the provider of its sign-on does not answer."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
UNSEEN = "a person's own login there, the hub's client secret, and what the provider says of people"
"""What no check of this machine can try."""
FORMS = {
    "ldap": ("passwords of {}", "LdapAuthenticator"),
    "shared-password": ("one password for all", "SharedPassword"),
    "dummy": ("any name with any password", "AnyPassword"),
}
"""Type → its words and its class."""


def kind(settings: Settings) -> str:
    """The sign-on of config.yaml in words, with its class; empty if it is PAM."""
    if settings.auth.type == "pam":
        return ""
    if settings.auth.type in FORMS:
        words, name = FORMS[settings.auth.type]
        return f"{words.format(settings.auth.provider)} ({name})"
    if settings.auth.type == "lti":
        return f"LTI 1.3 at {settings.auth.lti.issuer} (LtiAuthenticator)"
    if name := settings.auth.class_name:
        return f"{settings.auth.type} ({name})"
    return f"OpenID Connect at {settings.auth.oidc.issuer} (OpenIdAuthenticator)"


def trouble(host: Host, settings: Settings, facts: Facts) -> str:
    """Why nobody can sign on now, as far as it is known without trying; else empty."""
    auth = settings.auth
    if auth.type == "ldap":
        return directory.trouble(host, auth.ldap.server or "", facts.authorities, tls=auth.ldap.tls)
    if auth.type == "lti":
        return keys_trouble(host, auth.lti.jwks_endpoint or "", facts.authorities)
    return provider(host, auth.oidc.issuer or "", facts.authorities).trouble if auth.type == "oidc" else ""


def begins_at(settings: Settings) -> str:
    """The hub's address where a sign-on elsewhere begins; of LTI, as a platform would say that somebody comes."""
    lti = settings.auth.lti
    if settings.auth.type != "lti":
        return "hub/oauth_login"
    told = {"iss": lti.issuer, "client_id": lti.client_id, "login_hint": "nobody", "target_link_uri": "/hub/home"}
    return f"hub/lti13/oauth_login?{urlencode(told)}"


def leads_to(client: "HubClient", settings: Settings) -> str:
    """The URL at the provider to which the hub sends people who sign on. Raises HubError if it sends them nowhere."""
    answer = client.request("GET", begins_at(settings), step="sign-on", follow_redirects=False)
    place = answer.headers.get("Location", "")
    if answer.status_code not in REDIRECTS or not names_the_hub(place):
        raise HubError("sign-on", f"the hub sends nobody to the provider: {plain_text(answer)}", answer.status_code)
    return str(place)


def names_the_hub(place: str) -> bool:
    """Whether this URL at the provider says for whom a person signs on: in OAuth 1.0a by the consumer's key."""
    return bool({"client_id", "oauth_consumer_key"} & parse_qs(urlsplit(place).query).keys())


def form(client: "HubClient", host: Host, settings: Settings, facts: Facts) -> list[str]:
    """What there is of a form of the hub's, for somebody else's passwords. Raises HubError if one is away."""
    if 'type="password"' not in client.login_page().text:
        raise HubError("sign-on", "the hub's page has no form with a password")
    if words := trouble(host, settings, facts):
        raise HubError("sign-on", f"{settings.auth.provider}: {words}", AWAY)
    asked = f", and {settings.auth.ldap.host} answers" if settings.auth.type == "ldap" else ""
    return [f"the page has the hub's form{asked}", "not tried: a person's own login"]


def followed(client: "HubClient", host: Host, settings: Settings, facts: Facts) -> list[str]:
    """What `verify --sign-on` found, a line each. Raises HubError if the provider refuses the hub."""
    place = leads_to(client, settings)
    if words := trouble(host, settings, facts):
        raise HubError("sign-on", f"{settings.auth.provider}: {words}")
    query = parse_qs(urlsplit(place).query)
    if settings.auth.type == "lti":
        return [
            f"the hub sends people to {urlsplit(place).netloc}, and the platform shows its keys",
            f"people come back to {query['redirect_uri'][0]}",
            "not tried: a launch from a course there",
        ]
    status, said = client.elsewhere(place, facts.authorities)
    # OAuth 1.0a has a consumer's key, and the address to come back to is what the consumer has there.
    known = [*query.get("client_id", []), *query.get("oauth_consumer_key", [])][0]
    back = query.get("redirect_uri", ["the address that was registered there"])[0]
    if status >= 400:
        words = f"{urlsplit(place).netloc} answers {status} to the hub's request: {said}"
        raise HubError("sign-on", words, status, f"Is {known} a client there, with the redirect URI {back}?")
    return [
        f"the sign-on page leads to {urlsplit(place).netloc}, which answers {status}",
        f"people come back to {back}",
        f"not tried: {UNSEEN}",
    ]
