"""Every path, unit, account, socket and network name of an installation.

Nothing else in the package spells one out. The hub's own code (hubside) imports it too, so it uses only the standard
library.
"""

# The files that people edit and add.
CONFIG_DIR = "/etc/hubinstall"
CONFIG_FILE = f"{CONFIG_DIR}/config.yaml"
HUB_DROPINS = f"{CONFIG_DIR}/jupyterhub_config.d"
NGINX_DROPINS = f"{CONFIG_DIR}/nginx.d"
EDITS = f"{CONFIG_DIR}/edits"
# A directory for each environment, with the lists of its packages.
ENVIRONMENTS = f"{CONFIG_DIR}/environments"
# For each environment whose packages config.yaml or a folder names: the versions and hashes that these mean.
ENVIRONMENT_LOCKS = f"{CONFIG_DIR}/environments-locked"
# What was asked for, what uv has made of it, and packages of the distribution and of R.
REQUIRED, REQUIREMENTS, APT_LIST, R_LIST = "requirements.in", "requirements.txt", "apt.txt", "r.txt"
ENVIRONMENT_FILES = (REQUIRED, REQUIREMENTS, APT_LIST, R_LIST)
HUB_PACKAGES = f"{CONFIG_DIR}/hub-packages.txt"

# Programs and their generated files. TREES holds directories named by their content; the links beside it switch them.
PROGRAMS = "/opt/hubinstall"
TREES = f"{PROGRAMS}/trees"
INSTALLER = f"{PROGRAMS}/installer"
INSTALLER_BIN = f"{INSTALLER}/bin"
UV = f"{INSTALLER_BIN}/uv"
COMMAND = "/usr/local/bin/hubinstall"
# What other programs show about the command: man(1), and the completions of shells. Their folders are not only ours.
SHARE = "/usr/local/share"
MAN_PAGE = f"{SHARE}/man/man8/hubinstall.8"
BASH_COMPLETION = f"{SHARE}/bash-completion/completions/hubinstall"
ZSH_COMPLETION = f"{SHARE}/zsh/site-functions/_hubinstall"
# fish looks into /usr/local only where XDG_DATA_DIRS is set.
FISH_COMPLETION = "/etc/fish/completions/hubinstall.fish"
HUB_VENV = f"{PROGRAMS}/hub"
HUBSIDE = f"{PROGRAMS}/hubside"
NODE = f"{PROGRAMS}/node"
PROXY_MODULES = f"{PROGRAMS}/proxy"
SUPERVISOR_VENV = f"{PROGRAMS}/supervisor"
CERTBOT_VENV = f"{PROGRAMS}/certbot"
CERTBOT = f"{CERTBOT_VENV}/bin/certbot"
# The static files that nginx serves itself: those of user servers and of the hub.
SERVER_STATIC = f"{PROGRAMS}/server-static"
HUB_STATIC = f"{PROGRAMS}/hub-static"
GENERATED = f"{PROGRAMS}/etc"
LAUNCHERS = f"{PROGRAMS}/libexec"
HUB_CONFIG = f"{GENERATED}/jupyterhub_config.py"
HUB_SETTINGS = f"{GENERATED}/hub.json"
BROKER_POLICY = f"{GENERATED}/broker.json"
ACCOUNTS_POLICY = f"{GENERATED}/accounts.json"
QUOTAS_POLICY = f"{GENERATED}/quotas.json"
FIREWALL_RULES = f"{GENERATED}/firewall.nft"
# How root's programs reach the internet, as variables; it may hold the password of the site's proxy.
WAY_OUT = f"{GENERATED}/way-out.env"
STARTING_PAGE = f"{GENERATED}/starting.html"
# A directory that is never created: nginx looks there for pages that nobody serves.
NO_PAGES = f"{GENERATED}/no-pages"
HOLD_SCRIPT = f"{GENERATED}/hold-requests.js"
FENCE_SCRIPT = f"{GENERATED}/fence-servers.js"
REFUSE_SCRIPT = f"{GENERATED}/refuse-early.js"
SHARES_PROGRAM = f"{GENERATED}/keep-shares-open.py"
SUPERVISOR_CONFIG = f"{GENERATED}/supervisord.conf"
SUPERVISOR_PROGRAMS = f"{GENERATED}/supervisor.d"

