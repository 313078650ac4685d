"""A safe start: one start of a server without what its owner has set up for Jupyter, when that keeps it from starting.

Nothing in the home is changed or moved, and all of it can be opened and edited as ever. What is left out is said by
environment variables, so it works in every image: settings, kernels and extensions are looked for in the folders that
Jupyter and IPython are told of (jupyter_core.paths, IPython.paths), and packages in the home are not seen (PEP 370).
JupyterHub leaves out settings in the folder that a server starts in (jupyterhub.singleuser._disable_user_config).

It is asked for by the user option `safe_start: true`, through the API or by the hub's pages (pages/). JupyterHub keeps
a server's options for its next start, so this one is taken out of them at once (start_options.py is about the others).
"""

from dataclasses import dataclass
from typing import Any

from jupyterhub.utils import url_escape_path, url_path_join
from tornado.web import HTTPError

from hubinstall.hubside import start_options
from hubinstall.hubside.profile_starts import ProfileStarts

OPTION = start_options.SAFE_START
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


class SafeStarts(ProfileStarts):
    """The part of a spawner that is about safe starts."""

    started_safely = False
    """Whether the last start was a safe start."""
    options_are_given = False
    """Whether somebody gives options for the start that comes next, instead of leaving it to those that were kept."""

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
            return {**start_options.usable(self, self.orm_spawner.user_options), OPTION: True}
        return super().run_options_from_form(form_data)

    async def _run_apply_user_options(self, user_options: dict[str, Any]) -> None:
        """JupyterHub's step before each start (jupyterhub.user), where a safe start is used up.

        What was kept from an earlier start and cannot be applied is left out, and forgotten. Only what somebody has
        given for this start can make it fail. A profile counts only if it was given.
        """
        given, self.options_are_given = self.options_are_given, False
        options = start_options.usable(self, user_options)
        if left_out := sorted(set(user_options) - set(options)):
            self.log.warning("Starting %s without options that this hub does not have: %s", self._log_name, left_out)
        self.started_safely = options.pop(OPTION, False)
        if self.started_safely:
            self.log.info("%s starts without what is set up in the home", self._log_name)
        self._keep(options)
        choice, others = self.parted(options)
        self.choose(choice if given else {})
        if self.gives.empty_home:
            self._keep(others)  # it is for one start, and the form must not offer it as what was chosen last
        try:
            await super()._run_apply_user_options(dict(options) if self.apply_user_options else others)
        except HTTPError:
            self._keep({})
            if given or not options:
                raise
            self.log.warning("Starting %s without the options of its earlier starts", self._log_name)
            await super()._run_apply_user_options({})

    def _keep(self, options: dict[str, Any]) -> None:
        self.user_options = self.orm_spawner.user_options = options

    def get_state(self) -> dict[str, Any]:
        state: dict[str, Any] = super().get_state()
        return state | ({OPTION: True} if self.started_safely else {})

    def load_state(self, state: dict[str, Any]) -> None:
        super().load_state(state)
        self.started_safely = OPTION in state
