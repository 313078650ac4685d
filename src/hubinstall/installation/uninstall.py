"""Remove everything that the ledger lists."""

from hubinstall import layout
from hubinstall.engine.ledger import Ledger
from hubinstall.engine.run import Outcome, Run
from hubinstall.errors import UserError
from hubinstall.machine.facts import running_manager
from hubinstall.machine.host import Host
from hubinstall.machine.process_managers.choice import forget_all
from hubinstall.report.plain import Report
from hubinstall.resources.base import Resource, id_of, resource_id
from hubinstall.resources.docker.network import DockerNetwork
from hubinstall.resources.services.service import Service

# The seal goes first: bootstrap rebuilds a half-removed tool that has no seal.
LAST = f'rm -f {layout.TREES}/installer-*/.sealed && exec rm -rf "$@"'


def uninstall(host: Host, report: Report) -> Outcome:
    """Remove everything that the ledger lists, newest first; then programs and state, this tool and the ledger last.

    After a kill at any point, the same command continues.
    """
    ledger = Ledger(host, layout.LEDGER)
    outcome = Run([], host, ledger, report).remove(sorted(ledger.unwanted([]), key=_servers_first))
    if outcome.failed:
        raise UserError(
            "not everything could be removed: " + ", ".join(outcome.failed),
            "Everything else was removed. Fix the problems listed above, then run it again. The full output is in"
            f" {layout.LOG_FILE}.",
        )
    for folder in (layout.CACHE, layout.RUNTIME):
        host.remove_tree(folder)
    host.remove(layout.CONFIG_DIR)
    forget_all(host, running_manager(host))
    with host.step("tool"):
        # In a separate process, which survives if this one is killed.
        host.run(["sh", "-c", LAST, "rm", layout.LOCK, layout.COMMAND, layout.LOGS, layout.STATE, layout.PROGRAMS])
    return outcome


def _servers_first(resource: Resource) -> int:
    """Sort key: first the hub (no new servers), then the network with its containers, which would keep the image."""
    first = (id_of(Service, layout.HUB_SERVICE), id_of(DockerNetwork, layout.NETWORK))
    return first.index(id_) if (id_ := resource_id(resource)) in first else len(first)
