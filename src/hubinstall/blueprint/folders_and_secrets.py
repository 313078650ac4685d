"""The directories of an installation, and the secrets that its services share."""

from hubinstall import layout
from hubinstall.blueprint.accounts import HUB_ACCOUNT, PROXY_ACCOUNT
from hubinstall.resources.base import Resource, id_of, ids
from hubinstall.resources.files.file import Directory
from hubinstall.resources.files.secret import Secret

HUB, PROXY = layout.HUB_USER, layout.PROXY_USER


def state() -> list[Resource]:
    """The state directory has mode 0711, the hub's part is its own with 0700, each secret is its reader's with 0400."""
    top = Directory(layout.STATE, mode="0711")
    secrets = Directory(layout.SECRETS, mode="0711", needs=ids(top))
    config = Directory(layout.CONFIG_DIR)
    programs = id_of(Directory, layout.PROGRAMS)
    accounts = (HUB_ACCOUNT, PROXY_ACCOUNT)
    return [
        top,
        secrets,
        config,
        Directory(layout.HUB_STATE, mode="0700", owner=HUB, group=HUB, whole=True, needs=ids(top, HUB_ACCOUNT)),
        Directory(layout.HUB_DROPINS, mode="0750", group=HUB, needs=ids(config, HUB_ACCOUNT)),
        Directory(layout.NGINX_DROPINS, mode="0700", needs=ids(config)),
        Directory(layout.GENERATED, needs=(programs,)),
        Directory(layout.LAUNCHERS, needs=(programs,)),
        Secret(layout.ACCOUNTS_KEY, readers={layout.ACCOUNTS_KEY: "root"}, needs=ids(secrets)),
        Secret(layout.COOKIE_SECRET, readers={layout.COOKIE_SECRET: HUB}, needs=ids(secrets, *accounts)),
        Secret(
            layout.PROXY_TOKEN_FOR_HUB,
            readers={layout.PROXY_TOKEN_FOR_HUB: HUB, layout.PROXY_TOKEN_FOR_PROXY: PROXY},
            needs=ids(secrets, *accounts),
        ),
        Secret(
            layout.VERIFY_TOKEN_FOR_HUB,
            readers={layout.VERIFY_TOKEN_FOR_HUB: HUB, layout.VERIFY_TOKEN: "root"},
            needs=ids(secrets, *accounts),
        ),
    ]