# State.
STATE = "/var/lib/hubinstall"
LEDGER = f"{STATE}/ledger.json"
GENERATIONS = f"{STATE}/generations"
# config.yaml and the drop-ins of the last run after which everything worked.
ACCEPTED = f"{STATE}/accepted"
# The lists of each environment as they were before they last changed.
ENVIRONMENTS_BEFORE = f"{STATE}/environments-before"
# What `hubinstall announce` says; the hub reads it for each page.
ANNOUNCEMENT = f"{STATE}/announcement.json"
SECRETS = f"{STATE}/secrets"
HUB_STATE = f"{STATE}/hub"
HUB_DATABASE = f"{HUB_STATE}/jupyterhub.sqlite"
SERVER_ACCOUNTS = f"{HUB_STATE}/accounts"
# What each person's servers used, hour by hour.
USE_HISTORY = f"{HUB_STATE}/use.sqlite"
# What the hub found in the drop-ins at its start.
DROPIN_REPORT = f"{HUB_STATE}/drop-ins.json"
# Which account of the machine the hub last knew under each name.
KNOWN_PEOPLE = f"{HUB_STATE}/people.json"
# Whom a provider of a sign-on means by each account, by its own IDs.
SIGNED_ON = f"{HUB_STATE}/signed-on.json"
# What people of courses that have ended can fetch for a while: a directory for each course, made in one of root's.
COURSE_ENDS = f"{HUB_STATE}/ended-courses"
COURSE_ENDING = f"{STATE}/ending-course"
ENDED_COURSE = "course.json"
ENDED_MATERIAL = "material.zip"
# Of the fingerprints by which the hub sees that a password was changed; only root reads it.
ACCOUNTS_KEY = f"{SECRETS}/accounts-key"
COOKIE_SECRET = f"{SECRETS}/cookie-secret"
# The copy of the secret that the hub shares with a provider of its sign-on.
SIGN_ON_SECRET = f"{SECRETS}/sign-on-secret"
SIGN_ON_ADMIN_SECRET = f"{SECRETS}/sign-on-admin-secret"
PROXY_TOKEN_FOR_HUB = f"{SECRETS}/proxy-token.hub"
PROXY_TOKEN_FOR_PROXY = f"{SECRETS}/proxy-token.proxy"
VERIFY_TOKEN_FOR_HUB = f"{SECRETS}/verify-token.hub"
VERIFY_TOKEN = f"{SECRETS}/verify-token.root"
INITIAL_PASSWORDS = f"{SECRETS}/initial-passwords"
# Which accounts `hubinstall user` has made, with their numbers.
PEOPLE_MADE = f"{STATE}/people-made.json"
# Who has a one-time link to set a password, by its hash; only root reads it.
LINKS = f"{STATE}/links"
# An import of people that has begun: who is to be made, and with which passwords.
PEOPLE_IMPORT = f"{SECRETS}/people-import.json"
TLS = f"{STATE}/tls"
SELF_SIGNED_KEY = f"{TLS}/self-signed.key"
SELF_SIGNED_CERT = f"{TLS}/self-signed.crt"
# What nginx reads: a link to the directory of a pair, so that key and certificate are switched together.
SERVED = f"{TLS}/served"
SERVED_CERT = f"{SERVED}/fullchain.pem"
SERVED_KEY = f"{SERVED}/privkey.pem"
# Certbot's own configuration, keys and accounts; /etc/letsencrypt is the administrator's.
ACME = f"{STATE}/letsencrypt"
ACME_CONFIG = f"{ACME}/config"
# Where nginx finds the responses to an authority's challenges, under /.well-known/acme-challenge/.
ACME_WEBROOT = f"{STATE}/acme"
NGINX_LOADED = f"{STATE}/nginx-loaded"
FIREWALL_LOADED = f"{STATE}/firewall-loaded"
# Which homes have been looked through since they have a quota.
QUOTAS_GATHERED = f"{STATE}/quotas-gathered.json"
CACHE = "/var/cache/hubinstall"
# What bootstrap.py has unpacked of an offline bundle, and the link to it, which goes with the next boot: what was being
# written when the power failed is not used.
UNPACKED_BUNDLE = f"{CACHE}/bundle"
BUNDLE = "/run/hubinstall-bundle"
# What builds of environments have downloaded.
WHEELS = f"{CACHE}/wheels"
IMAGES = f"{STATE}/images"
PROBE_HOME = f"{STATE}/probe"

# Directories that may be separate file systems, and that an installation writes to.
FILE_SYSTEMS = ("/etc", "/usr", "/opt", "/var/lib", "/home")

