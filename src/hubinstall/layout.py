"""Every path, unit, account, socket and network name of an installation.

Nothing else in the package spells one out. Imported by the hub's own code too (hubside), hence stdlib only.
"""

# What a person edits, and adds to.
CONFIG_DIR = "/etc/hubinstall"
CONFIG_FILE = f"{CONFIG_DIR}/config.yaml"
HUB_DROPINS = f"{CONFIG_DIR}/jupyterhub_config.d"
NGINX_DROPINS = f"{CONFIG_DIR}/nginx.d"
EDITS = f"{CONFIG_DIR}/edits"

# Programs and what is generated for them. Content-named folders under TREES, switched by the links beside it.
PROGRAMS = "/opt/hubinstall"
TREES = f"{PROGRAMS}/trees"
INSTALLER = f"{PROGRAMS}/installer"
INSTALLER_BIN = f"{INSTALLER}/bin"
UV = f"{INSTALLER_BIN}/uv"
COMMAND = "/usr/local/bin/hubinstall"
HUB_VENV = f"{PROGRAMS}/hub"
HUBSIDE = f"{PROGRAMS}/hubside"
NODE = f"{PROGRAMS}/node"
PROXY_MODULES = f"{PROGRAMS}/proxy"
SUPERVISOR_VENV = f"{PROGRAMS}/supervisor"
GENERATED = f"{PROGRAMS}/etc"
LAUNCHERS = f"{PROGRAMS}/libexec"
HUB_CONFIG = f"{GENERATED}/jupyterhub_config.py"
HUB_SETTINGS = f"{GENERATED}/hub.json"
FIREWALL_RULES = f"{GENERATED}/firewall.nft"
SUPERVISOR_CONFIG = f"{GENERATED}/supervisord.conf"
SUPERVISOR_PROGRAMS = f"{GENERATED}/supervisor.d"

# State.
STATE = "/var/lib/hubinstall"
LEDGER = f"{STATE}/ledger.json"
GENERATIONS = f"{STATE}/generations"
SECRETS = f"{STATE}/secrets"
HUB_STATE = f"{STATE}/hub"
HUB_DATABASE = f"{HUB_STATE}/jupyterhub.sqlite"
SERVER_ACCOUNTS = f"{HUB_STATE}/accounts"
COOKIE_SECRET = f"{SECRETS}/cookie-secret"
PROXY_TOKEN_FOR_HUB = f"{SECRETS}/proxy-token.hub"
PROXY_TOKEN_FOR_PROXY = f"{SECRETS}/proxy-token.proxy"
VERIFY_TOKEN_FOR_HUB = f"{SECRETS}/verify-token.hub"
VERIFY_TOKEN = f"{SECRETS}/verify-token.root"
INITIAL_PASSWORDS = f"{SECRETS}/initial-passwords"
TLS = f"{STATE}/tls"
SELF_SIGNED_KEY = f"{TLS}/self-signed.key"
SELF_SIGNED_CERT = f"{TLS}/self-signed.crt"
NGINX_LOADED = f"{STATE}/nginx-loaded"
CACHE = "/var/cache/hubinstall"
IMAGES = f"{STATE}/images"
PROBE_HOME = f"{STATE}/probe"

# What lives until the next boot.
RUNTIME = "/run/hubinstall"
LOCK = "/run/hubinstall.lock"
PROXY_PUBLIC_DIR = f"{RUNTIME}/proxy-public"
PROXY_API_DIR = f"{RUNTIME}/proxy-api"
PROXY_PUBLIC_SOCKET = f"{PROXY_PUBLIC_DIR}/public.sock"
PROXY_API_SOCKET = f"{PROXY_API_DIR}/api.sock"
SUPERVISOR_SOCKET = f"{RUNTIME}/supervisor.sock"
SUPERVISOR_PID = f"{RUNTIME}/supervisord.pid"
DOCKER_SOCKET = "/run/docker.sock"

LOGS = "/var/log/hubinstall"
LOG_FILE = f"{LOGS}/hubinstall.log"

# People's data: mentioned, mounted, linked; never in the ledger.
SHARED_DATA = "/srv/data"
HOMES = "/home"
SKEL = "/etc/skel"

# nginx.
NGINX_CONF = "/etc/nginx/nginx.conf"
NGINX_SITE = "/etc/nginx/conf.d/hubinstall.conf"
NGINX_TLS = "/etc/nginx/snippets/hubinstall-tls.conf"
NGINX_DEFAULT_SITE = "/etc/nginx/sites-enabled/default"
NGINX_USER = "www-data"

# Docker.
DAEMON_JSON = "/etc/docker/daemon.json"
NETWORK = "hubinstall"
BRIDGE = "hubinstall0"
IMAGE_REPOSITORY = "hubinstall/default"
PULLED_REPOSITORY = "hubinstall/pulled"
CONTAINER_PREFIX = "jupyter"
USERS_CGROUP = "hubinstall-users"
HUB_PORT = 8081
SERVER_PORT = 8888
# On every user's container: whose it is.
USER_LABEL = "hubinstall.user"

# Accounts.
HUB_USER = "jupyterhub"
PROXY_USER = "jupyterhub-proxy"
PROBE_USER = "hubinstall-probe"
VERIFY_SERVICE = "hubinstall-verify"
PAM_SERVICE = "hubinstall"
PAM_FILE = f"/etc/pam.d/{PAM_SERVICE}"

# Services: what a person types after `systemctl status` and `journalctl -u`.
HUB_SERVICE = "jupyterhub"
PROXY_SERVICE = "jupyterhub-proxy"
FIREWALL_SERVICE = "hubinstall-firewall"
NGINX_SERVICE = "nginx"
DOCKER_SERVICE = "docker"
CONTAINERD_SERVICE = "containerd"
SYSTEMD_UNITS = "/etc/systemd/system"
TMPFILES = "/etc/tmpfiles.d/hubinstall.conf"
INIT_SCRIPT = "/etc/init.d/hubinstall"
FIREWALL_TABLE = "hubinstall"
# In the environment of a service: the digest of the configuration it was started with.
STARTED_WITH = "HUBINSTALL_STARTED_WITH"


def launcher(service: str) -> str:
    """The small program that starts `service` under either process manager."""
    return f"{LAUNCHERS}/{service}"


def unit(service: str) -> str:
    return f"{SYSTEMD_UNITS}/{service}.service"


def supervisor_program(service: str) -> str:
    return f"{SUPERVISOR_PROGRAMS}/{service}.conf"


def tree(name: str, digest: str) -> str:
    """A content-named folder: the same name always means the same content."""
    return f"{TREES}/{name}-{digest[:16]}"
