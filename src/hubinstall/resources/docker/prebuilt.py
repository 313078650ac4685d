"""An image that was built elsewhere: an archive of `docker image save`, on a web server or on this machine's disk."""

import hashlib
import json
from dataclasses import dataclass

from hubinstall.errors import CommandError, UserError, cures
from hubinstall.machine.host import Host
from hubinstall.resources.docker import image_copy

CHECK = "Check environment.archive and this machine's network, then run it again."
# apt's own downloader: it goes the way that the machine's apt goes (proxies, trust), continues a file that is
# incomplete, tries again, and compares the hash.
DOWNLOAD = (
    "/usr/lib/apt/apt-helper", "-q", "-o", "Acquire::Retries=5", "-o", "APT::Sandbox::User=root", "download-file",
)  # fmt: skip
LIST = 'zstd -q -d -c -f "$1" | tar -x -O -f - manifest.json'
"""The list of images in an archive (docs.docker.com, image specification v1.2), whatever packs it."""
ANOTHER = "Make the archive with this version of hubinstall (`hubinstall bundle FILE`), or unset environment.archive."


@dataclass(frozen=True)
class Prebuilt:
    """`place`: a URL or the path of a file; `image`: the name that the image in it must have."""

    place: str
    sha256: str
    image: str

    def bring(self, host: Host, path: str) -> None:
        """Make it the copy at `path`. Raises UserError if it cannot be had, or is not what was asked for."""
        unfinished = path + image_copy.UNFINISHED
        if self.place.startswith("/"):
            self._from_disk(host, unfinished)
        else:
            self._download(host, unfinished)
        found = names(host, unfinished)
        if self.image not in found:
            host.remove(unfinished)
            held = ", ".join(found[:3]) or "no image"
            raise UserError(f"the archive {self.place} holds {held}, not {self.image}", ANOTHER)
        host.run(["sync", "-f", str(host.path(unfinished))])
        host.rename(unfinished, path)

    def _from_disk(self, host: Host, target: str) -> None:
        if not host.path(self.place).is_file():
            raise UserError(f"there is no archive {self.place}", "Copy it there, or change environment.archive.")
        if (sum_ := digest_of(host, self.place)) != self.sha256:
            raise UserError(
                f"the archive {self.place} has another SHA-256 than environment.archive.sha256 says: {sum_}",
                "Copy the file again, or change the setting.",
            )
        host.remove(target)
        image_copy.take(host, self.place, target)

    def _download(self, host: Host, target: str) -> None:
        done = host.run([*DOWNLOAD, self.place, str(host.path(target)), f"SHA256:{self.sha256}"], check=False)
        host.remove(f"{target}.FAILED")
        if done.returncode == 0 and host.exists(target):
            return
        said = done.stderr + done.stdout
        if "Hash Sum mismatch" in said:
            raise UserError(
                f"the archive {self.place} has another SHA-256 than environment.archive.sha256 says",
                "Check both: `sha256sum FILE` prints it where the archive was made.",
            )
        lines = [line for line in said.splitlines() if line.startswith("E:")] or said.splitlines()
        raise UserError(
            f"the archive {self.place} could not be downloaded",
            "\n  ".join([*lines[:2], CHECK, *cures(said)]),
        )


def names(host: Host, path: str) -> list[str]:
    """The names of the images in an archive; none if it is no archive of images."""
    try:
        listed = host.query(["bash", "-o", "pipefail", "-c", LIST, "list", str(host.path(path))])
        return [str(name) for image in json.loads(listed.stdout) for name in image.get("RepoTags") or []]
    except (CommandError, ValueError, TypeError, AttributeError):
        return []


def digest_of(host: Host, path: str) -> str:
    with host.path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
