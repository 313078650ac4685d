"""Times Docker's answers on several sockets in turns: `docker_calls.py ROUNDS PERSON SOCKET…` prints JSON.

Runs with the hub's packages. For each kind of call and each socket: the milliseconds of each call. A start is create,
start and removal of a person's server that only sleeps.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import docker

from hubinstall import layout
from hubinstall.hubside import container
from hubinstall.hubside.accounts import Account, write_account_files
from hubinstall.hubside.limits import ServerLimits
from hubinstall.hubside.settings import HubSettings


def start(client: Any, settings: HubSettings, account: Account) -> None:
    files = container.AccountFiles(*write_account_files(account, {}))
    limits = ServerLimits(256 << 20, 1.0, 256, None)
    config = container.host_config(limits, settings.cgroup_parent, [], init=False)
    config |= {
        "mounts": container.mounts(account, files, {}, container.mountinfo_here()),
        "network_mode": settings.network.name,
    }
    made = client.create_container(
        settings.image, ["60"], entrypoint=["sleep"], user=f"{account.uid}:{account.gid}",
        name=f"{layout.CONTAINER_PREFIX}-benchmark{layout.CONTAINER_TAIL}", labels={layout.USER_LABEL: account.name},
        host_config=client.create_host_config(**config),
    )["Id"]  # fmt: skip
    client.start(made)
    client.remove_container(made, force=True)


def kinds(settings: HubSettings, account: Account) -> dict[str, Callable[[Any], Any]]:
    return {
        "version": lambda client: client.version(),
        "image": lambda client: client.inspect_image(settings.image),
        "network": lambda client: client.inspect_network(settings.network.name),
        "list": lambda client: client.containers(all=True, filters={"label": f"{layout.USER_LABEL}={account.name}"}),
        "start": lambda client: start(client, settings, account),
    }


def main() -> None:
    rounds, account, paths = int(sys.argv[1]), Account.find(sys.argv[2]), sys.argv[3:]
    assert account, "the person has an account"
    clients = {path: docker.APIClient(base_url=f"unix://{path}", version="auto") for path in paths}
    taken: dict[str, dict[str, list[float]]] = {}
    for kind, call in kinds(HubSettings.load(layout.HUB_SETTINGS), account).items():
        taken[kind] = {path: [] for path in paths}
        for number in range(rounds + 1):
            for path in paths[number % len(paths) :] + paths[: number % len(paths)]:
                began = time.perf_counter()
                call(clients[path])
                if number:
                    taken[kind][path].append((time.perf_counter() - began) * 1000)
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
