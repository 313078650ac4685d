"""The quotas of homes: who has which, and the service that keeps them."""

import hashlib

from hubinstall import layout
from hubinstall.blueprint.runtimes import Programs
from hubinstall.blueprint.service_spec import Program, program
from hubinstall.blueprint.templating import render
from hubinstall.machine.facts import Facts
from hubinstall.quotas.policy import Policy
from hubinstall.resources.base import Resource, id_of, ids
from hubinstall.resources.files.file import Directory, File, Link
from hubinstall.settings.model import Settings


def quotas(settings: Settings, facts: Facts, programs: Programs) -> list[Resource]:
    """Nothing if nobody has one."""
    if not settings.home.has_quotas:
        return []
    uid_min, uid_max = settings.users.uids(facts.uid_min)
    policy = Policy(uid_min, uid_max, *settings.home.limits())
    file = File(layout.QUOTAS_POLICY, policy.text(), mode="0600", needs=(id_of(Directory, layout.GENERATED),))
    launcher = render(
        "templates/launchers/hubinstall-quotas.sh", policy=file.name, homes=layout.HOMES, socket=layout.QUOTAS_SOCKET,
        gathered=layout.QUOTAS_GATHERED, hubside=layout.HUBSIDE, venv=layout.HUB_VENV,
    )  # fmt: skip
    spec = Program(
        layout.QUOTAS_SERVICE, "Keeps the quotas of homes", launcher, unit="systemd/hubinstall-quotas.service",
        config=programs.hub, files=((file.name, hashlib.sha256(file.data).hexdigest()),), undo=True,
        ready=layout.QUOTAS_SOCKET, stop_wait=5,
        values={"homes": layout.HOMES, "folders": [layout.RUNTIME, layout.STATE]},
        needs=(*ids(file), id_of(Link, layout.HUB_VENV), id_of(Link, layout.HUBSIDE), id_of(Directory, layout.STATE)),
    )  # fmt: skip
    return [file, *program(spec, facts)]
