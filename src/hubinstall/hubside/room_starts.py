"""What the server of a room has, and no other."""

from typing import Any

from dockerspawner import DockerSpawner
from traitlets import Instance

from hubinstall import layout
from hubinstall.hubside import container, teachers
from hubinstall.hubside.rooms import Room
from hubinstall.hubside.settings import HubSettings

SCRIPT = f"{layout.HUBSIDE}/hubinstall/hubside/room_documents.py"


class RoomStarts(DockerSpawner):  # type: ignore[misc]  # DockerSpawner has no types
    """The part of a spawner that is about rooms."""

    hub_settings = Instance(HubSettings, help="The content of hub.json.").tag(config=True)

    @property
    def room(self) -> Room | None:
        settings: HubSettings = self.hub_settings
        return settings.room_of(self.user.name)

    def get_args(self) -> list[str]:
        """A member who is taken out of the group is soon out of the room, too."""
        given: list[str] = super().get_args()
        return given if self.room is None else [*(one for one in teachers.SERVER_ARGUMENTS if one not in given), *given]

    def get_env(self) -> dict[str, str]:
        given: dict[str, Any] = super().get_env()
        return given if self.room is None else {**given, "JUPYTER_CONFIG_PATH": layout.ROOM_CONFIG}

    def room_mounts(self) -> list[container.Mount]:
        """Jupyter's server reads it as its configuration."""
        target = f"{layout.ROOM_CONFIG}/jupyter_server_config.py"
        return [] if self.room is None else [container.bind(SCRIPT, target, read_only=True)]
