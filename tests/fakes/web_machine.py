"""A machine whose nginx serves a certificate: the resources of `tls` and `authority`, certbot and systemd as fakes."""

import hashlib
from dataclasses import replace
from types import SimpleNamespace

from fakes.authority import Authority, Certbot, openssl
from fakes.facts import fake_facts
from fakes.process_managers import SystemdMachine
from hubinstall import layout
from hubinstall.blueprint import tls
from hubinstall.resources.base import Resource, ids, look
from hubinstall.resources.services.service import Reloads, Service
from hubinstall.resources.tls.acme import AcmeCertificate
from hubinstall.resources.tls.self_signed import SelfSignedCertificate
from hubinstall.settings.model import Settings

FACTS = fake_facts(hostname="lab-1", addresses=("10.0.0.5",))
NAME = "hub.example.org"
OWN_CERT, OWN_KEY = "/etc/ssl/hub.pem", "/etc/ssl/hub.key"
LETSENCRYPT = Settings.model_validate({"domain": NAME, "https": {"letsencrypt": {"email": "ops@example.org"}}})
MANUAL = Settings.model_validate({"domain": NAME, "https": {"tls": {"key": OWN_KEY, "cert": OWN_CERT}}})
SELF_SIGNED = Settings.model_validate({"domain": NAME})


class WebMachine:
    """As an apply with `settings` has left it, but that nothing was asked of the authority yet."""

    def __init__(self, tmp_path, monkeypatch, settings: Settings, authority: Authority) -> None:
        self.settings, self.authority = settings, authority
        self.manager = SystemdMachine(tmp_path)
        self.host = host = self.manager.host
        self.against: list[str] = []
        self.nginx_refuses = False
        self.reloads = 0
        host.answers |= {"openssl": openssl(host), "nginx -t": self.nginx_test, layout.NGINX_RECORDER: self.record}
        systemctl = host.answers["systemctl"]
        host.answers["systemctl reload nginx"] = lambda argv, text: self.reloaded(systemctl, argv, text)
        self.certbot = Certbot(host, layout.CERTBOT, authority)
        monkeypatch.setattr(layout, "LOCK", str(tmp_path / "lock"))
        monkeypatch.setattr(
            "hubinstall.installation.desired_state.read", lambda host, config, named_files: self.desired()
        )
        monkeypatch.setattr("hubinstall.resources.services.service.EVERY", 0.001)
        for folder in (layout.TLS, layout.ACME, layout.CONFIG_DIR):
            host.path(folder).mkdir(parents=True)
        authority.put(host, OWN_CERT, OWN_KEY, NAME)
        host.put(layout.CONFIG_FILE, "")
        names = ("nginx", layout.CERTIFICATES_TIMER)
        self.manager.defined = self.manager.loaded = dict.fromkeys(names, "")
        self.manager.running = {name: 100 + number for number, name in enumerate(names)}
        self.manager.enabled = set(names)
        for resource in self.resources:
            if not isinstance(resource, AcmeCertificate | Service):
                self.settle(resource)
        self.record()

    @property
    def resources(self) -> list[Resource]:
        certificate = tls.tls(self.settings, FACTS)
        web = self.web
        issued = tls.authority(self.settings, FACTS, [*certificate, web])
        acme = [r for r in issued if isinstance(r, AcmeCertificate)]
        # What it was made with when the module was read is the real one.
        checked = [AcmeCertificate(**{**vars(r), "check": lambda *_: self.against}) for r in acme]
        # What is not made here is not needed either.
        there = [*certificate[1:], web, *checked]
        known = set(ids(*there))
        return [replace(r, needs=tuple(need for need in r.needs if need in known)) for r in there]

    @property
    def web(self) -> Service:
        watches = (layout.SERVED_CERT,)
        reloads = Reloads(("nginx", "-t", "-q"), layout.NGINX_LOADED, layout.NGINX_RECORDER, watches)
        return Service("nginx", distribution=True, started_with="one", reloads=reloads, timeout=0.5)

    def desired(self) -> SimpleNamespace:
        return SimpleNamespace(settings=self.settings, facts=FACTS, resources=self.resources)

    def settle(self, resource: Resource) -> None:
        self.host.forget()
        if change := look(resource, self.host):
            resource.apply(self.host, change)

    def acme(self) -> AcmeCertificate:
        return next(r for r in self.resources if isinstance(r, AcmeCertificate))

    def nginx_test(self, _argv, _input):
        return (1, "", "nginx: [emerg] unknown directive") if self.nginx_refuses else ""

    def reloaded(self, systemctl, argv, text):
        self.reloads += 1
        return systemctl(argv, text)

    def record(self, _argv=None, _input=None):
        sha = hashlib.sha256(self.host.read(layout.SERVED_CERT) or b"").hexdigest()
        self.host.put(layout.NGINX_LOADED, f"one\n{sha}\n")
        return ""

    def serves(self) -> str:
        """Whose certificate nginx has read: "own" for the self-signed one."""
        text = self.host.text(layout.SERVED_CERT)
        loaded = self.host.text(layout.NGINX_LOADED).splitlines()[1]
        assert loaded == hashlib.sha256(text.encode()).hexdigest(), "nginx has read what is there"
        if text == self.host.text(layout.SELF_SIGNED_CERT):
            return "own"
        if text == self.host.text(OWN_CERT):
            return "manual"
        live = f"{tls.live_folder(self.settings)}/fullchain.pem"
        return "authority's" if text == self.host.text(live) else "an older one"


__all__ = ["LETSENCRYPT", "MANUAL", "NAME", "OWN_CERT", "OWN_KEY", "SELF_SIGNED", "SelfSignedCertificate", "WebMachine"]
