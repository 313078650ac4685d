"""What the hub reads: its configuration, what the settings say, and how PAM checks a password."""

import json

from hubinstall import layout
from hubinstall.blueprint.accounts import HUB_ACCOUNT
from hubinstall.blueprint.packages import BASE_PACKAGES
from hubinstall.blueprint.templating import render
from hubinstall.hubside.limits import ServerLimits
from hubinstall.hubside.settings import HubSettings
from hubinstall.machine.facts import Facts
from hubinstall.resources.base import Resource, id_of
from hubinstall.resources.files.file import Directory, File
from hubinstall.settings.model import Settings

# As py_compile, but without a file beside the one that is looked at.
COMPILES = "import sys; compile(open(sys.argv[1]).read(), sys.argv[1], 'exec')"


def hub(settings: Settings, facts: Facts, image: str, provided: tuple[str, ...] = ()) -> list[Resource]:
    """`image`: what user servers run, as Docker knows it (a tag of ours, or a name pinned by digest). `provided`: the
    ids of what provides it; the hub is not told of an image that is not there yet, or does not come.
    """
    generated = id_of(Directory, layout.GENERATED)
    config = render("templates/jupyterhub_config.py", dropins=layout.HUB_DROPINS)
    values = json.dumps(hub_settings(settings, facts, image).as_dict(), indent=1, sort_keys=True) + "\n"
    return [
        File(
            layout.HUB_CONFIG, config, dropin=layout.HUB_DROPINS, needs=(generated,),
            check=("/usr/bin/python3", "-c", COMPILES, "{}"),
        ),
        File(
            layout.HUB_SETTINGS, values, mode="0640", group=layout.HUB_USER,
            dropin=layout.HUB_DROPINS, needs=(generated, HUB_ACCOUNT, *provided),
        ),
        File(layout.PAM_FILE, render("templates/pam"), needs=(BASE_PACKAGES,)),
    ]  # fmt: skip


def hub_settings(settings: Settings, facts: Facts, image: str) -> HubSettings:
    """What of the settings the hub needs. Read-only shares are not in it: a new one needs no restart of the hub."""
    return HubSettings(
        base_url=settings.base_url,
        gateway=str(next(settings.network.subnet.hosts())),
        admins=tuple(settings.users.admin),
        allowed=tuple(settings.users.allowed),
        allow_all=settings.users.everyone,
        banned=tuple(settings.users.banned),
        uid_min=facts.uid_min,
        uid_max=facts.uid_max,
        image=image,
        limits=server_limits(settings, facts),
        cgroup_parent=users_cgroup(facts),
        cores=facts.cpus,
        group_shares={name: share.group for name, share in settings.shares.items() if share.group},
    )


def server_limits(settings: Settings, facts: Facts) -> ServerLimits:
    """Every key of `limits` in config.yaml, by its name."""
    memory = settings.limits.memory_bytes(facts.memory)
    return ServerLimits(**settings.limits.model_dump() | {"memory": memory})


def users_cgroup(facts: Facts) -> str:
    """The parent of all user containers, as Docker's cgroup driver wants it said."""
    return f"{layout.USERS_CGROUP}.slice" if facts.cgroup_driver == "systemd" else f"/{layout.USERS_CGROUP}"
