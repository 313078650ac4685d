"""Keys of The Littlest JupyterHub that have another place here, or none: what to do instead.

Its keys: the modules `configurer` and `config_schema` of github.com/jupyterhub/the-littlest-jupyterhub, and the page
"Configuring TLJH with tljh-config" of its documentation. Those that mean the same have the same name here and are
not in this table. The same words answer keys that people expect from other programs.
"""

from hubinstall import layout

_DROPIN = f"a file {layout.HUB_DROPINS}/NAME.py"
_GROUPS = (
    "try leaving it out: a server has the groups of its account on this machine; to add one: usermod -aG GROUP NAME"
)
_CULLED_USERS = "try leaving it out: the hub's people are accounts of this machine, and an idle one costs nothing"
_PASSWORDS = "try leaving it out: people log in with the password of their account on this machine (set with passwd)"
_NO_TRAEFIK = "try leaving it out: there is no traefik here; nginx and configurable-http-proxy need no settings for it"

ANSWERS: dict[tuple[str, ...], str] = {
    ("https", "enabled"): "try leaving it out: https is always on unless `https.mode: off` turns it off",
    ("https", "port"): "try leaving it out: nginx serves https on port 443, and redirects port 80 to it",
    ("https", "address"): "try leaving it out: nginx serves https on every address of this machine",
    ("user_environment",): "try leaving it out: a server opens JupyterLab; to open the classic Notebook, let"
    f" {_DROPIN} say `c.Spawner.default_url = '/tree'`",
    ("users", "extra_user_groups"): _GROUPS,
    ("services", "cull", "users"): _CULLED_USERS,
    ("services", "cull", "concurrency"): "try leaving it out: five servers are stopped at a time",
    ("services", "cull", "remove_named_servers"): "try leaving it out: a stopped server keeps its name",
    ("services", "configurator"): "try leaving it out: there is no configurator here",
    ("traefik_api",): _NO_TRAEFIK,
    ("limits", "gpu"): "try leaving it out: a choice at the start (profiles) lends GPUs to a server",
    ("environment", "packages"): "try leaving it out: `hubinstall environment add NAME` adds a package for everybody",
    ("proxy",): "did you mean network.proxy?",
    ("http_proxy",): "did you mean network.proxy?",
    ("https_proxy",): "did you mean network.proxy?",
    ("no_proxy",): "did you mean network.no_proxy?",
    ("ca_bundle",): "did you mean network.ca_bundle?",
}
"""Path of an unknown key → the hint for it and for everything below it."""


def answer(path: tuple[str, ...]) -> str:
    """The hint for an unknown key; empty if it is not in the table."""
    for length in range(len(path), 0, -1):
        if path[:length] in ANSWERS:
            return ANSWERS[path[:length]]
    authenticator = path[0] == "auth" and any(part.endswith("Authenticator") for part in path)
    return _PASSWORDS if authenticator else ""
