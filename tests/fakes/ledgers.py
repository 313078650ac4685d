"""Ledgers of whole installations, one for each process manager; together they list every kind.

tests/ledgers/ keeps those that each release wrote; `python -m fakes.ledgers` adds this one's (docs/how-to/release.md).
"""

import tempfile
from pathlib import Path

from fakes.facts import fake_facts
from fakes.host import FakeHost
from hubinstall import __version__, layout
from hubinstall.blueprint.contents import blueprint
from hubinstall.engine.ledger import Ledger
from hubinstall.engine.run import in_order
from hubinstall.resources.base import Change, resource_id
from hubinstall.settings.model import Settings

FOLDER = Path(__file__).parents[1] / "ledgers"
ADDRESS = ("192.0.2.7",)
MANAGERS = {
    "systemd": (
        {
            "domain": "hub.example.org",
            "https": {"letsencrypt": {"email": "ops@example.org"}},
            "users": {"admin": ["alice", "bob"]},
            "shares": {"course-101": None, "project": {"access": {"group": "teachers"}}},
            "courses": {"stats-101": {"teachers": ["alice"]}},
            "rooms": {"lab": {"group": "teachers", "trusted": True}},
        },
        fake_facts(addresses=ADDRESS, cgroup_driver="systemd", sshd=True, environments={"default": {"apt.txt": "zip"}}),
    ),
    "supervisor": (
        {
            "users": {"admin": ["alice"]},
            "auth": {
                "type": "oidc",
                "oidc": {
                    "issuer": "https://login.example.org", "client_id": "hub", "client_secret_file": "/etc/oidc-secret",
                },
            },
            "environment": {"image": "quay.io/jupyter/base-notebook"},
            "network": {"proxy": "http://proxy.example.org:3128", "ca_bundle": "/etc/ssl/site.pem"},
        },
        fake_facts(addresses=ADDRESS, manager="supervisor", proxy_addresses=("192.0.2.9",), authorities=("x",)),
    ),
}  # fmt: skip
"""Settings and facts."""
THERE_BEFORE = (
    "packages:base", f"directory:{layout.STATE}", f"directory:{layout.SECRETS}",
    f"directory:{layout.PROGRAMS}", f"directory:{layout.TREES}", f"directory:{layout.CONFIG_DIR}",
    "kernel-setting:net.bridge.bridge-nf-call-iptables",
)  # fmt: skip
"""What bootstrap or the machine has made before the first step of the run."""


def ledger(manager: str) -> str:
    """The text of the ledger after a first apply that went well."""
    settings, facts = MANAGERS[manager]
    with tempfile.TemporaryDirectory() as folder:
        host = FakeHost(Path(folder))
        book = Ledger(host, layout.LEDGER)
        for resource in in_order(blueprint(Settings.model_validate(settings), facts)):
            wish = resource.desired()
            change = Change(resource, wish if resource_id(resource) in THERE_BEFORE else None, wish)
            book.note(change)
            book.settle(change)
        book.finish()
        return host.text(layout.LEDGER)


if __name__ == "__main__":
    for name in MANAGERS:
        (FOLDER / f"{__version__}-{name}.json").write_text(ledger(name))
