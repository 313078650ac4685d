"""Take off all that the ledger lists."""

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

# Without its seal a half-removed tool counts for nothing, and bootstrap makes it anew.
LAST = f'rm -f {layout.TREES}/installer-*/.sealed && exec rm -rf "$@"'


def uninstall(host: Host, report: Report) -> Outcome:
    """Take off all that the ledger lists, newest first; then the programs and the state, this tool and the ledger last.

    Killed anywhere, the same command goes on.
    """
    ledger = Ledger(host, layout.LEDGER)
    outcome = Run([], host, ledger, report).remove(sorted(ledger.unwanted([]), key=_servers_first))
    if outcome.failed:
        raise UserError(
            "not everything could be removed: " + ", ".join(outcome.failed),
            f"The rest is gone. Mend what the messages above name, and run it again; the log is {layout.LOG_FILE}.",
        )
    for folder in (layout.CACHE, layout.RUNTIME):
        host.remove_tree(folder)
    host.remove(layout.CONFIG_DIR)
    forget_all(host, running_manager(host))
    with host.step("tool"):
        # A process of its own, which a kill of this one does not end.
        host.run(["sh", "-c", LAST, "rm", layout.LOCK, layout.COMMAND, layout.LOGS, layout.STATE, layout.PROGRAMS])
    return outcome


def _servers_first(resource: Resource) -> int:
    """No new server, then none that runs: an image stays as long as a container runs from it."""
    first = (id_of(Service, layout.HUB_SERVICE), id_of(DockerNetwork, layout.NETWORK))
    return first.index(id_) if (id_ := resource_id(resource)) in first else len(first)
