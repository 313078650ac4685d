"""How packages are added to an image: in a container with the limits of a server, on this machine's way to the network.

Not by a Dockerfile: a build has no mounts without buildx, which Debian does not have, so that uv, its cache and the
password of a proxy would stay in the image's layers.
"""

import functools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from hubinstall import layout
from hubinstall.errors import CommandError, UserError, cures
from hubinstall.machine.docker import AT_SOCKET, asked, docker, docker_query, inspect_image
from hubinstall.machine.folder import Line
from hubinstall.machine.host import Completed, Host
from hubinstall.resources.docker import build_place, wheels
from hubinstall.resources.docker.build_guard import guarded
from hubinstall.resources.docker.build_place import AT_WORK, PLACE, for_python, for_shell
from hubinstall.resources.docker.descendants import layers
from hubinstall.resources.docker.layer_lock import Unlocked, named_in
from hubinstall.resources.packages.apt_sources import sources
from hubinstall.resources.packages.downloads import retry_if_stalled

LABEL = "org.hubinstall.layer"
"""The label with the tag of the layer, by which ours are known, even without a name."""
OF_PEOPLE = ("bash", "sh", "postBuild", "python3", "curl", "wget", "git", "tar")
"""What a postBuild mostly runs, too."""
OF_PROGRAMS = ("node", "MainThread", "npm", "make", "g++", "python3")
"""What a program that builds node modules runs; Node 24 gives its main thread that name."""
# What apt and dpkg need of root's rights to write files of others; nothing that reaches beyond the container.
RIGHTS = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETGID", "SETUID")
SAID = re.compile(r"^(E: |error: |\s+cause: |\s+And because|ERROR|.*[Ee]rror: )")
NOBODY = "65534:65534"
KILLED = 137
"""The exit code of a container whose program SIGKILL has ended."""


