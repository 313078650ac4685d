"""One renewal of the certificate, with what was applied last."""

from hubinstall import layout
from hubinstall.config.validate import load
from hubinstall.errors import UserError
from hubinstall.installation import inputs
from hubinstall.installation import wishes as installation_wishes
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers.choice import MANAGERS
from hubinstall.report.words import say
from hubinstall.resources.base import Resource, look
from hubinstall.resources.services.service import Service
from hubinstall.resources.tls.acme import AcmeCertificate
from hubinstall.resources.tls.self_signed import SelfSignedCertificate
from hubinstall.resources.tls.served import ServedCertificate


class Renewal:
    """The resources of the certificate, as the last good apply has wished them.

    What was written into config.yaml since, and not applied, is none of a timer's business.
    """

    def __init__(self, host: Host) -> None:
        self.host = host
        self.wishes = applied(host)
        resources = self.wishes.resources
        self.acme = next((r for r in resources if isinstance(r, AcmeCertificate)), None)
        self.made = [r for r in resources if isinstance(r, SelfSignedCertificate | ServedCertificate)]
        self.web = next(r for r in resources if isinstance(r, Service) and r.name == layout.NGINX_SERVICE)

    def is_due(self) -> bool:
        """Whether anything is to do; asks nobody outside."""
        asks = self.acme is not None and self.acme.is_due(self.host)
        return asks or any(look(r, self.host) for r in self.made) or self._has_older_files()

    def run(self, *, force: bool, if_due: bool) -> list[str]:
        """Do it all; what fails is said, and keeps nothing else. The old certificate serves on then."""
        failures = []
        if self.acme and (not if_due or self.acme.is_due(self.host)):
            say(f"asking {self.acme.server}")
            try_ = self.acme.ask(self.host, force=force)
            failures += [try_.words] if try_.words else []
        link = self.host.stat(layout.SERVED)
        try:
            for resource in self.made:
                self._settle(resource)
            self._reload()
        except UserError as error:
            failures.append(str(error))
            if link and link.kind == "link" and self.host.exists(f"{layout.TLS}/{link.target}"):
                self.host.link(layout.SERVED, link.target)
        return failures

    def _settle(self, resource: Resource) -> None:
        if change := look(resource, self.host):
            resource.apply(self.host, change)

    def _reload(self) -> None:
        """Only for the certificate: what else was changed by hand waits for an apply. One that is stopped stays so."""
        if self._has_older_files() and MANAGERS[self.web.manager].look(self.host, self.web.name).running:
            self.web.start_again(self.host)

    def _has_older_files(self) -> bool:
        return bool(self.web.reloads and self.web.reloads.is_outdated(self.host))


def applied(host: Host) -> installation_wishes.Wishes:
    """The wishes of the last good apply. Raises UserError where there is no certificate."""
    wishes = installation_wishes.read(host, load(inputs.accepted_text(host)))
    if wishes.settings.tls_mode == "off":
        raise UserError("there is no certificate: https.mode is off", "The web server in front has one.", code=2)
    if not host.exists(layout.SERVED):
        raise UserError("there is no certificate yet", "Install it: hubinstall apply")
    return wishes
