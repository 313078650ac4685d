"""What the hub reads: its configuration, and its part of the settings."""

import json
from urllib.parse import urlsplit

from hubinstall import layout
from hubinstall.blueprint import rooms, urls, way_out
from hubinstall.blueprint.accounts import HUB_ACCOUNT
from hubinstall.blueprint.docker import network, users_cgroup
from hubinstall.blueprint.environments import Environments
from hubinstall.blueprint.templating import render
from hubinstall.hubside import profiles
from hubinstall.hubside.appearance import Appearance
from hubinstall.hubside.courses import Course
from hubinstall.hubside.cull import Cull
from hubinstall.hubside.limits import OtherLimits, ServerLimits
from hubinstall.hubside.profiles import Profile
from hubinstall.hubside.settings import HubSettings, SignOn
from hubinstall.hubside.shares import SharedFolder
from hubinstall.machine.facts import Facts
from hubinstall.resources.base import Resource, id_of, ids
from hubinstall.resources.files.file import Directory, File, Link
from hubinstall.resources.files.secret_copy import SecretCopy
from hubinstall.resources.packages.virtualenv import Virtualenv
from hubinstall.resources.services.database import Database
from hubinstall.settings.auth import ADMIN_PASSWORD, SECRET_FILE, Auth
from hubinstall.settings.courses import choices_of, exchange
from hubinstall.settings.model import Settings
from hubinstall.settings.profiles import all_that_is_given

# Like py_compile, but it does not write a file next to the one that it checks.
SCHEMA = "f460b0348206"
"""The revision of the database that the JupyterHub of locks/hub.txt opens (its alembic/versions)."""
UPGRADE = "hubinstall.hubside.upgrade_database"
COMPILES = "import sys; compile(open(sys.argv[1]).read(), sys.argv[1], 'exec')"


def hub(settings: Settings, facts: Facts, image: Environments) -> list[Resource]:
    """`image`: that of user servers, which must be there first: the hub must not use one that could not be pulled."""
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
            dropin=layout.HUB_DROPINS, needs=(generated, HUB_ACCOUNT, *ids(*image.providers)),
        ),
        *sign_on_secret(settings),
    ]  # fmt: skip


def sign_on_secret(settings: Settings) -> list[Resource]:
    """What the hub shares with a provider of its sign-on."""
    needs = (id_of(Directory, layout.SECRETS), HUB_ACCOUNT)
    return [
        SecretCopy(
            layout.SIGN_ON_ADMIN_SECRET if key[-1] == ADMIN_PASSWORD else layout.SIGN_ON_SECRET, path,
            owner=layout.HUB_USER, needs=needs,
        )
        for key, path in settings.auth.secret_files.items()
    ]  # fmt: skip


def database(facts: Facts, hub_venv: Virtualenv) -> Database:
    """In the form of the JupyterHub that is installed: it refuses to start with another. Where a drop-in names another
    database (JupyterHub.db_url), this one is not used, and upgrading that one is the administrator's.
    """
    return Database(
        layout.HUB_DATABASE, facts.manager, layout.HUB_SERVICE, layout.HUB_USER, revision=SCHEMA,
        upgrade=("env", f"PYTHONPATH={layout.HUBSIDE}", f"{hub_venv.name}/bin/python3", "-m", UPGRADE),
        needs=ids(hub_venv, id_of(Link, layout.HUBSIDE), id_of(Directory, layout.HUB_STATE), HUB_ACCOUNT),
    )  # fmt: skip


def hub_settings(settings: Settings, facts: Facts, image: Environments) -> HubSettings:
    """The hub's part of the settings. Read-only shares are not in it, so a new one needs no restart of the hub."""
    uid_min, uid_max = settings.users.uids(facts.uid_min)
    # Behind a form of the hub's, names are in small letters, however they are typed.
    written = str.lower if settings.auth.has_form else str
    return HubSettings(
        base_url=settings.base_url,
        subdomain_host=urls.subdomain_host(settings),
        network=network(settings).described,
        appearance=appearance(settings),
        sign_on=sign_on(settings),
        admins=tuple(map(written, settings.users.admin)),
        admin_groups=tuple(settings.users.admin_groups),
        admin_access=settings.users.admin_access,
        allowed=tuple(map(written, settings.users.allowed)),
        allowed_groups=settings.allowed_groups,
        allow_all=settings.everyone,
        banned=tuple(map(written, settings.users.banned)),
        banned_groups=tuple(settings.users.banned_groups),
        teachers={group: list(map(written, names)) for group, names in settings.all_teachers.items()},
        uid_min=uid_min,
        uid_max=uid_max,
        image=image.image,
        image_source=image.source,
        environments=image.named,
        limits=server_limits(settings, facts),
        other_limits=other_limits(settings),
        cgroup_parent=users_cgroup(facts),
        cores=facts.cpus,
        shares=shared_folders(settings),
        courses=courses(settings),
        cull=Cull(**settings.services.cull.model_dump()),
        history=settings.services.history.enabled,
        metrics_allow=settings.services.metrics.allow,
        other_spawners=settings.spawner.allow.other_classes,
        way_out=way_out.of_machine(settings, facts).variables(),
        server_way_out=way_out.of_servers(settings, facts).variables(),
        trust_store=layout.TRUST_STORE if facts.authorities else "",
        profiles=offered(settings),
        gpus=len(gpus(settings, facts)),
        other_sources=image.other_sources,
        layers=image.layers,
        nbgrader=settings.graded,
        rooms=rooms.described(settings),
    )