@dataclass(frozen=True)
class LayerBuild:
    """What a layer consists of, and how it is built. `title`: of the environment, for people."""

    title: str = ""
    scripts: str = ""
    uv: str = ""
    requirements: str = ""
    """Python packages with hashes, as uv writes them; empty: none. The other lists are of names."""
    unlocked: Unlocked | None = None
    """Python packages whose versions are found first, instead of `requirements`."""
    apt: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()
    """Languages."""
    programs: tuple[str, ...] = field(default=(), repr=False)
    """Texts of shell programs that run behind build.sh, in one shell with it."""
    files: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Path below the place, in a directory there, and text, of what these read."""
    folder: str = ""
    """The directory whose postBuild runs at the end; empty: none."""
    lines: tuple[Line, ...] = ()
    """Where packages are asked for: what a build that fails names is looked up here."""
    codename: str = ""
    """The release, if the image has this machine's; empty: the image has sources of its own."""
    memory: int = 0
    """The most that the build may use, in bytes; 0: no limit. `cpus`: the same in cores."""
    cpus: float = 0
    cgroup_parent: str = ""

    def make(self, host: Host, name: str, base: str, tag: str) -> str:
        """Build and try a repository's layer; returns the image's id. Raises UserError with the line that failed."""
        if self.unlocked:
            host.watch("Finding versions")
            found = self.unlocked.locked(host, name, base, self.scripts)
            id_ = replace(self, requirements=found, unlocked=None).make(host, name, base, tag)
            self.unlocked.keep(host, found)
            return id_
        work = Work.of(name)
        clear(host, name)
        _clear_unnamed(host, base)
        host.mkdir(work.path, mode="0700")
        try:
            self._bring(host, work, base)
            self._install(host, work, base)
            id_ = self._commit(host, work, base, tag)
            self._try(host, work, id_)
        except CommandError as error:
            raise build_place.cut_short(host, error, self._message) from error
        finally:
            clear(host, name)
        return id_

    def _bring(self, host: Host, work: "Work", base: str) -> None:
        """Write all that the container sees of this machine."""
        for name in ("cache", "wheels", *(["folder"] if self.folder else [])):  # a folder is mounted upon this one
            host.mkdir(f"{work.path}/{name}")
        for name in sorted({path.partition("/")[0] for path, _ in self.files}):
            host.mkdir(f"{work.path}/{name}")
        files = build_place.files(host, f"{PLACE}/cache/uv") | dict(self.files)
        lacking = wheels.bring(host, base, self.requirements, f"{work.path}/wheels")
        lists = {"requirements.txt": self.requirements} | {
            name: "".join(f"{line}\n" for line in lines)
            for name, lines in {"apt.txt": self.apt, "kernels.txt": self.kernels}.items()
        }
        files |= {"lacking.txt": lacking} | {name: text for name, text in lists.items() if text}
        if self.apt and self.codename:
            config = host.query(["apt-config", "dump"], check=False).stdout
            ours = re.compile(r"Acquire::(https?|ftp|Retries|Check-Valid-Until|Check-Date)(::| )")
            files["apt.conf"] = "".join(
                f"{line}\n" for line in config.splitlines() if ours.match(line) and not line.endswith(' "";')
            )
            files["sources.list"] = "\n".join([*sources(host, self.codename), ""])
        for name, text in files.items():
            host.write(f"{work.path}/{name}", text.encode(), mode="0600")

    def _install(self, host: Host, work: "Work", base: str) -> None:
        """Everything into the container; what was downloaded is kept, whatever comes of the rest."""
        title = f"the packages of {self.title}"
        host.watch(f"Installing: {', '.join(self._names) or 'programs'}")
        try:
            retry_if_stalled(host, title, functools.partial(self._try_to_install, host, work, base))
        finally:
            wheels.keep(host, base, self.requirements, f"{work.path}/cache/wheels")

    def _try_to_install(self, host: Host, work: "Work", base: str) -> None:
        """The container of a try that hung goes; what it has downloaded is used again."""
        docker(host, "rm", "--force", "--volumes", work.container, check=False)
        mounts = [f"{host.path(work.path)}:{PLACE}:ro", f"{host.path(work.path)}/cache:{PLACE}/cache"]
        mounts += [f"{self.uv}:{PLACE}/uv:ro"]
        mounts += [f"{host.path(self.folder)}:{PLACE}/folder:ro"] if self.folder else []
        words = [
            "--interactive", "--name", work.container, "--network=host", "--user=0:0",
            "--entrypoint=/bin/sh", "--cap-drop=ALL", *(f"--cap-add={right}" for right in RIGHTS), *self._limits(),
            *(f"--volume={mount}" for mount in mounts),
        ]  # fmt: skip
        # The first program is ours, and not the machine's.
        program = "\n".join([self._script("build.sh"), *self.programs])
        done = self._run(host, work, program, *words, base, "-c", for_shell(program))
        if done.returncode:
            raise self._killed(host, work, done) or failure(self._message, done, self.lines)

    @property
    def _names(self) -> list[str]:
        """Of packages and languages: installers say little of what they do."""
        python = [line.split()[0].rstrip(";") for line in self.requirements.splitlines() if line[:1].isalnum()]
        return [*python, *self.apt, *self.kernels]

    @property
    def _message(self) -> str:
        return f"the packages of the environment {self.title} could not be installed"

    def _killed(self, host: Host, work: "Work", done: Completed) -> UserError | None:
        """What to say if a program of the container did not end by itself. The container must still be there."""
        if asked(host, f"/containers/{work.container}/json").get("State", {}).get("OOMKilled"):
            needed = f"a program in it needed more than {self.memory / (1 << 30):.3g} GB of memory"
            hint = "A build has as much as a server of a person: limits.memory in config.yaml."
            return UserError(f"{self._message}: {needed}", hint)
        if done.returncode == KILLED:
            return UserError(f"{self._message}: their container was killed", build_place.AGAIN)
        return None

    def _limits(self) -> list[str]:
        return build_place.limits(self.memory, self.cpus, self.cgroup_parent)

    def _script(self, name: str) -> str:
        return Path(self.scripts, name).read_text(encoding="utf-8")

    def _run(self, host: Host, work: "Work", program: str, *words: str) -> Completed:
        argv = ["docker", "run", *words]
        at_work = (*AT_WORK, *(OF_PEOPLE if self.folder else ()), *(OF_PROGRAMS if self.programs else ()))
        with guarded(host, work.container, work.path) as guard:
            done = host.run(argv, input=program, env=AT_SOCKET, check=False, daemons=at_work, bound=True, live=True)
        if guard.why:
            raise UserError(f"{self._message}: {guard.why}", guard.hint)
        if done.returncode == 125:  # Docker's own failure (docker run, "Exit status")
            raise CommandError(argv, done.returncode, done.stderr)
        return done

    def _commit(self, host: Host, work: "Work", base: str, tag: str) -> str:
        """What the container was started with is no part of the image: that has its base's."""
        config = inspect_image(host, base).get("Config") or {}
        changes = [
            f"USER {config.get('User') or '0'}",
            f"ENTRYPOINT {json.dumps(config.get('Entrypoint') or [])}",
            f"CMD {json.dumps(config.get('Cmd') or [])}",
            f"LABEL {LABEL}={tag}",
        ]
        words = [word for change in changes for word in ("--change", change)]
        return docker(host, "commit", *words, work.container).stdout.strip()

    def _try(self, host: Host, work: "Work", id_: str) -> None:
        """In a container like a person's: without rights, without a network, and with a root that cannot be changed."""
        docker(host, "rm", "--force", "--volumes", work.container, check=False)
        host.watch("Trying a server, a kernel and what is new")
        program = self._script("try.py")
        done = self._run(
            host, work, program, "--interactive", "--name", work.container, "--network=none",
            f"--user={NOBODY}", "--read-only", "--cap-drop=ALL", "--tmpfs=/tmp:exec", "--tmpfs=/run",
            "--env=HOME=/tmp", "--workdir=/tmp",
            *self._limits(), f"--volume={host.path(work.path)}/cache:{PLACE}/cache:ro",
            id_, "python3", "-c", for_python(program),
        )  # fmt: skip
        if done.returncode:
            killed = self._killed(host, work, done)
            docker(host, "rm", "--force", "--volumes", work.container, check=False)
            docker(host, "image", "rm", id_, check=False)
            raise killed or UserError(
                f"what was added to the environment {self.title} does not work: {last(done.stdout or done.stderr)}",
                "If a library of the system is missing, add it in the same command: --apt NAME.",
            )


