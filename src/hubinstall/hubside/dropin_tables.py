"""Settings of JupyterHub that a drop-in cannot change, each with what to do instead.

Names of traits: jupyterhub.app, jupyterhub.proxy, jupyterhub.auth, jupyterhub.spawner (6.1) and dockerspawner (14).
"""

from hubinstall import layout

_ADDRESSES = "set http.address, http.port or base_url in config.yaml instead"
_NAMES = "see https.subdomains in config.yaml"
_HUB = "the hub listens only on the network of the user servers"
_TLS = "nginx has the certificate: see https in config.yaml"
_PROXY = "the proxy is a service of its own"
_CONTAINERS = "the firewall and the hub know only this network"
_DOCKER = "the hub uses this machine's Docker"
_KEEPS = "people's servers keep running when the hub restarts"

OURS: dict[str, dict[str, str]] = {
    "hub": {
        **dict.fromkeys(("bind_url", "ip", "port", "base_url"), _ADDRESSES),
        **dict.fromkeys(("subdomain_host", "cookie_host_prefix_enabled"), _NAMES),
        **dict.fromkeys(
            ("hub_bind_url", "hub_ip", "hub_port", "hub_connect_url", "hub_connect_ip", "hub_connect_port"), _HUB
        ),
        **dict.fromkeys(("ssl_key", "ssl_cert", "internal_ssl"), _TLS),
        **dict.fromkeys(
            ("proxy_class", "proxy_cmd", "proxy_api_ip", "proxy_api_port", "proxy_auth_token"), _PROXY
        ),
        **dict.fromkeys(("cleanup_servers", "cleanup_proxy"), _KEEPS),
        **dict.fromkeys(
            ("db_url", "reset_db"), "the hub's database is part of what is checked, kept and rolled back"
        ),
        **dict.fromkeys(
            ("cookie_secret", "cookie_secret_file"), "the secret is kept for root and the hub alone"
        ),
    },
    "proxy": dict.fromkeys(("api_url", "auth_token", "should_start", "command"), _PROXY),
    "spawner": {
        **dict.fromkeys(("network_name", "use_internal_ip", "use_internal_hostname", "ip", "host_ip"), _CONTAINERS),
        **dict.fromkeys(("hub_connect_url", "hub_connect_ip"), _HUB),
        **dict.fromkeys(("client_kwargs", "tls_config"), _DOCKER),
        "hub_ip_connect": _HUB,
        "remove": "a container is always new; what must stay belongs in the home, a share, or a volume",
        "hub_settings": "these are config.yaml's settings",
    },
    "authenticator": {"hub_settings": "these are config.yaml's settings"},
}  # fmt: skip
"""What holds the installation together: kept as it was, with a warning."""

_MEMORY = "Docker only limits: set limits.memory and limits.cpu in config.yaml"
USELESS: dict[str, dict[str, str]] = {
    "hub": {},
    "proxy": {},
    "spawner": dict.fromkeys(("mem_guarantee", "cpu_guarantee"), _MEMORY),
    "authenticator": {
        "admin_users": "set users.admin in config.yaml",
        "admin_groups": "set users.admin_groups in config.yaml",
        **dict.fromkeys(("allowed_users", "whitelist"), "set users.allowed in config.yaml"),
        **dict.fromkeys(("allowed_groups", "group_whitelist"), "set users.allowed_groups in config.yaml"),
        **dict.fromkeys(("allow_all", "allow_existing_users"), "try users.allow_all in config.yaml"),
        **dict.fromkeys(("blocked_users", "blacklist"), "set users.banned in config.yaml"),
        **dict.fromkeys(("create_system_users", "add_user_cmd"), "create the accounts on this machine: adduser NAME"),
        **dict.fromkeys(("service", "open_sessions"), f"the rules for passwords are in {layout.PAM_FILE}"),
        **dict.fromkeys(("username_map", "executor_threads"), "the login uses the names of this machine's accounts"),
    },
}  # fmt: skip
"""What hubinstall's own classes do not use."""

IDENTITY = ("USER", "LOGNAME", "NB_USER", "NB_UID", "NB_GID")
"""Environment variables that say who runs the server; others of ours give way to `c.Spawner.environment`."""
