"""The environment of every command that is run: the same from any shell, but for what it says about the way out."""

import os
from collections.abc import Mapping

BASE_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}
# What an administrator's shell may say about the way out (proxies, certificate authorities, caches) goes on.
PASSED_ON = (
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE",
    "SSL_CERT_DIR", "PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "UV_CACHE_DIR", "HOME", "TMPDIR",
    "UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "NPM_CONFIG_REGISTRY", "npm_config_registry",
    "SOURCE_DATE_EPOCH",
)  # fmt: skip


def for_commands(more: Mapping[str, str]) -> dict[str, str]:
    """`more` wins."""
    return {k: os.environ[k] for k in PASSED_ON if k in os.environ} | BASE_ENVIRONMENT | dict(more)