SYSTEMD_RUNS = "/run/systemd/system"
"""Exists if PID 1 is systemd (sd_booted(3))."""

# What exists until the next boot.
RUNTIME = "/run/hubinstall"
LOCK = "/run/hubinstall.lock"
PROXY_PUBLIC_DIR = f"{RUNTIME}/proxy-public"
PROXY_API_DIR = f"{RUNTIME}/proxy-api"
PROXY_PUBLIC_SOCKET = f"{PROXY_PUBLIC_DIR}/public.sock"
PROXY_API_SOCKET = f"{PROXY_API_DIR}/api.sock"
# Where the hub asks for containers, and what these containers see of the machine's accounts.
BROKER_DIR = f"{RUNTIME}/broker"
BROKER_SOCKET = f"{BROKER_DIR}/docker.sock"
BROKER_ACCOUNTS = f"{BROKER_DIR}/accounts"
# Where the hub asks whether a password is right.
ACCOUNTS_DIR = f"{RUNTIME}/accounts"
ACCOUNTS_SOCKET = f"{ACCOUNTS_DIR}/accounts.sock"
# What homes with a quota hold; there, because the hub alone can read what is there.
HOME_USE = f"{ACCOUNTS_DIR}/home-use.json"
# What the last build of an environment prints, for the hub's page.
BUILDS_DIR = f"{RUNTIME}/builds"
BUILD_OUTPUT = f"{BUILDS_DIR}/output"
# Exists once the quotas of all homes are set.
QUOTAS_SOCKET = f"{RUNTIME}/quotas.sock"
SUPERVISOR_SOCKET = f"{RUNTIME}/supervisor.sock"
SUPERVISOR_PID = f"{RUNTIME}/supervisord.pid"
DOCKER_SOCKET = "/run/docker.sock"

LOGS = "/var/log/hubinstall"
LOG_FILE = f"{LOGS}/hubinstall.log"
ACME_LOGS = f"{LOGS}/letsencrypt"

# People's data: named, mounted and linked, but never in the ledger.
SHARED_DATA = "/srv/data"
HOMES = "/home"
SKEL = "/etc/skel"
# Beside the homes: those of accounts that are being made for a sign-on.
NEW_HOMES = ".hubinstall-homes"
# Beside the homes: those that `hubinstall user remove --purge` has moved away.
REMOVED_HOMES = ".hubinstall-removed"
# Where `hubinstall user import` writes lists with first passwords.
PEOPLE_SHEETS = "/root/hubinstall-people"

# nginx.
NGINX_DIR = "/etc/nginx"
NGINX_CONF = "/etc/nginx/nginx.conf"
# The numbers in it before we raised them, so that they can be restored.
NGINX_CONF_BEFORE = f"{STATE}/nginx.conf.before"
NGINX_PROGRAM = "/usr/sbin/nginx"
NGINX_SITE = "/etc/nginx/conf.d/hubinstall.conf"
NGINX_TLS = "/etc/nginx/snippets/hubinstall-tls.conf"
NGINX_DEFAULT_SITE = "/etc/nginx/sites-enabled/default"
NGINX_DEFAULT_SITE_FILE = "/etc/nginx/sites-available/default"
NGINX_CHECK = f"{LAUNCHERS}/nginx-check"
NGINX_USER = "www-data"

