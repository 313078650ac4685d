"""The hub to compare with: JupyterHub and dockerspawner as in their documentation.

It is a second hub on the same machine, with the same virtualenv, image, Docker Engine, accounts and PAM. It runs as
root, with its own proxy as a child, on port 9000, and with the defaults of SystemUserSpawner: Docker's default network
and a published port for the server. `remove` is set, as in most guides: each start creates a container, as ours does.
"""

import contextlib
import time
from collections.abc import Iterator

from harness.machine import Machine
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import HubClient

PORT = 9000
FOLDER = "/root/vanilla"
CONFIG = """\
c.JupyterHub.bind_url = "http://0.0.0.0:9000/"
c.JupyterHub.hub_ip = "172.17.0.1"
c.JupyterHub.hub_port = 9081
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:9001"
c.ConfigurableHTTPProxy.command = ["/opt/hubinstall/node/bin/node", "{proxy}"]
c.JupyterHub.spawner_class = "dockerspawner.SystemUserSpawner"
c.DockerSpawner.image = "{image}"
c.DockerSpawner.prefix = "vanilla"
c.DockerSpawner.remove = True
c.Spawner.default_url = "/lab"
c.Authenticator.allow_all = True
c.JupyterHub.load_roles = []
"""


@contextlib.contextmanager
def hub(machine: Machine) -> Iterator[str]:
    """Its URL while it runs."""
    image = machine.run("docker images --format '{{.Repository}}:{{.Tag}}' hubinstall/default").out.split()[0]
    proxy = machine.run("find -L /opt/hubinstall/proxy -path '*/bin/configurable-http-proxy'").out.split()[0]
    machine.write(f"{FOLDER}/jupyterhub_config.py", CONFIG.format(image=image, proxy=proxy))
    url = f"http://{machine.address}:{PORT}/"
    start = f"cd {FOLDER} && exec /opt/hubinstall/hub/bin/jupyterhub >hub.log 2>&1"
    with machine.background(start):
        _wait(url, machine)
        yield url


def _wait(url: str, machine: Machine, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    with HubClient(url) as client:
        while True:
            try:
                client.login_page()
                return
            except HubError as error:
                if time.monotonic() > end:
                    raise TimeoutError(machine.run(["tail", "-n30", f"{FOLDER}/hub.log"]).out) from error
                time.sleep(0.2)
