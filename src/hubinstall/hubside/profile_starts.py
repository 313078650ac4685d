"""The profiles of config.yaml at each start of a person's server: which are offered, and which was chosen.

They are found by whose server it is, and judged at each start, no matter who asks and how. A start for which nobody
says anything has the usual profile: what was chosen last is only preselected in the form.
"""

import time
from collections.abc import Mapping
from typing import Any

from docker.errors import DockerException
from dockerspawner import DockerSpawner
from requests.exceptions import RequestException
from tornado.web import HTTPError

from hubinstall import layout
from hubinstall.hubside import container, courses, profile_form, profiles
from hubinstall.hubside.accounts import Account
from hubinstall.hubside.grading import SOURCE, grading
from hubinstall.hubside.profiles import Chosen, Gives, NoChoiceError, Profile
from hubinstall.hubside.room_starts import RoomStarts

Options = dict[str, Any]


class ProfileStarts(RoomStarts):
    """The part of a spawner that is about profiles."""

    image: str
    chosen: Chosen | None = None
    """For the start that comes next, or that was last; None where there are no profiles."""
    _usual_image = ""
    """That of a start without an environment, once there was one with an environment."""

    def offered_profiles(self) -> tuple[Profile, ...]:
        """Those of the server's owner. The probe and a room have the usual limits, and take nothing that people
        could choose.
        """
        every = self.hub_settings.profiles
        chooses = every and self.user.name != layout.PROBE_USER and not self.room
        account = Account.find(self.user.name) if chooses else None
        return profiles.of_person(every, account) if account else ()

    def parted(self, options: Mapping[str, Any]) -> tuple[Options, Options]:
        """The options that are about profiles, and the others."""
        offered = self.offered_profiles()
        slug = options.get(profiles.PROFILE)
        profile = (profiles.named(offered, slug) if slug is not None else None) or profiles.usual(offered)
        keys = profile.keys() if profile else set()
        choice = {name: value for name, value in options.items() if name in keys}
        return choice, {name: value for name, value in options.items() if name not in keys}

    def why_no_choice(self, choice: Options) -> str:
        """Why it is refused, in words for who makes it; empty if it is not."""
        try:
            profiles.choose(self.offered_profiles(), choice) if choice else None
        except NoChoiceError as error:
            return str(error)
        return ""

    def choose(self, choice: Options) -> None:
        """For the start that comes next. Raises HTTPError if it is not admitted."""
        offered = self.offered_profiles()
        try:
            self.chosen = profiles.choose(offered, choice) if offered else None
        except NoChoiceError as error:
            raise HTTPError(400, str(error)) from None
        named = self.hub_settings.environments.get(self.gives.environment or "")
        image = self.gives.image or (named.image if named else "")
        if image or self._usual_image:
            self._usual_image = self._usual_image or self.image
            self.image = image or self._usual_image

    def slug_now(self) -> str:
        """The profile with which the server was started last; empty if there was none."""
        kept, _ = self.parted(self.user_options or {})
        found = self.chosen or (profiles.choose(offered, kept) if (offered := self.offered_profiles()) else None)
        return found.profile.slug if found else ""

    @property
    def gives(self) -> Gives:
        if self.room:
            return Gives(environment=self.room.environment)
        return self.chosen.gives if self.chosen else Gives()

    def own_labels(self, account: Account) -> dict[str, str]:
        """What the container says of itself to the hub and the broker."""
        choice = {layout.CHOICE_LABEL: self.chosen.label()} if self.chosen else {}
        mine = {layout.USER_LABEL: self.user.name, layout.SERVER_LABEL: self.name, layout.UID_LABEL: str(account.uid)}
        return mine | choice

    def chosen_mounts(self) -> list[container.Mount]:
        """The directories that the chosen profile gives, and what a room has."""
        here = container.mountinfo_here()
        chosen = [container.shared(path, here, read_only=only) for path, only in self.gives.folders().items()]
        return [*chosen, *self.room_mounts()]

    def grading(self, account: Account) -> tuple[list[container.Mount], dict[str, str]]:
        """What a server of a course with nbgrader mounts, and the variables of every course of its owner. A room is
        nobody who hands in.
        """
        mine = {} if self.room else courses.variables(self.hub_settings.courses, account)
        found = grading(self.chosen, self.hub_settings.nbgrader, account)
        if not found:
            return [], mine
        return [container.bind(SOURCE, layout.NBGRADER_CONFIG, read_only=True)], mine | found.environment()

    def old_home(self) -> str:
        """The folder that what is in the home is moved to before this start; empty if it stays."""
        return f"{container.OLD_HOMES}{time.strftime('%Y-%m-%d-%H%M%S')}" if self.gives.empty_home else ""

    # -- the form --------------------------------------------------------------------------------------------

    def has_other_form(self) -> bool:
        """Whether a drop-in has a form of its own: then it is the one that people see."""
        form = self.options_form
        return callable(form) or form not in {"", self._default_options_form()}

    async def get_options_form(self) -> str:
        offered = () if self.has_other_form() else self.offered_profiles()
        if len(offered) > 1 or any(one.options for one in offered):
            kept, _ = self.parted(self.orm_spawner.user_options or {})
            gone = self.orm_spawner.user_options and self.why_no_choice(kept)
            free = await self._free_gpus() if any(profiles.may_give_gpus(one) for one in offered) else None
            return profile_form.page(offered, {} if gone else kept, self.name, gone=bool(gone), free=free)
        form: str = await super().get_options_form()
        return form

    async def _free_gpus(self) -> tuple[int, int] | None:
        """How many nobody has, and how many there are; None if Docker does not say."""
        try:
            found = await DockerSpawner.docker(self, "containers", all=True)
        except (DockerException, RequestException):
            return None
        there = self.hub_settings.gpus
        used = sum(len(profiles.lent(one)) for one in found if profiles.holds(one))
        return max(0, there - used), there

    def run_options_from_form(self, form_data: dict[str, Any]) -> Any:
        offered = () if self.has_other_form() else self.offered_profiles()
        return profile_form.options(offered, form_data) if offered else super().run_options_from_form(form_data)
