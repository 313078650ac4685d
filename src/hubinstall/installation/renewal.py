"""One renewal of the certificate, with the settings that were applied last."""

from dataclasses import replace

from hubinstall import layout
from hubinstall.config.validate import load
from hubinstall.engine.ledger import Ledger
from hubinstall.engine.run import Run
from hubinstall.errors import UserError, of_system
from hubinstall.installation import desired_state, inputs
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers.choice import MANAGERS
from hubinstall.report.words import say
from hubinstall.resources.base import Change, Resource, ids, look
from hubinstall.resources.services.service import Service
from hubinstall.resources.tls.acme import AcmeCertificate
from hubinstall.resources.tls.self_signed import SelfSignedCertificate
from hubinstall.resources.tls.served import ServedCertificate


class Renewal:
    """The resources of the certificate, as in the last successful apply.

    A timer ignores what was written into config.yaml since then and not applied.
    """

    def __init__(self, host: Host) -> None:
        self.host = host
        self.desired = applied(host)
        resources = self.desired.resources
        self.acme = next((r for r in resources if isinstance(r, AcmeCertificate)), None)
        self.made = [r for r in resources if isinstance(r, SelfSignedCertificate | ServedCertificate)]
        self.web = next(r for r in resources if isinstance(r, Service) and r.name == layout.NGINX_SERVICE)

    def is_due(self) -> bool:
        """Whether there is anything to do; sends nothing over the network."""
        asks = self.acme is not None and self.acme.is_due(self.host)
        return asks or any(look(r, self.host) for r in self.made) or self._has_older_files()

    def run(self, *, force: bool, if_due: bool) -> list[str]:
        """Do all steps; return the failures, which stop no other step: the old certificate is still served."""
        failures: list[str] = []
        ledger = Ledger(self.host, layout.LEDGER)
        left_by_others = ledger.touched().keys()
        if self.acme and (not if_due or self.acme.is_due(self.host)):
            say(f"asking {self.acme.server} for a certificate")
            try_ = self.acme.ask(self.host, force=force)
            failures += [try_.words] if try_.words else []
        link = self.host.stat(layout.SERVED)
        try:
            self._settle(ledger)
            self._reload(_unchecked(self.web) if if_due else self.web)
        except UserError as error:
            failures.append(str(error))
            if link and link.kind == "link" and self.host.exists(f"{layout.TLS}/{link.target}"):
                self.host.link(layout.SERVED, link.target)
        # The new certificate is served, or the old one as before: the next apply need not log in to verify that.
        if mine := ledger.touched().keys() - left_by_others:
            ledger.finish_only(mine)
        return failures

    def _settle(self, ledger: Ledger) -> None:
        """Let the engine apply the certificate's resources; raises the first failure."""
        outcome = Run(self.desired.resources, self.host, ledger, _Words(self.host)).settle(ids(*self.made))
        for error in outcome.failed.values():
            raise of_system(error) if isinstance(error, OSError) else error

    def _reload(self, web: Service) -> None:
        """Only for a new certificate: other manual changes wait for an apply. A stopped web server stays stopped."""
        if self._has_older_files() and MANAGERS[web.manager].look(self.host, web.name).running:
            web.start_again(self.host)

    def _has_older_files(self) -> bool:
        return bool(self.web.reloads and self.web.reloads.is_outdated(self.host))


def _unchecked(web: Service) -> Service:
    """For the timer: where nginx runs by the distribution's unit, our drop-in checks the files before a reload. In the
    sandbox of the timer's unit good files may fail, because it cannot write where the administrator's sites have logs.
    """
    if MANAGERS[web.manager].ours or web.reloads is None:
        return web
    return replace(web, reloads=replace(web.reloads, check=()))


class _Words:
    """A reporter that prints one line for each completed step; failures are told at the end."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def expected(self, resources: list[Resource]) -> None:
        """A few steps need no estimate."""

    def settled(self, id_: str) -> None:
        """Told when it is finished."""

    def started(self, change: Change) -> None:
        self._host.log(f"begin {change.verb} {change.id}: {', '.join(change.keys)}")

    def finished(self, change: Change) -> None:
        say(f"{change.verb} {change.id}")

    def failed(self, id_: str, error: BaseException) -> None:
        self._host.log(f"failed {id_}: {error}")


def applied(host: Host) -> desired_state.DesiredState:
    """The desired state of the last successful apply, as far as certificates need it. Raises UserError if there is no
    certificate.
    """
    # The timer's sandbox hides the homes, root's too, where such a file may be. What it says is in the trust store.
    desired = desired_state.read(host, load(inputs.accepted_text(host)), named_files=False)
    if desired.settings.tls_mode == "off":
        raise UserError("there is no certificate: https.mode is off", "The web server in front holds it.", code=2)
    if not host.exists(layout.SERVED):
        raise UserError("there is no certificate yet", "To install one, run: hubinstall apply")
    return desired
