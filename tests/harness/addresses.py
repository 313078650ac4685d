"""Where the hubs of a run are (--address): at the root of their machine's address, under a path, or behind another web
server. The core suite must pass for each; the default is the first.
"""

from dataclasses import dataclass

from harness.network import RANGE

PORT_BEHIND = 8000


@dataclass(frozen=True)
class Address:
    """`flags`: the flags of the README's command. `settings`: what they mean in config.yaml; `beforehand`: it is
    written before the first install, because there are no flags for it. `ports`: those that the machine's nginx holds.
    """

    flags: str = ""
    settings: str = ""
    beforehand: bool = False
    path: str = "/"
    ports: tuple[int, ...] = (80, 443)

    @property
    def behind(self) -> bool:
        """Whether another web server handles TLS, and people connect to that one."""
        return self.beforehand


ADDRESSES = {
    "root": Address(),
    "prefix": Address(flags=" --base-url /jupyter/", settings="base_url: /jupyter/\n", path="/jupyter/"),
    # Without a domain, because tests use the hub's address; test_behind.py has a domain. The whole range is trusted,
    # because a snapshot may have to start with another machine's number.
    "behind": Address(
        settings=f"https: {{mode: off}}\nhttp: {{port: {PORT_BEHIND}, trusted_proxies: [{RANGE}]}}\n",
        beforehand=True,
        ports=(PORT_BEHIND,),
    ),
}
LEFT_OUT = {
    "test_addresses.py": "sets its own addresses",
    "test_behind.py": "sets its own addresses, and has two web servers in front",
    "test_browser.py": "a person's clicks, on pages that the others ask for as well",
    "test_contract.py": "kinds of resources, none of which knows an address",
    "test_harness.py": "machines without a hub",
    "test_idle_servers.py": "what servers and the hub tell each other, and a person's clicks",
    "test_killed_install.py": "hours; test_killed.py draws from the same moments",
    "test_letsencrypt.py": "sets its own names, and is about TLS at the machine itself",
    "test_login_door.py": "the authenticator's, which is asked the same way at any address",
    "test_nonsense.py": "all of it is refused before an address matters",
    "test_one_file.py": "how a version comes onto a machine, wherever its hub is",
    "test_rendered.py": "draws its own addresses",
    "test_static_files.py": "sets its own addresses",
    "test_tls_scan.py": "scans the TLS of the machine itself",
    "test_transfers.py": "sizes and patience, which test_behind.py has, too",
    "test_upgrade.py": "what the last release has set up, at the root",
}
"""Test file → why it is not in the core suite, which consists of all other files."""

_chosen = ["root"]


def choose(name: str) -> None:
    """Choose for the whole run, before tests are collected."""
    _chosen[:] = [name]


def name() -> str:
    return _chosen[0]


def here() -> Address:
    return ADDRESSES[name()]


def left_out(file: str) -> bool:
    """Whether this run skips a test file."""
    return name() != "root" and file in LEFT_OUT
