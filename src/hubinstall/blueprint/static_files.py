"""The static files that nginx serves itself: files of the image and of the hub whose URL depends on their content.

Jupyter's own servers also send them without a login (jupyter_server: FileFindHandler; JupyterHub: its static files).
Here they come from what the administrator has installed, never from the response of a user's server.
"""

import functools
from typing import Any

from hubinstall import layout
from hubinstall.blueprint.packages import NGINX_PACKAGES
from hubinstall.blueprint.runtimes import HUB_PYTHON
from hubinstall.blueprint.templating import DATA
from hubinstall.blueprint.user_image import Environment
from hubinstall.machine.facts import Facts
from hubinstall.resources.base import Resource, digest, id_of, ids
from hubinstall.resources.docker.build_place import for_python
from hubinstall.resources.docker.static_files import StaticFiles
from hubinstall.resources.files.file import Directory, Link

SCRIPTS = DATA / "templates" / "static-files"
TYPES = {
    "css": "text/css; charset=utf-8",
    "eot": "application/vnd.ms-fontobject",
    "gif": "image/gif",
    "ico": "image/x-icon",
    "jpg": "image/jpeg",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "mjs": "text/javascript; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
    "ttf": "font/ttf",
    "wasm": "application/wasm",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
}
"""Suffix → media type (RFC 9239 and IANA's list of media types); find.py ignores all other files."""
CONTAINER = "hubinstall-static-files"
# Run the image's program as for a person, but fully isolated: without a network and without files of the host.
IN_IMAGE = (
    "docker", "run", "--rm", "--interactive", f"--name={CONTAINER}", "--network=none", "--read-only", "--cap-drop=ALL",
    "--security-opt=no-new-privileges", "--user=65534:65534", "--workdir=/", "--log-driver=none",
    "--entrypoint=python3",
)  # fmt: skip


def static_files(facts: Facts, image: Environment, hub_venv: Resource) -> list[Resource]:
    """Two directories behind links: a new hub or image takes effect at once, even if people still run the old one."""
    of_servers = StaticFiles(
        layout.tree("server-static", digest(image.image, *_made_with(facts))),
        command=(*IN_IMAGE, image.image, "-I", "-c", for_python((SCRIPTS / "find.py").read_text("utf-8")), "server"),
        container=CONTAINER, scripts=str(SCRIPTS), encodings=facts.nginx_encodings,
        source=image.pin, what=f"the image {image.image}",
        needs=ids(image.provider, id_of(Directory, layout.TREES), NGINX_PACKAGES),
    )  # fmt: skip
    of_hub = StaticFiles(
        layout.tree("hub-static", digest(hub_venv.name, *_made_with(facts))),
        command=(f"{hub_venv.name}/{HUB_PYTHON}", "-I", "-", "hub"), scripts=str(SCRIPTS),
        encodings=facts.nginx_encodings, what="the hub", needs=ids(hub_venv, NGINX_PACKAGES),
    )  # fmt: skip
    return [
        of_servers,
        of_hub,
        Link(layout.SERVER_STATIC, of_servers.name, needs=ids(of_servers)),
        Link(layout.HUB_STATIC, of_hub.name, needs=ids(of_hub)),
    ]


def site_values(facts: Facts) -> dict[str, Any]:
    """The values for nginx's templates of the static files."""
    return {
        "server_static": layout.SERVER_STATIC,
        "hub_static": layout.HUB_STATIC,
        "static_types": TYPES,
        "encodings": facts.nginx_encodings,
    }


def _made_with(facts: Facts) -> tuple[str, ...]:
    return (*_scripts(), *facts.nginx_encodings)


@functools.cache
def _scripts() -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8") for path in sorted(SCRIPTS.iterdir()) if path.is_file())
