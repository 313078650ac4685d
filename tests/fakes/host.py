"""A host that is a folder: files are real, owners are remembered, commands are canned."""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hubinstall import layout
from hubinstall.errors import CommandError
from hubinstall.machine.host import Completed, Host
from hubinstall.resources.base import Change, Resource, look

PASSWD = """root:x:0:0:root:/root:/bin/bash
www-data:x:33:33::/var/www:/usr/sbin/nologin
alice:x:1000:1000::/home/alice:/bin/bash
"""
GROUP = "root:x:0:\nshadow:x:42:\nwww-data:x:33:\nalice:x:1000:\ndocker:x:101:\n"
LOOKS = (
    'bash -o pipefail -c zstd -q -d -c -f "$1" | tar ',
    "apt-get indextargets", "docker image ls", "docker logs", "docker ps", "dockerd --version", "dpkg-query ",
    "getent ", "ip -4 -oneline address show ", "journalctl ", "nft -c ", "nft -s -nn list ", "nft list ", "nginx -V",
    "nginx -t", "nvidia-smi -L", "openssl pkey -in", "openssl verify ", "openssl x509 ", "systemctl show ",
    "systemd-analyze verify ", "tail ",
)  # fmt: skip
"""How commands begin that change nothing, whatever follows."""
CHECKS = {os.path.basename(layout.NGINX_CHECK), "python3", "checker", "sshd", "test"}
"""Programs that judge a candidate before it counts."""
Answer = Callable[[list[str], str | None], str | tuple[int, str] | tuple[int, str, str]]


@dataclass(frozen=True)
class Told:
    """A command, and what goes with its words; see Host.run."""

    words: str
    check: bool
    input: str | None
    env: Mapping[str, str]
    cwd: str | None
    stall: float
    bound: bool
    daemons: tuple[str, ...] = ()


class FakeHost(Host):
    """`answers` maps the beginning of a command to its output, or to a function of (argv, input).

    A function may answer (exit code, output) or (exit code, stdout, stderr), and may change the files of the host
    as the command would.
    A command without an answer is not found (127). What begins with GET is a question to a daemon at its socket: code 0
    is 200, any other one 404, and without an answer there is no daemon.

    It holds the line between a question and an act: `query` refuses a command that is not known to only look (LOOKS),
    and what is asked once may not act. `commands` are the words of all that it was told, `told` the same with all that
    goes with them.
    """

    def __init__(self, root: Path, answers: Mapping[str, str | Answer] | None = None) -> None:
        super().__init__(str(root))
        self.answers = {"sync -f": "", **(answers or {})}
        self.commands: list[str] = []
        self.told: list[Told] = []
        self._asking = threading.local()
        self.questions: list[str] = []
        self.owners: dict[str, tuple[str, str]] = {}
        for folder in ("etc", "var/lib", "run", "srv", "opt", "home", "usr/bin"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        (root / "etc/passwd").write_text(PASSWD)
        (root / "etc/group").write_text(GROUP)

    def query(self, argv, **options):
        words = " ".join(argv)
        command = argv[argv.index("--") + 1 :] if argv[0] == "setpriv" else argv  # with a person's rights
        looks = " ".join(command).startswith(LOOKS) or os.path.basename(command[0]) in CHECKS
        assert looks, f"a question that may act: {words}"
        return super().query(argv, **options)

    def run(self, argv, **options):
        assert not getattr(self._asking, "depth", 0), f"an act within a question: {' '.join(argv)}"
        return super().run(argv, **options)

    def once(self, question, ask):
        def asking():
            self._asking.depth = getattr(self._asking, "depth", 0) + 1
            try:
                return ask()
            finally:
                self._asking.depth -= 1

        return super().once(question, asking)

    def _execute(self, argv, *, check, input, env, cwd, stall, bound, daemons=(), live=False):  # noqa: A002
        assert stall > 0
        self.commands.append(" ".join(argv))
        self.told.append(Told(" ".join(argv), check, input, env or {}, cwd, stall, bound, tuple(daemons)))
        code, *said = self._answer(argv, input) or (127, f"{argv[0]}: command not found")
        out, err = said if len(said) == 2 else ("", *said) if code else (*said, "")
        self.kill_points.mid()
        for line in (out + err).splitlines() if live else ():
            self._tell(line)
        if check and code:
            raise CommandError(argv, code, err)
        return Completed(argv, code, out, err)

    def ask(self, socket, path, timeout=0):
        self.questions.append(path)
        code, said = self._answer(["GET", path], None) or (None, "")
        return {None: 0, 0: 200}.get(code, 404), said.encode()

    def _answer(self, argv, input):  # noqa: A002
        """(exit code, output …); nothing where there is none."""
        command = " ".join(argv)
        found = max((a for a in self.answers if command.startswith(a)), key=len, default=None)
        if found is None:
            return ()
        answer = self.answers[found]
        if callable(answer):
            answer = answer(argv, input)
        return answer if isinstance(answer, tuple) else (0, answer)

    def which(self, program):
        return f"/usr/bin/{program}" if any(a.split()[0] == program for a in self.answers) else None

    def _chown(self, path, owner, group):
        assert self.uid(owner) >= 0
        assert self.gid(group) >= 0
        self.owners[path] = (owner, group)

    def _owner(self, path, st):
        return self.owners.get(path, ("root", "root"))

    def rename(self, source, target):
        super().rename(source, target)
        if source in self.owners:
            self.owners[target] = self.owners.pop(source)
        else:
            self.owners.pop(target, None)

    def put(self, path: str, text: str) -> None:
        """What stands there before the test begins."""
        target = self.path(path)
        os.makedirs(target.parent, exist_ok=True)
        target.write_text(text)


def seen(wished: Resource, host: Host) -> Change | None:
    """The difference as a run of its own sees it: nothing is known from before."""
    host.forget()
    return look(wished, host)
