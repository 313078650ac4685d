"""Pulls of images that people name, within bounds: each once, few at a time, and nobody waits for longer than a start.

A pull goes on when its start has ended: the next start finds what is there.
"""

import asyncio
import functools
from typing import Any

from docker.errors import APIError, DockerException, ImageNotFound

from hubinstall.hubside import named_images, repair
from hubinstall.hubside.start_failure import StartFailure

AT_ONCE = 2
"""Different images; each takes the line, the processors and the disk of everybody."""
PATIENCE = 480.0
"""Seconds that a start waits for its image; JupyterHub would end the whole start after config.START_TIMEOUT."""
NO_SERVER = (
    "The image {image} does not start a server. It must have jupyterhub-singleuser, and a CMD that starts it, as the"
    " images of Jupyter's docker-stacks do."
)


class Pulls:
    """Those of one hub that are under way."""

    def __init__(self) -> None:
        self._at_work: dict[str, asyncio.Future[None]] = {}

    async def bring(self, spawner: Any, image: str) -> None:
        """Return when an image that a person has named is on this machine; raise StartFailure if it cannot be."""
        if image not in self._at_work:
            if await is_there(spawner, image):
                return
            if len(self._at_work) >= AT_ONCE:
                raise StartFailure("Other images are being pulled. Start your server again in a few minutes.", "", 503)
            work = functools.partial(pull, spawner.client, image)
            pulling = asyncio.wrap_future(spawner.executor.submit(work))
            self._at_work[image] = pulling
            pulling.add_done_callback(functools.partial(self._over, image))
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.shield(self._at_work[image])
        except TimeoutError:
            words = f"The image {image} is still being pulled. Start your server again in a few minutes."
            raise StartFailure(words, "", 503) from None
        except (DockerException, OSError) as error:
            raise StartFailure(why_not(image, error), "", 400) from None

    def _over(self, image: str, pulling: "asyncio.Future[None]") -> None:
        self._at_work.pop(image, None)
        pulling.cancelled() or pulling.exception()  # nobody may wait for it any more


async def is_there(spawner: Any, image: str) -> bool:
    try:
        await spawner.docker("inspect_image", image)
    except ImageNotFound:
        return False
    except APIError as error:
        raise StartFailure(why_not(image, error), "", 400) from None
    return True


def pull(client: Any, image: str) -> None:
    """Raises DockerException, also for an error in the midst of it."""
    repository, tag = named_images.parted(image)
    repair.finish(client.pull(repository, tag=tag, stream=True, decode=True))


def about_image(image: str | None, words: str) -> str:
    """Why a start has failed, and first what is most likely wrong with an image that a person has named."""
    return f"{NO_SERVER.format(image=image)} {words}" if image else words


def why_not(image: str, error: Exception) -> str:
    said = str(getattr(error, "explanation", None) or error)
    if said.startswith("This machine "):
        return said  # the broker's own words
    return f"The image {image} could not be pulled: {said}. Check its name and its tag."
