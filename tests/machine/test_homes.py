"""Whatever lies in a home, its owner gets a server, or reads why not and can start it once without the own settings."""

import html
import re
from collections.abc import Iterator

import pytest

from harness import installed
from harness.machine import Machine
from harness.waiting import soon
from hubinstall.verify.client.errors import HubError
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

HOME = f"/home/{installed.PERSON}"
FRESH = f"""
while mountpoint -q {HOME}; do umount {HOME}; done
rm -rf {HOME} && cp -a /etc/skel {HOME} && chown -R {installed.PERSON}: {HOME} && chmod 700 {HOME}
"""
AS_FOUND = f"""
cd {HOME}
site=.local/lib/python$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')/site-packages
mkdir -p $site .local/share/jupyter/{{runtime,kernels/python3,kernels/old,labextensions/old}}
for name in jupyter_server jupyterhub; do echo 'raise RuntimeError("my own")' > $site/$name.py; done
echo 'mine = "seen"' > $site/my_package.py
echo '{{"argv": ["/opt/gone/bin/python"], "display_name": "x"}}' > .local/share/jupyter/kernels/python3/kernel.json
echo '{{' | tee .local/share/jupyter/kernels/old/kernel.json > .local/share/jupyter/labextensions/old/package.json
for name in types random socket; do echo 'raise RuntimeError("my own")' > $name.py; done
mkdir -m 755 .jupyter && echo '{{' > .jupyter/jupyter_server_config.json
mkdir -m 700 .ipython .config
chown root: .local/share/jupyter .jupyter .ipython .config
"""
"""Packages that shadow the server's, a kernel of an interpreter that is gone, folders that sudo has left to root."""
OF_ANOTHER_HUB = f"""
cd {HOME}
mkdir -p .jupyter .ipython/profile_default/startup
echo 'c.ServerApp.root_dir = "/home/of/another/hub"' > .jupyter/jupyter_server_config.py
echo 'mine = "run"' > .ipython/profile_default/startup/00-mine.py
chown -R {installed.PERSON}: .jupyter .ipython
"""
NOWHERE = f"cd {HOME} && for name in .jupyter .ipython .local .config .cache; do ln -s /nowhere/at/all $name; done"
READ_ONLY = f"mount --bind {HOME} {HOME} && mount -o remount,bind,ro {HOME}"
SMALL = f"mount -t tmpfs -o {{}},mode=700,uid=$(id -u {installed.PERSON}) tmpfs {HOME}"
TO_THE_LAST_BYTE = """
try:
    with open("data", "wb", buffering=0) as file:
        while file.write(bytes(4096)): pass
except OSError as error:
    print(error.strerror)
"""
TO_THE_LAST_INODE = """
import os
os.mkdir("data")
try:
    for number in range(10000): open(f"data/{number}", "x").close()
except OSError as error:
    print(error.strerror)
"""


@pytest.fixture
def grace(installed_machine: Machine) -> Iterator[HubClient]:
    installed_machine.run(FRESH)
    with installed.client(installed_machine) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        yield client
        client.stop_server()
    installed_machine.run(FRESH)


def test_what_lies_there(installed_machine: Machine, grace: HubClient) -> None:
    installed_machine.run(AS_FOUND)
    grace.start_server()
    assert grace.open_server().status_code == 200
    assert grace.run_cell("import my_package; print(my_package.mine)") == "seen\n", "kernels see a person's packages"
    notebook = {"type": "notebook", "content": {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}}
    path = f"user/{grace.user}/api/contents/saved.ipynb"
    assert grace.fetch("PUT", path, step="save", json=notebook).status_code == 201
    said = installed_machine.run(f"docker logs {installed.container(grace.user)} 2>&1").out
    assert "kernels/python3 is left out: its program /opt/gone/bin/python is not there" in said
    assert "/.local/share/jupyter cannot be written to" in said