# Docker.
DAEMON_JSON = "/etc/docker/daemon.json"
# The keys of daemon.json before we set ours, so that they can be restored.
DAEMON_JSON_BEFORE = f"{STATE}/daemon.json.before"
DOCKER_PID = "/run/docker.pid"
DOCKER_GROUP = "docker"
DOCKER_UNIT_FOLDER = "/etc/systemd/system/docker.service.d"
DOCKER_UNIT_DROPIN = f"{DOCKER_UNIT_FOLDER}/hubinstall.conf"
DOCKER_RESTARTS_DROPIN = f"{DOCKER_UNIT_FOLDER}/hubinstall-restarts.conf"
NO_LOGIN_GROUP = "hubinstall-no-ssh"
"""Accounts for the hub only: made by hubinstall, without a shell on this machine itself; sshd denies them."""
PEOPLE_GROUP = "hubinstall-people"
"""The accounts that may be used by whom a sign-on from elsewhere calls so: the accounts helper made them for it."""
SSHD_CONFIG = "/etc/ssh/sshd_config"
SSHD_DROPINS = "/etc/ssh/sshd_config.d"
SSHD_DROPIN = f"{SSHD_DROPINS}/hubinstall.conf"
SSHD_PID = "/run/sshd.pid"
SSHD_RUN = "/run/sshd"
NETWORK = "hubinstall"
BRIDGE = "hubinstall0"
IMAGE_REPOSITORY = "hubinstall/default"
PULLED_REPOSITORY = "hubinstall/pulled"
CONTAINER_PREFIX = "jupyter"
# Docker's DNS tells each container the names and addresses of all others on its network, and it cannot be turned off
# there. No question and no answer can contain a name of more than 63 bytes without a dot (RFC 1035, 2.3.4).
CONTAINER_TAIL = "_too-long-a-name-for-the-dns-so-that-no-neighbour-can-ask-who-is-here"
USERS_CGROUP = "hubinstall-users"
# Where home.sh is in a user's container: sourced by the start.sh of every image that follows the contract of
# docker-stacks, as the first of its hooks.
HOME_HOOK = "/usr/local/bin/before-notebook.d/00-hubinstall-home.sh"
# Where the configuration of nbgrader (hubside/nbgrader) is in a container of a course.
NBGRADER_CONFIG = "/etc/hubinstall-nbgrader"
# Where the server of a room finds what the hub mounts for it (hubside/room_documents.py).
ROOM_CONFIG = "/usr/local/etc/hubinstall-room"
HUB_PORT = 8081
MOST_FOR_HUB = 1 << 20
"""The maximum size of a request's body for the hub, in bytes; nginx and the hub itself refuse more."""
SERVER_PORT = 8888
# The label of every user's container that says whose it is.
USER_LABEL = "hubinstall.user"
# The same for a named server; empty for a person's usual one.
SERVER_LABEL = "hubinstall.server"
# The UID of that person's account when the container was made.
UID_LABEL = "hubinstall.uid"
# What of `profiles` the server was started with: options of a start in JSON (hubside/profiles.py).
CHOICE_LABEL = "hubinstall.choice"
# The GPUs that the broker has lent to the server, as JSON.
GPU_LABEL = "hubinstall.gpus"
START_SECONDS = 900
"""How long a container that was made for a start, and was not started, has what was lent to it."""
# The label of a container that gives a new volume, which it names, to a person.
HELPER_LABEL = "hubinstall.volume"

APT_WAY_OUT = "/etc/apt/apt.conf.d/80hubinstall"
# Where an administrator puts more authorities that the machine is to trust (update-ca-certificates(8)).
MORE_AUTHORITIES = "/usr/local/share/ca-certificates"
TRUST_STORE = "/etc/ssl/certs/ca-certificates.crt"
# apt runs it before it starts a service; ours exists only if PID 1 is not systemd.
POLICY_RC_D = "/usr/sbin/policy-rc.d"

# The Littlest JupyterHub, another way to install JupyterHub.
TLJH = "/opt/tljh"

# Accounts.
HUB_USER = "jupyterhub"
PROXY_USER = "jupyterhub-proxy"
PROBE_USER = "hubinstall-probe"
# What the accounts of rooms begin with, and how their comment in passwd(5) tells them from people's.
ROOM_PREFIX = "room-"
ROOM_COMMENT = "A room of hubinstall"
# User IDs that are never a person's, by systemd's list (systemd.io/UIDS-GIDS): mapped accounts of containers, dynamic
# service accounts, nobody, and -1 in 16 bits. systemd-homed's, just before them, are people's.
RESERVED_UIDS = range(60514, 65536)
# The largest that Docker takes for a container's user.
MOST_UID = 2**31 - 1
# Groups whose members can become root, or read what only root should (sudo's own; Debian's wiki, SystemGroups).
SUDO_GROUPS = ("sudo", "wheel", "admin")
STRONG_GROUPS = ("docker", "lxd", "incus-admin", "libvirt", "disk", "shadow", "adm")
# Debian's group of those who may read password hashes.
PASSWORDS_GROUP = "shadow"
VERIFY_SERVICE = "hubinstall-verify"
CULL_SERVICE = "hubinstall-cull"
PAM_SERVICE = "hubinstall"
PAM_FILE = f"/etc/pam.d/{PAM_SERVICE}"

