"""The page of environments, for administrators: which there are, and what the last build of one prints."""

from datetime import datetime
from typing import Any

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.scopes import needs_scope
from tornado.web import authenticated

from hubinstall.hubside.build_output import last_build
from hubinstall.hubside.settings import HubSettings


class EnvironmentsHandler(BaseHandler):  # type: ignore[misc]  # JupyterHub has no types
    """JupyterHub's pages take no tokens."""

    def initialize(self, hub_settings: HubSettings) -> None:
        self._hub_settings = hub_settings

    @authenticated  # type: ignore[untyped-decorator]
    @needs_scope("read:hub")  # type: ignore[untyped-decorator]  # which teachers do not have; page.html asks the same
    async def get(self) -> None:
        """`?build` answers with the build only, for the page's script."""
        page = "environments_build.html" if "build" in self.request.query_arguments else "environments_page.html"
        build = last_build()
        since = f"{datetime.fromtimestamp(build.began).astimezone():%Y-%m-%d %H:%M}" if build else ""
        self.set_header("Cache-Control", "no-store")
        html = await self.render_template(
            page, environments=self._hub_settings.environments, build=build, since=since,
        )  # fmt: skip
        self.finish(html)


def handlers(settings: HubSettings) -> list[tuple[str, type, dict[str, Any]]]:
    return [(r"/environments", EnvironmentsHandler, {"hub_settings": settings})]
