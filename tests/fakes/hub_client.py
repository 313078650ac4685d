"""The client of a hub, as verify uses it, without a hub."""

from fakes.host import FakeHost
from hubinstall import layout
from hubinstall.verify.client.errors import HubError


class Client:
    """A client whose steps fail as told."""

    def __init__(self, **failures: HubError) -> None:
        self.failures = failures
        self.done: list[str] = []
        self.user = ""
        self.tried: list[str] = []
        self.password = ""
        self.limits: dict[str, float] = {}
        self.output: str | None = None

    def step(self, name: str, timeout: float | None = None) -> None:
        if timeout is not None:
            assert timeout >= 0
            self.limits[name] = timeout
        self.done.append(name)
        if name in self.failures:
            raise self.failures[name]

    def knows(self, host: FakeHost) -> None:
        """Let its hub accept what chpasswd is given there."""

        def chpasswd(_argv: list[str], text: str | None) -> str:
            assert text
            account, _, self.password = text.removesuffix("\n").partition(":")
            assert account == layout.PROBE_USER
            return ""

        host.answers["chpasswd"] = chpasswd

    def login(self, user: str, password: str) -> None:
        self.tried.append(password)
        self.step("login")
        if password != self.password:
            raise HubError("login", "Invalid username or password", 403)
        self.user = user

    def login_page(self) -> None:
        self.step("login_page")

    def sign_on_page(self) -> None:
        self.step("sign_on_page")

    def start_server(self, timeout: float) -> None:
        self.step("start", timeout)

    def open_server(self) -> None:
        self.step("open")

    def stop_server(self, timeout: float) -> None:
        self.step("stop", timeout)

    def logout(self) -> None:
        self.step("logout")

    def run_cell(self, code: str, timeout: float) -> str:
        self.step("cell", timeout)
        return eval(code.removeprefix("print"), {}) if self.output is None else self.output  # noqa: S307 - two texts