@pytest.mark.parametrize("state", [NOWHERE, READ_ONLY], ids=["leads nowhere", "read-only"])
def test_a_home_that_cannot_be_written(installed_machine: Machine, grace: HubClient, state: str) -> None:
    installed_machine.run(state)
    grace.start_server()
    assert grace.run_cell("print(6 * 7)") == "42\n"
    grace.stop_server()  # before the mount can go


@pytest.mark.parametrize(
    ("size", "fill"),
    [("size=2m", TO_THE_LAST_BYTE), ("size=64m,nr_inodes=200", TO_THE_LAST_INODE)],
    ids=["to the last byte", "to the last inode"],
)
def test_a_full_home(installed_machine: Machine, grace: HubClient, size: str, fill: str) -> None:
    """Whoever has filled it reads what is big, can start again, and can delete it in the file browser."""
    installed_machine.run(SMALL.format(size))
    grace.start_server()
    assert "No space left on device\n" in grace.run_cell(fill)
    # IPython may say that it has no history.
    assert grace.run_cell("print(6 * 7)").endswith("42\n"), "a new kernel, when it has become full"
    grace.stop_server()
    grace.start_server()
    assert grace.open_server().status_code == 200
    assert grace.run_cell("print(6 * 7)") == "42\n"
    assert "full" in installed_machine.run(f"docker logs {installed.container(grace.user)} 2>&1").out
    told = ("of your home is full", "The biggest: data (")
    assert soon(lambda: all(words in hubs_page(grace) for words in told)), "a server looks every ten seconds"
    assert grace.fetch("POST", "hub/api/users/ada/home", step="for ada", json={"text": "x"}).status_code == 404

    data = f"user/{grace.user}/api/contents/data"
    assert grace.fetch("DELETE", data, step="delete").status_code == 204
    notebook = {"type": "file", "format": "text", "content": "saved"}
    assert grace.fetch("PUT", f"{data}2", step="save", json=notebook).status_code == 201
    assert soon(lambda: hubs_page(grace) == "")
    grace.stop_server()  # before the mount can go


def hubs_page(client: HubClient) -> str:
    """What it says of a full home."""
    page = client.request("GET", "hub/home", step="page").text
    found = re.search(r'id="full-home"[^>]*>([^<]*)<', page)
    return html.unescape(found[1]) if found else ""


def test_settings_that_end_a_server_are_left_out_once(installed_machine: Machine, grace: HubClient) -> None:
    installed_machine.run(OF_ANOTHER_HUB)
    with pytest.raises(HubError, match="exit code 1") as error:
        grace.start_server()
    assert '{"safe_start": true}' in str(error.value)
    page = grace.request("GET", f"hub/spawn-pending/{grace.user}", step="page").text
    assert "No such directory" in page
    form = re.search(r'<form[^>]*id="safe-start" action="([^"]+)".*?name="_xsrf" value="([^"]+)"', page, re.DOTALL)
    assert form

    # Another site can make a browser follow a link, or post a form without the token.
    posted = grace.request("POST", f"hub/spawn/{grace.user}", step="form", data={"safe_start": "yes"})
    assert posted.status_code == 403
    grace.request("GET", f"hub/spawn/{grace.user}?opt-safe_start=true", step="link")
    with pytest.raises(HubError, match="exit code 1"):
        grace.start_server()  # follows the start that is under way, if it has not failed yet

    data = {"_xsrf": form[2], "safe_start": "yes"}
    assert grace.request("POST", f"hub/spawn/{grace.user}", step="form", data=data).status_code < 400
    grace.start_server()  # follows the start that is under way
    assert grace.run_cell("print('mine' in globals())") == "False\n"
    assert 'id="started-safely"' in grace.request("GET", "hub/home", step="page").text
    grace.stop_server()

    with pytest.raises(HubError, match="exit code 1"):
        grace.start_server()
    grace.start_server(options={"safe_start": True})
    assert grace.run_cell("import os; print(os.getcwd())") == f"{HOME}\n"
    assert installed_machine.exists(f"{HOME}/.jupyter/jupyter_server_config.py")
