"""A container per person: DockerSpawner with the options of container.py, and with reasons when a start fails.

Docker may be away for a while (a restart of dockerd leaves containers running): nothing here treats that as the end of
a server.
"""

import asyncio
import contextlib
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, ClassVar

import requests
from docker.errors import APIError, DockerException
from traitlets import default

from hubinstall import layout
from hubinstall.hubside import container, extra, failures, full_homes, repair, rights, shares, start_options, volumes
from hubinstall.hubside.accounts import Account, NoServerError, homes, write_account_files
from hubinstall.hubside.elsewhere import Elsewhere
from hubinstall.hubside.image_pulls import Pulls, about_image
from hubinstall.hubside.listening import listens
from hubinstall.hubside.own_limits import OwnLimits
from hubinstall.hubside.repair import RepairError
from hubinstall.hubside.safe_start import LEFT_OUT, SafeStarts
from hubinstall.hubside.start_failure import StartFailure, reasons
from hubinstall.hubside.startqueue import Idleness, StartQueue
from hubinstall.hubside.unseen_end import corrected

THREADS = 32
"""Calls of Docker at once. Most of them wait, such as 10 seconds for each container that does not end when asked to."""
POLL = 0.05
"""Seconds between two checks whether a starting server listens."""
LOOK = 0.5
"""Seconds between two checks whether its container is still running."""
SILENCE = 180.0
"""Seconds that a running container has to listen: what its owner has set up can keep it from that for ever."""
PATIENCE = 30.0
"""Seconds that a call waits for a dockerd that is restarting."""
PREFIX, HUB_HOST = "JUPYTERHUB_SERVICE_PREFIX", "JUPYTERHUB_HOST"
"""In a server's environment: the URL path that it serves (JupyterHub, Spawner.get_env)."""
AWAY = (requests.exceptions.ConnectionError, requests.exceptions.Timeout, ConnectionError)


