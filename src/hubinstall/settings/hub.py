"""The part of config.yaml about the hub's own pages: login, home, waiting page."""

from pydantic import Field

from hubinstall.settings.section import Section
from hubinstall.settings.types import Announcement, FilePath, Link, Requirements, Title


class Hub(Section):
    title: Title | None = Field(
        None,
        description="The name of this hub on its pages and in the browser's tab. Default: JupyterHub.",
        examples=["Statistics, summer term"],
    )
    logo: FilePath | None = Field(
        None,
        description="The picture at the top of the hub's pages: a PNG, SVG, JPEG, GIF or WebP file on this machine that"
        " everyone may read, at most 1 MB. Default: JupyterHub's logo.",
        examples=["/usr/local/share/logo.svg"],
    )
    help: Link | None = Field(
        None,
        description="Where *Help* on the hub's pages leads: a web page, or an address for mail. Default: there is no"
        " such link.",
        examples=["https://www.example.org/jupyter-help"],
    )
    announcement: Announcement | None = Field(
        None,
        description="Plain text at the top of all pages of the hub. For one that comes and goes without a restart of"
        " the hub: `hubinstall announce`.",
        examples=["The exam is on Friday at 10."],
    )
    packages: Requirements = Field(
        (),
        description="Python packages that drop-ins of the hub import: names with versions, or paths of wheels. They are"
        " locked with their hashes when they are added, and must agree with the hub's own.",
        examples=[["jupyterhub-announcement==0.9"]],
    )
