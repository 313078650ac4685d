"""The settings of TLS: `https` in config.yaml."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from hubinstall.settings.section import Conflict, Section, repeats
from hubinstall.settings.types import AcmeServer, Domains, Email, FilePath
from hubinstall.settings.values.words import wrong

Mode = Literal["letsencrypt", "manual", "self-signed", "off"]


def _no_truth(value: Any) -> Any:
    """`off` without quotes is text in YAML 1.2, which we read, but false in YAML 1.1, which other programs write."""
    if isinstance(value, bool):
        said, meant = ("true", "self-signed") if value else ("false", '"off", with the quotes')
        raise wrong(f"must be a word, not {said}", f"try {meant}")
    return value


class LetsEncrypt(Section):
    email: Email | None = Field(
        None,
        description="The address for email from the certificate authority. If it and a name are set, certificates come"
        " from Let's Encrypt, unless `mode` says otherwise; you then agree to its terms of service.",
        examples=["ops@example.org"],
    )
    domains: Domains = Field(
        (),
        description="More names of the hub besides `domain`; one certificate contains all of them.",
        examples=[["jupyter.example.org"]],
    )
    server: AcmeServer | None = Field(
        None,
        description="Another certificate authority: the URL of its ACME directory. An authority of your own works if"
        " the machine trusts its root certificate (`update-ca-certificates`).",
        examples=["https://acme.example.org/directory"],
    )
    staging: bool = Field(
        False,
        description="For testing: use the staging server of Let's Encrypt. It has hardly any rate limits, and no"
        " browser trusts its certificates.",
        examples=[True],
    )

    def conflicts(self) -> list[Conflict]:
        found = [
            Conflict(("domains", index), ("domains",), f"{name} is in the list twice", "try deleting one of them")
            for index, name in repeats(self.domains)
        ]
        if self.server and self.staging:
            hint = "try deleting one of them"
            found.append(
                Conflict(("staging",), ("server", "staging"), "applies only to Let's Encrypt, not to `server`", hint)
            )
        return found


class Tls(Section):
    key: FilePath | None = Field(
        None, description="The file with the private key (PEM, without a passphrase).",
        examples=["/etc/ssl/private/hub.key"],
    )  # fmt: skip
    cert: FilePath | None = Field(
        None,
        description="The file with the certificate, followed by the intermediate certificates (PEM).",
        examples=["/etc/ssl/certs/hub.pem"],
    )

    def conflicts(self) -> list[Conflict]:
        if (self.key is None) == (self.cert is None):
            return []
        there, missing = ("cert", "key") if self.key is None else ("key", "cert")
        return [
            Conflict(
                (there,),
                ("key", "cert"),
                f"also needs {missing}",
                "try setting https.tls.key and https.tls.cert together",
            )
        ]


class Https(Section):
    mode: Annotated[Mode | None, BeforeValidator(_no_truth)] = Field(
        None,
        description="Where the certificate comes from. `letsencrypt`: from Let's Encrypt or another ACME authority;"
        " without a name, for the machine's public addresses. `manual`: the files in `tls`. `self-signed`: created on"
        " the machine, for `domain` or, without one, for the machine's name and addresses; browsers warn once. `off`:"
        " no certificate; nginx serves plain http (see `http`) behind another web server that handles TLS. Default:"
        " `letsencrypt` if `letsencrypt.email` and a name are set, else `manual` if `tls` is set, else `self-signed`.",
        examples=["letsencrypt"],
    )
    letsencrypt: LetsEncrypt = Field(
        default_factory=LetsEncrypt,
        description="The certificate authority that issues and renews certificates automatically.",
    )
    tls: Tls = Field(default_factory=Tls, description="A certificate of your own; its files are copied.")
    subdomains: bool = Field(
        False,
        description="Give each person's server a name of its own below `domain`, such as alice.hub.example.org, so that"
        " browsers keep its pages apart from the hub's and from other people's (JupyterHub's `subdomain_host`). Needs"
        " `domain`, a wildcard name in DNS (*.hub.example.org), and a certificate for both names.",
        examples=[True],
    )

    def conflicts(self) -> list[Conflict]:
        if self.mode == "manual" and self.tls.cert is None:
            return [Conflict(("mode",), ("mode", "tls"), "needs `tls`", "try adding https.tls.key and https.tls.cert")]
        return []

    def chosen(self, domain: str | None) -> Mode:
        """`mode`, or the default that follows from the other settings."""
        if self.mode:
            return self.mode
        if self.letsencrypt.email and (domain or self.letsencrypt.domains):
            return "letsencrypt"
        return "manual" if self.tls.cert else "self-signed"


def subdomain_conflicts(https: Https, domain: str | None, mode: Mode, *, behind: bool) -> list[Conflict]:
    """What `subdomains` needs of other settings. `behind`: another web server in front handles TLS."""
    if not https.subdomains:
        return []
    at, key = ("https", "subdomains"), "https"
    if not domain:
        return [Conflict(at, (key, "domain"), "needs `domain`", "try setting domain to the hub's name in DNS")]
    if mode == "letsencrypt":
        # A wildcard needs the challenge dns-01 (letsencrypt.org, "Challenge Types"), so keys of the site's DNS.
        what = "needs a wildcard certificate, and authorities issue none by http-01, the challenge used here"
        hint = f"try https.mode: manual, and in https.tls a certificate for {domain} and *.{domain}"
        return [Conflict(at, (key,), what, hint)]
    if mode == "off" and not behind:
        what = "does not work without TLS: cookies that other names cannot replace need https"
        hint = "try https.mode: self-signed or manual; behind another web server with TLS, http.trusted_proxies"
        return [Conflict(at, (key,), what, hint)]
    return []