class HomeSpawner(OwnLimits, SafeStarts):
    """A person's server: the host account's rights, home and groups in a container."""

    _executor = ThreadPoolExecutor(THREADS, thread_name_prefix="docker")
    _queues: ClassVar[dict[str, StartQueue]] = {}
    """Those who check and repair the hub do not wait behind people: each kind of person has a queue of its own."""
    _elsewhere: ClassVar[Elsewhere] = Elsewhere()
    _pulls: ClassVar[Pulls] = Pulls()
    _had_turn = False
    _stage = ""

    @default("object_name")  # type: ignore[untyped-decorator]  # traitlets has no types
    def _object_name_default(self) -> str:
        """The container's name: also one that a drop-in sets gets the tail that keeps it from neighbours."""
        return f"{super()._object_name_default()}{layout.CONTAINER_TAIL}"

    # -- starting --------------------------------------------------------------------------------------------

    async def run_pre_spawn_hook(self) -> None:
        """Wait in the queue, then run the administrator's hook.

        JupyterHub's clock (`start_timeout`) begins after this hook, with `start`: the last of a class must not fail by
        their position. However the start ends, its task gives the place back.
        """
        await self._place()
        self._had_turn = True
        with reasons(self.log):
            hook = super().run_pre_spawn_hook()
            if inspect.isawaitable(hook):
                await hook

    async def _run_apply_user_options(self, user_options: dict[str, Any]) -> None:
        with reasons(self.log):
            await super()._run_apply_user_options(user_options)

    async def start(self) -> tuple[str, int]:
        """Start the container, and return its address when it listens.

        Raises StartFailure with words for the person who is waiting.
        """
        if not self._had_turn:
            await self._place()
        try:
            with reasons(self.log):
                return await self._start()
        finally:
            self._end_turn()

    async def _place(self) -> None:
        self.user_options = start_options.without_image(self, self.user_options)
        self._stage = "Waiting in the queue"
        await self._turns().enter(self, self.user.name)
        if task := asyncio.current_task():
            task.add_done_callback(lambda _: self._end_turn())
        self._stage = "Starting your container"

    def _end_turn(self) -> None:
        self._had_turn = False
        self._turns().leave(self)

    async def _start(self) -> tuple[str, int]:
        try:
            await self._retried(lambda: repair.of_this_hub().before_start(self.image, self._tell))
            if self.gives.image:
                self._end_turn()  # others start while it is pulled
                self._stage = f"Getting the image {self.gives.image}"
                await self._pulls.bring(self, self.gives.image)
            await self._remove_strays()
            ip, port = await super().start()
        except NoServerError as error:
            raise StartFailure(str(error), status_code=403) from None
        except RepairError as error:
            raise StartFailure(str(error)) from None
        except APIError as error:
            words = failures.refused(str(error.explanation or error), self._home(), self.image)
            raise StartFailure(about_image(self.gives.image, words)) from None
        except (*AWAY, DockerException) as error:
            self.log.error("Docker does not answer: %s", error)  # noqa: TRY400 - a traceback would not say more
            raise StartFailure("Docker does not answer on this machine. Try again in a minute.") from None
        self._stage = "Your container is running; Jupyter is starting in it"
        if self.started_safely:
            self._stage += f", without {LEFT_OUT}"
        await self._listening(ip, port)
        await self._check_whose()
        self._stage = "Jupyter is ready"
        return ip, port

    def _tell(self, words: str) -> None:
        """What is being repaired before the start, for the log and for the person who waits."""
        self.log.warning("%s", words)
        self._stage = words

    async def post_start_exec(self) -> None:
        """Run `post_start_cmd` in the server and wait for its end: the broker passes no stream of a command on."""
        made = await self.docker("exec_create", self.container_id, self.post_start_cmd)
        await self.docker("exec_start", made["Id"], detach=True)
        while (state := await self.docker("exec_inspect", made["Id"]))["Running"]:  # noqa: ASYNC110 - Docker tells nobody
            await asyncio.sleep(POLL)
        if code := state["ExitCode"]:
            self.log.warning("The command after the start of %s: exit code %s", self.object_name, code)

    async def _remove_strays(self) -> None:
        """Remove this server's old containers, also if somebody has renamed or paused one: they use the same home."""
        mine = {"label": f"{layout.USER_LABEL}={self.user.name}"}
        for found in await self.docker("containers", all=True, filters=mine):
            if found["Labels"].get(layout.SERVER_LABEL, "") == self.name:
                self.log.warning("Removing the old container %s (%s)", found["Names"], found["State"])
                await self.docker("remove_container", found["Id"], v=True, force=True)

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """What the waiting person reads: the position in the queue, then each stage."""
        told = None
        while True:
            waits = self._turns().words(self)
            event = {"progress": 10 if waits else 50, "message": waits or self._stage or "Preparing"}
            if event != told:
                yield event
                told = event
            await asyncio.sleep(0.3)

    async def _listening(self, ip: str, port: int) -> None:
        """Return as soon as something listens there; raise StartFailure as soon as the container has exited."""
        begun = looked = time.monotonic()
        idleness = Idleness(begun)
        while not await listens(ip, port):
            await asyncio.sleep(POLL)
            if time.monotonic() - looked >= LOOK:
                looked = time.monotonic()
                await self._check_alive()
                await self._give_back_if(idleness)
            if looked - begun > SILENCE:
                words = (
                    f"Your server is running, but did not answer within {SILENCE:.0f} seconds. {failures.LAST_OUTPUT}"
                )
                raise await self._failure_of_server(words)

    async def _check_alive(self) -> None:
        try:
            found = await self.docker("inspect_container", self.container_id)
        except APIError as error:
            if error.status_code == 404:
                raise StartFailure("Your container was removed while it was starting.") from None
            raise
        if not found["State"]["Running"]:
            raise await self._failure_of_server(
                failures.died(found["State"], self.mem_limit), found["State"]["ExitCode"]
            )

    async def _give_back_if(self, idleness: Idleness) -> None:
        """Give the place back early if the container does nothing. If that cannot be seen, the place ends by itself."""
        if self._turns().has_place(self):
            with contextlib.suppress(*AWAY, DockerException, KeyError):
                found = await super().docker("stats", self.container_id, stream=False, one_shot=True)
                used = found["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9
                if idleness.is_idle(used, time.monotonic()):
                    self._turns().leave(self)

    async def _failure_of_server(self, words: str, code: int = 0) -> StartFailure:
        """With the end of its log, and the offer of a safe start. `code`: its exit code."""
        log = (await self.docker("logs", self.container_id, tail=200)).decode(errors="replace")
        if code == container.ANOTHERS_HOME and log.startswith("owner="):
            return StartFailure(failures.anothers_home(self._home(), self.user.name, log), status_code=403)
        words = f"{full_homes.said_of(self.user.name)} {about_image(self.gives.image, words)}".strip()
        return StartFailure(words, log, offer=self.offer_after_failure())

    async def _check_whose(self) -> None:
        """The account may have been given to somebody else while the server was starting."""
        found = await self.docker("inspect_container", self.container_id)
        if self._is_anothers(found):
            await self.docker("stop", self.container_id)
            raise StartFailure("Your account was changed while your server was starting. Start it again.", "", 409)

    def _turns(self) -> StartQueue:
        name, places = self.user.name, self.hub_settings.cores
        admin = rights.is_admin(self.hub_settings, name) or getattr(self.user, "admin", False)
        kind = "administrators" if admin else "probe" if name == layout.PROBE_USER else "people"
        return HomeSpawner._queues.setdefault(kind, StartQueue(places))

    # -- the container ---------------------------------------------------------------------------------------

    def _is_anothers(self, found: dict[str, Any]) -> bool:
        """Whether the container was made for an account that had the same name. `found`: Docker's container inspect."""
        uid, account = container.started_with(found["Config"]), Account.brief(self.user.name)
        return uid is not None and account is not None and uid != account.uid

    async def create_object(self) -> Any:
        """Create the container; extra_*_config of an administrator's drop-in overrides our options."""
        account = Account.find(self.user.name)
        if account is None:
            raise NoServerError(f"The account {self.user.name} no longer exists on this machine.")
        # The login has asked the same, unless a drop-in's authenticator has let this person in.
        vouched = rights.vouched_by(self.authenticator, self.user.name)
        if reason := rights.refusal(self.hub_settings, self.user.name, account, vouched):
            raise NoServerError(reason)
        account.check_home(homes(self.hub_settings.uid_min))
        share_groups = shares.groups_of(self.hub_settings.shares, account)
        folders, away = await self._elsewhere.present(self.hub_settings.shares, share_groups)
        if away:
            self.log.warning("%s starts without %s: missing, or no answer", self.container_name, ", ".join(away))
        image = await self.docker("inspect_image", self.image)
        boxes = any(share.drop_box for share in self.hub_settings.shares)
        groups = container.further_groups(self.image, share_groups.values(), drop_boxes=boxes)
        files = container.AccountFiles(*write_account_files(account, share_groups))
        limits = replace(self.own_limits(account), memory=extra.size(self.mem_limit), cpu=self.cpu_limit)
        for_grading, course = self.grading(account)
        entrypoint = image["Config"].get("Entrypoint")
        init = not container.has_init(entrypoint)
        config = container.host_config(limits, self.hub_settings.cgroup_parent, groups, init=init) | {
            "mounts": container.mounts(
                account, files, folders, container.mountinfo_here(), self.hub_settings.trust_store
            )
            + self.chosen_mounts()
            + for_grading
            + self.mount_binds,
            "binds": self.volume_binds,
            "links": self.links,
            "network_mode": self.network_name,
        }
        extra.merge_host_config(config, await self._extra(self.extra_host_config))
        create = {
            "image": self.image,
            "name": self.container_name,
            "entrypoint": container.entrypoint(account.home, entrypoint, self.old_home()),
            "command": [*(self.cmd or image["Config"].get("Cmd") or ()), *self.get_args()],
            # A drop-in may set another time zone or language (c.Spawner.environment).
            "environment": container.environment(
                account,
                self.cpu_limit,
                shares=not {share.group for share in self.hub_settings.shares}.isdisjoint(share_groups),
                links=shares.links(self.hub_settings.shares, share_groups),
                given=container.machines_region(self.image) | self.hub_settings.server_way_out | self.get_env(),
            )
            | course
            | self.safe_environment(),
            "user": f"{account.uid}:{account.gid}",
            "working_dir": account.home,
            "labels": self.own_labels(account),
            "ports": {f"{self.port}/tcp": None},
            "volumes": self.volume_mount_points,
            "host_config": self.client.create_host_config(**config),
        }
        extra.merge(create, await self._extra(self.extra_create_kwargs))
        created = await self.docker("create_container", **create)
        await volumes.make_writable(self, created["Id"], account, gids=account.gids | groups)
        return created

    async def _extra(self, value: Any) -> dict[str, Any]:
        value = self._eval_if_callable(value)
        value = await value if inspect.isawaitable(value) else value
        return dict(self._render_templates(value) or {})

    def _home(self) -> str:
        account = Account.find(self.user.name)
        return account.home if account else ""

    # -- Docker, which may be away ---------------------------------------------------------------------------

    @property
    def executor(self) -> ThreadPoolExecutor:
        return HomeSpawner._executor

    async def docker(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call Docker's API. If it cannot connect it tries again for a while: dockerd restarts quickly."""
        call = super().docker
        return await self._retried(lambda: call(method, *args, **kwargs))

    async def _retried(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return await ask()
            except (*AWAY, DockerException) as error:
                if isinstance(error, APIError) or time.monotonic() > end:
                    raise
            await asyncio.sleep(1)

    async def _inspected(self) -> dict[str, Any]:
        """The server's container, by its id, because somebody may have renamed it. Docker's errors are passed on."""
        if self.object_id:
            try:
                return await super().docker("inspect_container", self.object_id)  # type: ignore[no-any-return]
            except APIError as error:
                if error.status_code != 404:
                    raise
        return await super().docker("inspect_container", self.object_name)  # type: ignore[no-any-return]

    async def poll(self) -> Any:
        """None: the server is running, or Docker does not answer. No answer is no end of it."""
        try:
            status = await corrected(self._inspected)
        except APIError as error:
            if error.status_code == 404:
                self.object_id = ""
                return 0
            self.log.warning("Docker cannot tell the state of %s: %s", self.object_name, error)
            return None
        except (*AWAY, DockerException) as error:
            self.log.warning("Docker cannot tell the state of %s: %s", self.object_name, error)
            return None
        self.object_id = status["Id"]
        state = status["State"]
        if state["Running"] and (reason := self._must_end(status)):
            self.log.warning("Stopping %s: it was %s", self.object_name, reason)
            with contextlib.suppress(*AWAY, DockerException):  # if this fails, run_post_stop_hook removes it
                await super().docker("stop", self.object_id)
            return reason
        if state.get("Paused"):
            self.log.warning("Somebody has paused %s: letting it continue", self.object_name)
            with contextlib.suppress(*AWAY, DockerException):  # the next check tries again
                await super().docker("unpause", self.object_id)
        return None if state["Running"] else f"exit code {state['ExitCode']} {state.get('Error', '')}".strip()

    def _must_end(self, status: dict[str, Any]) -> str | None:
        """Why a running server must not go on."""
        if not self._is_reached_here(status["Config"]["Env"] or ()):
            return "started under another URL"
        return "started for an earlier account of that name" if self._is_anothers(status) else None

    def _is_reached_here(self, environment: Iterable[str]) -> bool:
        """Whether a server answers under the URL to which the hub sends people. `base_url` and `https.subdomains` may
        have changed since it started: `hubinstall apply --yes` stops running servers, but one may have started then.
        """
        started = dict(line.split("=", 1) for line in environment if "=" in line)
        base_url, host = str(self.user.base_url), self.hub_settings.subdomain_host
        return started.get(HUB_HOST, host) == host and started.get(PREFIX, base_url).startswith(base_url)

    async def get_url(self) -> str:
        """Where the server is. The hub asks after its restart, which may have interrupted a start before the address
        was saved.
        """
        known: str = self.server.url
        try:
            found = await self._inspected()
        except (*AWAY, DockerException):
            return known
        ip = self.get_network_ip(found["NetworkSettings"])
        return f"http://{ip}:{self.port}{self.server.base_url}" if ip else known

    async def run_post_stop_hook(self) -> Any:
        """Remove the container of a server that exited by itself; the hub only stops running ones."""
        if self.object_id:
            try:
                await super().docker("remove_container", self.object_id, v=True, force=True)
            except (*AWAY, DockerException) as error:
                self.log.info("%s stays until its next start: %s", self.object_name, error)
            else:
                self.object_id = ""
        hook = super().run_post_stop_hook()
        return await hook if inspect.isawaitable(hook) else hook
