"""A safe start: one start of a server without what its owner has set up for Jupyter, when that keeps it from starting.

Nothing in the home is changed or moved, and all of it can be opened and edited as ever. What is left out is said by
environment variables, so it works in every image: settings, kernels and extensions are looked for in the folders that
Jupyter and IPython are told of (jupyter_core.paths, IPython.paths), and packages in the home are not seen (PEP 370).
JupyterHub leaves out settings in the folder that a server starts in (jupyterhub.singleuser._disable_user_config).

It is asked for by the user option `safe_start: true`, through the API or by the hub's pages (pages/). JupyterHub keeps
a server's options for its next start, so this one is taken out of them at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dockerspawner import DockerSpawner
from jupyterhub.utils import url_escape_path, url_path_join
from tornado.web import HTTPError

OPTION = "safe_start"
FOLDER = "/tmp/.safe-start"  # noqa: S108 - in a container; nobody else is there
ENVIRONMENT = {
    "JUPYTERHUB_DISABLE_USER_CONFIG": "1",
    "JUPYTER_CONFIG_DIR": f"{FOLDER}/config",
    "JUPYTER_DATA_DIR": f"{FOLDER}/data",
    "IPYTHONDIR": f"{FOLDER}/ipython",
    "PYTHONNOUSERSITE": "1",
}
LEFT_OUT = "your own Jupyter and IPython settings, start-up files, kernels, extensions and Python packages"
HINT = f"If the reason lies in your home, start the server once without {LEFT_OUT}."
API_HINT = f'{HINT} Through the API: {{"{OPTION}": true}}.'
"""The hub's pages that have more on them than JupyterHub's own."""


@dataclass(frozen=True)
class Offer:
    """What the pages say of a safe start, and the address that their button posts to."""

    url: str
    hint: str = HINT
    left_out: str = LEFT_OUT


class SafeStarts(DockerSpawner):  # type: ignore[misc]  # DockerSpawner has no types
    """The part of a spawner that is about safe starts."""

    started_safely = False
    """Whether the last start was a safe start."""

    @property
    def safe_start_offer(self) -> Offer:
        """For the hub's pages."""
        return Offer(url_path_join(self.hub.base_url, "spawn", self.user.escaped_name, url_escape_path(self.name)))

    def offer_after_failure(self) -> Offer | None:
        """None if it was a safe start that has failed."""
        return None if self.started_safely else self.safe_start_offer

    def safe_environment(self) -> dict[str, str]:
        """For the server and what runs in it."""
        return dict(ENVIRONMENT) if self.started_safely else {}

    def run_options_from_form(self, form_data: dict[str, Any]) -> Any:
        """The button of our pages asks for a start with the options of the last one."""
        if OPTION in form_data:
            return {**(self.orm_spawner.user_options or {}), OPTION: True}
        return super().run_options_from_form(form_data)

    def options_from_query(self, query_data: dict[str, Any]) -> Any:
        """A link of another site can lead here, so it cannot ask for a safe start."""
        return super().options_from_query(without(query_data))

    async def _run_apply_user_options(self, user_options: dict[str, Any]) -> None:
        """JupyterHub's step before each start (jupyterhub.user), where a safe start is used up."""
        self.user_options = self.orm_spawner.user_options = without(user_options)
        asked = user_options.get(OPTION, False)
        if not isinstance(asked, bool):
            raise HTTPError(400, f"{OPTION} must be true or false")
        self.started_safely = asked
        if asked:
            self.log.info("%s starts without what is set up in the home", self._log_name)
        await super()._run_apply_user_options(self.user_options)

    def get_state(self) -> dict[str, Any]:
        state: dict[str, Any] = super().get_state()
        return state | ({OPTION: True} if self.started_safely else {})

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self.started_safely = OPTION in state


def without(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are kept for the next start."""
    return {key: value for key, value in options.items() if key != OPTION}
