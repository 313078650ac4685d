"""gixy-ng, which looks for holes in nginx's configuration, finds none in what we render."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fakes import golden
from hubinstall import layout

SITES = sorted(path.name for path in golden.FOLDER.glob("site-*.conf"))
SNIPPETS = sorted(path.name for path in golden.FOLDER.glob("snippet-nginx*.conf"))
GIXY = "import sys; from gixy.cli.main import main; sys.exit(main())"


def findings(folder: Path, text: str) -> set[str]:
    """The names of the checks that have something against a site."""
    (folder / "tls.conf").write_text((golden.FOLDER / "tls.conf").read_text())
    site = text.replace(layout.NGINX_TLS, str(folder / "tls.conf"))
    (folder / "nginx.conf").write_text(f"events {{}}\nhttp {{\n{site}\n}}\n")
    argv = [sys.executable, "-c", GIXY, "--format", "json", str(folder / "nginx.conf")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return {found["plugin"] for found in json.loads(done.stdout)}


@pytest.mark.parametrize("name", [*SITES, *SNIPPETS])
def test_a_site_has_no_holes(tmp_path, name):
    text = (golden.FOLDER / name).read_text()
    # Not with a self-signed certificate, for the reason that the site itself gives.
    reasoned = {"hsts_header"} if "No Strict-Transport-Security" in text else set()
    assert findings(tmp_path, text) == reasoned


def test_the_judge_sees_what_it_is_asked_about(tmp_path):
    """A Host that was made up, passed on; and an answer to every name over TLS without a word of HSTS."""
    text = (golden.FOLDER / "site-authority.conf").read_text()
    broken = text.replace("Host $host$hubinstall_port", "Host $http_host").replace("Strict-Transport-Security", "X-No")
    assert {"host_spoofing", "hsts_header"} <= findings(tmp_path, broken)
