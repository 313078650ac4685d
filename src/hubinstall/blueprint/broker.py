"""The broker between the hub and Docker: what it lets the hub ask for, and its service."""

import hashlib
import json

from hubinstall import layout
from hubinstall.blueprint.accounts import HUB_ACCOUNT
from hubinstall.blueprint.docker import network, users_cgroup
from hubinstall.blueprint.environments import Environments
from hubinstall.blueprint.hub import gpus, offered, other_limits, server_limits, shared_folders
from hubinstall.blueprint.runtimes import Programs
from hubinstall.blueprint.service_spec import BROKERS_DIR, BUILDS_DIR, Program
from hubinstall.blueprint.templating import render
from hubinstall.broker.policy import Policy
from hubinstall.machine.facts import Facts
from hubinstall.resources.base import id_of, ids
from hubinstall.resources.files.file import Directory, File, Link
from hubinstall.settings.model import Settings


def policy(settings: Settings, facts: Facts, image: Environments) -> Policy:
    uid_min, uid_max = settings.users.uids(facts.uid_min)
    return Policy(
        network=network(settings).described,
        image=image.image,
        image_label=image.source.label,
        image_archive=image.source.archive,
        image_pin=image.source.pin,
        uid_min=uid_min,
        uid_max=uid_max,
        cgroup_parent=users_cgroup(facts),
        limits=server_limits(settings, facts),
        other_limits=other_limits(settings),
        shares=shared_folders(settings),
        trust_store=layout.TRUST_STORE if facts.authorities else "",
        other_sources=image.other_sources,
        more_images=tuple(sorted({one.image for one in image.named.values()} - {image.image})),
        allowed=settings.spawner.allow.docker,
        profiles=offered(settings),
        gpus=gpus(settings, facts),
        nbgrader=settings.graded,
    )


def policy_file(settings: Settings, facts: Facts, image: Environments) -> File:
    """Root's, and for root alone: the hub need not know what it may do, and cannot change it."""
    values = json.dumps(policy(settings, facts, image).as_dict(), indent=1, sort_keys=True) + "\n"
    needs = (id_of(Directory, layout.GENERATED), *ids(*image.providers))
    return File(layout.BROKER_POLICY, values, mode="0600", needs=needs)


def broker_program(programs: Programs, file: File) -> Program:
    launcher = render(
        "templates/launchers/hubinstall-broker.sh", policy=file.name, hubside=layout.HUBSIDE,
        venv=layout.HUB_VENV, directory=BROKERS_DIR, builds=BUILDS_DIR,
    )  # fmt: skip
    return Program(
        layout.BROKER_SERVICE, "What the hub may ask Docker for", launcher, unit="systemd/hubinstall-broker.service",
        config=programs.hub, files=((file.name, hashlib.sha256(file.data).hexdigest()),),
        after=(layout.DOCKER_SERVICE,),
        ready=layout.BROKER_SOCKET, stop_wait=5, values={"folder": layout.BROKER_DIR},
        needs=(
            HUB_ACCOUNT, *ids(BROKERS_DIR, BUILDS_DIR, file), id_of(Link, layout.HUB_VENV), id_of(Link, layout.HUBSIDE),
        ),
    )  # fmt: skip
