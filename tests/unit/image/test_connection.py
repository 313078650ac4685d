"""The page that goes on by itself: what its two extensions of JupyterLab, and JupyterLab, must agree about."""

import json

from checkout_path import CHECKOUT

EXTENSIONS = CHECKOUT / "templates/image/root/usr/local/share/jupyter/labextensions"


def script(name):
    return (EXTENSIONS / name / "static/remoteEntry.js").read_text(encoding="utf-8")


def test_what_one_extension_notices_the_other_one_shows():
    assert 'const NAME = "hubinstall-connection"' in script("hubinstall-connection")
    assert 'const CONNECTION = "hubinstall-connection"' in script("hubinstall-announcements")


def test_jupyterlabs_own_dialog_is_replaced():
    package = json.loads((EXTENSIONS / "hubinstall-connection/package.json").read_text(encoding="utf-8"))
    assert package["jupyterlab"]["disabledExtensions"] == ["@jupyterlab/hub-extension:connectionlost"]
