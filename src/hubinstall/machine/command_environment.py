"""The environment of every command that we run: the same from any shell, except for its network settings."""

import os
from collections.abc import Mapping

BASE_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}
# Variables that are passed on from the administrator's shell: proxies, trust stores, package indexes and caches.
PASSED_ON = (
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE",
    "SSL_CERT_DIR", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS",
    "UV_CACHE_DIR", "HOME", "TMPDIR",
    "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "NPM_CONFIG_REGISTRY", "npm_config_registry",
    "SOURCE_DATE_EPOCH",
)  # fmt: skip


def for_commands(more: Mapping[str, str], way_out: Mapping[str, str]) -> dict[str, str]:
    """The environment for a command. `way_out`: what config.yaml says of the way to the internet, which overrides the
    shell; `more` overrides everything else.
    """
    shell = {k: os.environ[k] for k in PASSED_ON if k in os.environ}
    return shell | dict(way_out) | BASE_ENVIRONMENT | dict(more)
