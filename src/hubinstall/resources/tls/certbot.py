"""Certbot, a client for ACME authorities (eff-certbot.readthedocs.io), and its errors in words for people.

`certonly --keep-until-expiring` does everything: it requests a certificate if there is none, if the names have changed,
or if the old one is due: when a third of its lifetime is left (half, if that is ten days or less), or when the
authority itself advises it (ARI, RFC 9773).
"""

import re
from dataclasses import dataclass

from hubinstall import layout
from hubinstall.machine.host import Completed, Host
from hubinstall.resources.tls.self_signed import is_address

TRUST_STORE = layout.TRUST_STORE
FORGOTTEN = "urn:ietf:params:acme:error:accountDoesNotExist"
NOISE = re.compile(r"^(Saving debug log|Ask for help|An unexpected error|Some challenges|Hint:|- - -|\s*$)")


@dataclass(frozen=True)
class Request:
    """A certificate for `names` (DNS names or addresses), in the directory live/`lineage` of certbot's `config`."""

    program: str
    names: tuple[str, ...]
    server: str
    email: str
    lineage: str
    config: str
    work: str
    logs: str
    webroot: str

    def argv(self, *, force: bool) -> list[str]:
        named = [w for name in self.names for w in ("--ip-address" if is_address(name) else "-d", name)]
        # For an IP address there are only short-lived certificates (letsencrypt.org/docs/profiles).
        short = ["--preferred-profile", "shortlived"] if any(map(is_address, self.names)) else []
        who = ["--email", self.email] if self.email else ["--register-unsafely-without-email"]
        return [
            self.program, "certonly", "--non-interactive", "--agree-tos", *who, "--server", self.server,
            "--config-dir", self.config, "--work-dir", self.work, "--logs-dir", self.logs, "--max-log-backups", "20",
            "--webroot", "--webroot-path", self.webroot, "--key-type", "ecdsa", "--no-directory-hooks",
            "--cert-name", self.lineage, "--keep-until-expiring", "--renew-with-new-domains",
            *(["--force-renewal"] if force else []), *short, *named,
        ]  # fmt: skip


def ask(host: Host, request: Request, *, force: bool = False) -> str:
    """Request a certificate. Empty if it is there and not due; else the reason, as one line.

    If the authority has lost our account (a test server that was restarted), a new account is registered.
    """
    done = _run(host, request, force=force)
    if done.returncode and FORGOTTEN in host.text(f"{request.logs}/letsencrypt.log"):
        host.remove_tree(f"{request.config}/accounts/{request.server.partition('://')[2]}")
        done = _run(host, request, force=force)
    return in_words(done.stdout + "\n" + done.stderr) if done.returncode else ""


def _run(host: Host, request: Request, *, force: bool) -> Completed:
    # certbot uses the library requests, which does not use the machine's trust store by itself.
    env = {"REQUESTS_CA_BUNDLE": TRUST_STORE}
    return host.run(request.argv(force=force), check=False, env=env)


def in_words(output: str) -> str:
    """Why the authority refused, or what else went wrong, from certbot's output."""
    found = re.findall(r"^\s*(?:Identifier|Domain): (.*)\n\s*Type: .*\n\s*Detail: (.*)$", output, re.MULTILINE)
    if found:
        return "; ".join(f"{name}: {detail}" for name, detail in found)
    lines = [line.strip() for line in output.splitlines() if not NOISE.match(line)]
    after = output.partition("An unexpected error occurred:\n")[2].splitlines()
    said = after[0] if after else lines[-1] if lines else "certbot failed without a message"
    cause = re.search(r"Caused by \w+\((.*)\)\)?$", said)
    return (cause[1] if cause else said)[:400]
