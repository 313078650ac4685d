"""The table of contents of an installation: settings and facts become the desired state. It runs and asks nothing."""

from hubinstall import layout
from hubinstall.blueprint import way_out
from hubinstall.blueprint.accounts import accounts
from hubinstall.blueprint.accounts_helper import sign_on
from hubinstall.blueprint.broker import policy_file
from hubinstall.blueprint.command_help import command_help
from hubinstall.blueprint.docker import docker, docker_packages, restarts
from hubinstall.blueprint.environments import environments
from hubinstall.blueprint.firewall import firewall
from hubinstall.blueprint.folders_and_secrets import state
from hubinstall.blueprint.hub import database, hub
from hubinstall.blueprint.nginx import nginx
from hubinstall.blueprint.packages import base
from hubinstall.blueprint.quotas import quotas
from hubinstall.blueprint.renewal import renewal
from hubinstall.blueprint.rooms import rooms
from hubinstall.blueprint.runtimes import programs
from hubinstall.blueprint.services import Inputs, services
from hubinstall.blueprint.shares import shares
from hubinstall.blueprint.static_files import static_files
from hubinstall.blueprint.tls import authority, tls, watched
from hubinstall.machine.facts import Facts
from hubinstall.resources.base import Resource, id_of, ids, resource_id
from hubinstall.resources.docker.live_restore import LiveRestore
from hubinstall.resources.files.secret import Secret
from hubinstall.resources.services.service import Service
from hubinstall.settings.model import Settings

DOCKER_RUNS = (id_of(Service, layout.DOCKER_SERVICE),)
SECRETS_OF_HUB = tuple(
    id_of(Secret, path) for path in (layout.COOKIE_SECRET, layout.PROXY_TOKEN_FOR_HUB, layout.VERIFY_TOKEN_FOR_HUB)
)


def blueprint(settings: Settings, facts: Facts) -> list[Resource]:
    """Everything that should be on the machine. The order is for readers; `needs` says what waits for what."""
    programs_ = programs(facts)
    rules = firewall(settings, facts)
    first = way_out.first(settings, facts)
    before_engine = [*restarts(facts), *way_out.for_docker(settings, facts)]
    engine = [*before_engine, *docker_packages(facts, needs=ids(*before_engine))]
    network = docker(settings, facts, running=DOCKER_RUNS)
    pulls = ids(*(r for r in network if isinstance(r, LiveRestore) and r.variables))
    image = environments(settings, facts, docker=(*DOCKER_RUNS, *pulls))
    certificate, site = tls(settings, facts), nginx(settings, facts)
    configuration, broker = hub(settings, facts, image), policy_file(settings, facts, image)
    passwords = sign_on(settings, facts)
    database_ = database(facts, programs_.hub_venv)
    rooms_ = rooms(settings, facts)
    running = services(
        settings,
        facts,
        programs_,
        broker=broker,
        helper=Inputs(passwords),
        firewall=Inputs(rules),
        docker=Inputs(engine),
        nginx=Inputs([*certificate, *site]),
        hub=Inputs([*configuration, *network], also=(*SECRETS_OF_HUB, *ids(database_, *rooms_))),
        certificates=watched(settings),
    )
    web = [r for r in running if resource_id(r) == id_of(Service, layout.NGINX_SERVICE)]
    issued = authority(settings, facts, serving=[*certificate, *web])
    renewed = renewal(settings, facts, needs=ids(*issued[-1:]))
    return [
        *state(),
        *first,
        *engine,  # before nginx: the image waits for it, and apt installs one after the other
        *base(facts, needs=ids(*first)),
        *accounts(settings, facts),
        *rooms_,
        *programs_.resources,
        *rules,
        *network,
        *image.resources,
        *static_files(facts, image.base, programs_.hub_venv),
        *certificate,
        *site,
        *configuration,
        broker,
        *passwords,
        database_,
        *running,
        *issued,
        *renewed,
        *command_help(),
        *shares(settings, facts),
        *quotas(settings, facts, programs_),
    ]