# Services: what a person types after `systemctl status` and `journalctl -u`.
HUB_SERVICE = "jupyterhub"
PROXY_SERVICE = "jupyterhub-proxy"
FIREWALL_SERVICE = "hubinstall-firewall"
NGINX_SERVICE = "nginx"
DOCKER_SERVICE = "docker"
CONTAINERD_SERVICE = "containerd"
# Between the hub and Docker.
BROKER_SERVICE = "hubinstall-broker"
# Checks passwords for the hub.
ACCOUNTS_SERVICE = "hubinstall-accounts"
LIMITS_SERVICE = "hubinstall-limits"
USERS_SLICE = f"{USERS_CGROUP}.slice"
# Renews the certificate: systemd starts it with a timer, under supervisor it keeps running.
CERTIFICATES_SERVICE = "hubinstall-certificates"
CERTIFICATES_TIMER = f"{CERTIFICATES_SERVICE}.timer"
CERTIFICATES_PATH = f"{CERTIFICATES_SERVICE}.path"
# Starts supervisord again if it was killed.
WATCH_SERVICE = "hubinstall-watch"
# Runs where a share belongs to a group.
SHARES_SERVICE = "hubinstall-shares"
# Runs where homes have a quota.
QUOTAS_SERVICE = "hubinstall-quotas"
# In the order in which they start.
SERVICES = (
    LIMITS_SERVICE,
    FIREWALL_SERVICE,
    CONTAINERD_SERVICE,
    DOCKER_SERVICE,
    BROKER_SERVICE,
    ACCOUNTS_SERVICE,
    NGINX_SERVICE,
    PROXY_SERVICE,
    HUB_SERVICE,
    SHARES_SERVICE,
    QUOTAS_SERVICE,
)
# Services that only one process manager has; systemd's are unit files of their own.
SUPERVISORS_OWN = (CERTIFICATES_SERVICE, WATCH_SERVICE)
SYSTEMDS_OWN = (USERS_SLICE, CERTIFICATES_TIMER, CERTIFICATES_PATH)
SYSTEMD_UNITS = "/etc/systemd/system"
TMPFILES = "/etc/tmpfiles.d/hubinstall.conf"
INIT_SCRIPT = "/etc/init.d/hubinstall"
FIREWALL_TABLE = "hubinstall"
# Bridged packets pass the firewall's IPv4 hooks only while this is 1.
BRIDGE_NETFILTER = "net.bridge.bridge-nf-call-iptables"
MODULES_LOAD = "/etc/modules-load.d/hubinstall.conf"
SYSCTL = "/etc/sysctl.d/90-hubinstall.conf"
# In a service's environment: the digest of the configuration that it was started with.
STARTED_WITH = "HUBINSTALL_STARTED_WITH"
# The same, without the files that the launcher reads itself; the process manager sets it.
CONFIGURED = "HUBINSTALL_CONFIGURED"
# In the environment of every process of a service, so that a process that outlives its process manager is found.
SERVICE_NAME = "HUBINSTALL_SERVICE"
SUPERVISORD = "supervisord"
SUPERVISOR_LOG = f"{LOGS}/supervisord.log"
NGINX_RECORDER = f"{LAUNCHERS}/nginx-loaded"
UNIT_CANDIDATES = "/run/hubinstall-units"
NGINX_UNIT_FOLDER = f"{SYSTEMD_UNITS}/nginx.service.d"
NGINX_UNIT_DROPIN = f"{NGINX_UNIT_FOLDER}/hubinstall.conf"
USERS_SLICE_UNIT = f"{SYSTEMD_UNITS}/{USERS_SLICE}"
CERTIFICATES_TIMER_UNIT = f"{SYSTEMD_UNITS}/{CERTIFICATES_TIMER}"
CERTIFICATES_PATH_UNIT = f"{SYSTEMD_UNITS}/{CERTIFICATES_PATH}"
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
NGINX_PID = "/run/nginx.pid"


def launcher(service: str) -> str:
    """The small program that starts `service` under either process manager."""
    return f"{LAUNCHERS}/{service}"


def unit(service: str) -> str:
    return f"{SYSTEMD_UNITS}/{service}.service"


def done(service: str) -> str:
    """The file that a oneshot writes when it is done: the digest that it was started with. Gone after the next boot."""
    return f"{RUNTIME}/{service}.done"


def service_log(service: str) -> str:
    """Where supervisor writes a service's output; under systemd it is in the journal."""
    return f"{LOGS}/{service}.log"


def supervisor_program(service: str) -> str:
    return f"{SUPERVISOR_PROGRAMS}/{service}.conf"


def tree(name: str, digest: str) -> str:
    """A directory named by its content: the same name always means the same content."""
    return f"{TREES}/{name}-{digest[:16]}"
