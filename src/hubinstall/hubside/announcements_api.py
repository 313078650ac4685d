"""What is announced now, for pages that are open already: JupyterLab asks for it (the default image's extension)."""

from typing import Any

from jupyterhub.apihandlers.base import APIHandler


class AnnouncementsHandler(APIHandler):  # type: ignore[misc]  # JupyterHub has no types
    """Everybody may read it: the login page shows it too."""

    # JupyterHub also wants a token for a GET of another origin, which would tell whether the person is logged in.
    _xsrf_safe_methods = frozenset({"GET", "HEAD", "OPTIONS"})

    def get(self) -> None:
        appearance: Any = self.settings["template_vars"]["appearance"]
        self.set_header("Cache-Control", "no-store")
        # People's servers may have other names than the hub (https.subdomains). There is nothing here but public text.
        self.set_header("Access-Control-Allow-Origin", "*")
        self.finish({"announcements": appearance.announcements()})


HANDLERS = [(r"/api/announcements", AnnouncementsHandler)]