def courses(settings: Settings) -> tuple[Course, ...]:
    groups = settings.course_groups
    return tuple(Course(name, one.title or name, groups[name], one.teachers) for name, one in settings.courses.items())


def appearance(settings: Settings) -> Appearance:
    """What `hub` says of the pages."""
    return Appearance(**{name: text or "" for name, text in settings.hub.model_dump(exclude={"packages"}).items()})


def shared_folders(settings: Settings) -> tuple[SharedFolder, ...]:
    """The shares that not everybody sees alike."""
    found = [
        SharedFolder(
            name, share.path or "", share.group or "", share.readers or "", share.drop_box, share.members or ""
        )
        for name, share in settings.all_shares.items()
    ]
    # Members and teachers write to the exchange, and nobody has a link to it.
    exchanges = [
        SharedFolder(exchange(name), group=group)
        for name in settings.graded
        for group in settings.course_groups[name]
    ]  # fmt: skip
    return tuple(share for share in (*found, *exchanges) if share != SharedFolder(share.name))


def sign_on(settings: Settings) -> SignOn:
    """How people log in, without the secret."""
    auth, oidc = settings.auth, settings.auth.oidc
    title = oidc.title or (urlsplit(oidc.issuer).hostname if oidc.issuer else "")
    return SignOn(
        kind=auth.type,
        class_path=auth.class_path,
        options=options(auth),
        issuer={"ldap": auth.ldap.server, "lti": auth.lti.issuer}.get(auth.type, oidc.issuer) or "",
        client_id=(auth.lti if auth.type == "lti" else oidc).client_id or "",
        callback=callback(settings),
        title=(auth.provider if auth.type in {"ldap", "lti"} else title) or "",
        username_claim=oidc.username_claim or "",
        groups_claim=oidc.groups_claim,
        admin_groups=auth.lti.admin_roles if auth.type == "lti" else oidc.admin_groups,
        allowed_groups=auth.lti.allowed_roles if auth.type == "lti" else oidc.allowed_groups,
        scope=oidc.scope,
    )


def options(auth: Auth) -> dict[str, object]:
    """What only the chosen class reads."""
    if auth.type == "lti":
        return {key: getattr(auth.lti, key) for key in ("authorize_url", "jwks_endpoint", "username_key")}
    if auth.type != "ldap":
        return {key: value for key, value in auth.options.items() if key != SECRET_FILE}
    ldap = auth.ldap
    return {
        "server": ldap.server,
        "tls": ldap.tls,
        "bind_dn_template": [ldap.bind_dn_template] if ldap.bind_dn_template else [],
        "search_base": ldap.search_base or "",
        "search_filter": ldap.filter,
        "username_attribute": ldap.username_attribute,
        "bind_dn": ldap.bind_dn or "",
        "admin_groups": list(ldap.admin_groups),
        "allowed_groups": list(ldap.allowed_groups),
    }


def callback(settings: Settings) -> str:
    """Where a provider sends people back to; empty behind another web server, or without a name: then it is where they
    came by.
    """
    public = settings.name if urls.has_tls(settings) else None
    return f"{urls.url(settings, public)}hub/oauth_callback" if public else ""


def server_limits(settings: Settings, facts: Facts) -> ServerLimits:
    """Every key of everybody's `limits` in config.yaml, by name."""
    return ServerLimits(**settings.limits.everyones(facts.memory))


def other_limits(settings: Settings) -> OtherLimits:
    return OtherLimits(**settings.limits.others())


def offered(settings: Settings) -> tuple[Profile, ...]:
    """The courses come first: who is in one gets it without a choice, unless a profile says that it is the default."""
    of_file = (one.described(settings.spawner.allow.images) for one in settings.profiles)
    return profiles.parse([*choices_of(settings.courses), *of_file])


def gpus(settings: Settings, facts: Facts) -> tuple[str, ...]:
    """Those that can be lent; none if no profile gives any."""
    if not any(gives.gpus for _, gives in all_that_is_given(settings.profiles)):
        return ()
    return facts.gpus if settings.spawner.gpus is None else settings.spawner.gpus