@dataclass(frozen=True)
class Work:
    """Where a layer is built: a directory for what the build needs, and a container."""

    path: str
    container: str

    @classmethod
    def of(cls, name: str) -> Self:
        """`name`: of the layer's repository."""
        flat = name.replace("/", "-")
        return cls(f"{layout.IMAGES}/layer-{flat}", f"hubinstall-build-{flat}")


def clear(host: Host, name: str) -> None:
    """Remove what a build of this repository's layer has left, this one or one that was killed."""
    work = Work.of(name)
    docker(host, "rm", "--force", "--volumes", work.container, check=False)
    host.remove_tree(work.path)


def _clear_unnamed(host: Host, base: str) -> None:
    """The image of a build that was killed before it had a name. An administrator's own has more layers."""
    condition = ("--filter", f"label={LABEL}", "--filter", "dangling=true")
    found = docker_query(host, "image", "ls", "--quiet", "--no-trunc", *condition, check=False).stdout.split()
    most = len(layers(inspect_image(host, base))) + 1
    for id_ in found:
        if len(layers(inspect_image(host, id_))) <= most:
            docker(host, "image", "rm", id_, check=False)


def failure(message: str, done: Completed, asked: Iterable[Line] = ()) -> UserError:
    """With the lines of the programs' output that say why, where what these name is `asked` for, and what to do."""
    said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    own = [number for number, line in enumerate(said) if line.startswith("postBuild:")]
    lines = said[max(own[-1] - 4, 0) : own[-1] + 1] if own else [line for line in said if SAID.match(line)] or said[-5:]
    return UserError(message, "\n  ".join([*lines[:8], *named_in("\n".join(lines[:8]), asked), *cures(done.stderr)]))


def last(text: str) -> str:
    """The last lines of an output, in one."""
    return "; ".join(line.strip() for line in text.splitlines()[-5:] if line.strip()) or "it ended without a word"
