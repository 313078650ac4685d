"""Homes and the default image as people use them: packages, files, git, shares, languages, exports, plots, tools."""

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from harness import installed
from harness.machine import Machine
from harness.waiting import soon
from hubinstall.verify.client.hub import HubClient

pytestmark = pytest.mark.one_kind

HOME, PROJECT, COURSE = "/home/grace", "/srv/data/project", "/srv/data/course"
EMOJI = "日本語 中文 한국어 العربية हिन्दी ไทย עברית 😀🥲🦙👩‍💻👍🏽🇩🇪❤️ ∑"
PICTURE = base64.b64encode(bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000")).decode()
NOTEBOOK = {
    "nbformat": 4, "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {},
         "source": f"# {EMOJI}\n\n$\\int_0^1 x\\,dx$ ![x](attachment:x.png)",
         "attachments": {"x.png": {"image/png": PICTURE}}},
        {"cell_type": "code", "id": "b", "metadata": {}, "source": f"print({EMOJI!r})", "execution_count": 1,
         "outputs": [{"output_type": "display_data", "metadata": {}, "data": {"image/png": PICTURE}}]},
    ],
}  # fmt: skip
PLOT = f"""
import warnings
warnings.simplefilter("error")
import matplotlib.pyplot as plt, seaborn as sns
for theme in (dict, sns.set_theme):
    theme()
    plt.figure(); plt.title({EMOJI!r}); plt.savefig("/tmp/plot.png"); plt.close()
print("drawn")
"""
REGION = """
import datetime, locale, os
locale.setlocale(locale.LC_ALL, "")
day = datetime.datetime.fromtimestamp(0).astimezone()
print(day.utcoffset(), day.strftime("%A"), locale.format_string("%.2f", 3.14), os.environ["LANG"])
"""
C_MODULE = """
import subprocess, sysconfig
open("/tmp/m.c", "w").write("#include <Python.h>\\nint main(void) { return 0; }")
open("/tmp/m.cc", "w").write("#include <vector>\\nint main() { return std::vector<int>(0).size(); }")
header = "-I" + sysconfig.get_paths()["include"]
for compiler, source in (("gcc", "/tmp/m.c"), ("g++", "/tmp/m.cc")):
    subprocess.run([compiler, header, source, "-o", "/tmp/m"], check=True)
    subprocess.run(["/tmp/m"], check=True)
import shutil
tools = "zip unzip rsync make vim less nano file git wget xz bzip2 cc"
print([tool for tool in tools.split() if not shutil.which(tool)])
"""
COURSE_PACKAGES = """
import networkx, numpy as np, pandas as pd, plotly.express as px, sklearn.linear_model, statsmodels.api as sm, sympy
table = pd.DataFrame({"x": range(9), "y": [3 * x + 1 for x in range(9)]})
table.to_excel("/tmp/table.xlsx", index=False)
table = pd.read_excel("/tmp/table.xlsx")
print(sklearn.linear_model.LinearRegression().fit(table[["x"]], table.y).coef_.round(6))
print(sm.OLS(table.y, sm.add_constant(table.x)).fit().params.round(6).tolist())
print(sympy.integrate(sympy.Symbol("x") ** 2), networkx.shortest_path(networkx.path_graph(4), 0, 3))
print(len(px.line(table, x="x", y="y").to_dict()["data"]))
"""


@pytest.fixture(scope="module")
def grace(installed_machine: Machine) -> Iterator[HubClient]:
    """On a machine in Nepal that speaks German, with a share to read and one of her group, and a fresh home."""
    machine = installed_machine
    machine.run("ln -sf /usr/share/zoneinfo/Asia/Kathmandu /etc/localtime")
    machine.write("/etc/default/locale", 'LANG="de_DE.UTF-8"\n')
    machine.run(
        "hubinstall config set shares '{course: {access: read-only}, project: {access: {group: team}}}' --apply"
    )
    machine.run("usermod -aG team grace && usermod -aG team ada")
    with installed.client(machine) as client:
        client.login(installed.PERSON, installed.PERSON_PASSWORD)
        client.start_server()
        client.open_server()
        yield client


def shell(client: HubClient, command: str) -> str:
    """In a terminal of her server, so to speak."""
    code = "import subprocess; r = subprocess.run({!r}, shell=True, text=True, capture_output=True)\n"
    return client.run_cell(code.format(command) + "print(r.stdout + r.stderr, end='')", timeout=120)


def as_ada(machine: Machine, command: str) -> str:
    return machine.run(["setpriv", "--reuid=ada", "--regid=ada", "--init-groups", "sh", "-c", command], timeout=60).out


def wheel(name: str, files: dict[str, str]) -> bytes:
    """The least that pip installs (packaging.python.org, "Binary distribution format")."""
    packed = io.BytesIO()
    about = f"{name}-1.0.dist-info"
    files = files | {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(packed, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        record = "".join(f"{path},,\n" for path in (*files, f"{about}/RECORD"))
        archive.writestr(f"{about}/RECORD", record)
    return packed.getvalue()


def delete(client: HubClient, path: str) -> int:
    return client.fetch("DELETE", f"user/grace/api/contents/{path}", step="delete").status_code


def test_what_pip_installs_can_be_imported_at_once(installed_machine: Machine, grace: HubClient) -> None:
    machine = installed_machine
    assert not machine.exists(f"{HOME}/.local/lib")
    machine.write("/tmp/first-1.0-py3-none-any.whl", wheel("first", {"first.py": "x = 'imported'"}))
    machine.write(
        "/tmp/linked-1.0-py3-none-any.whl", wheel("linked", {"linked.pth": "apart", "apart/linked.py": "x = 1"})
    )
    machine.run(f"mv /tmp/*.whl {HOME}")
    with grace.kernel() as kernel:
        for name in ("first", "linked"):
            kernel.execute(f"%pip install --quiet --no-index --no-deps {name}-1.0-py3-none-any.whl")
        assert kernel.execute("import first, linked\nprint(first.x, linked.x)") == "imported 1\n"


def test_folders_with_files_are_deleted_in_the_file_browser(installed_machine: Machine, grace: HubClient) -> None:
    machine = installed_machine
    shell(grace, "mkdir -p full/below closed/in project/full && touch full/below/f closed/in/f project/full/f")
    shell(grace, "chmod 555 closed closed/in && ln -s full link && touch kept")
    assert [delete(grace, path) for path in ("link", "full", "closed", "project/full", "course")] == [204] * 5
    there = [machine.exists(path) for path in (f"{HOME}/full", f"{HOME}/closed", f"{PROJECT}/full", COURSE)]
    assert there == [False, False, False, True]
    machine.run(f"mkdir {COURSE}/full && touch {COURSE}/full/f && ln -s {COURSE} {HOME}/course")
    assert delete(grace, "course/full") in {400, 403, 500}
    assert machine.exists(f"{COURSE}/full/f")
    assert "Trash" not in shell(grace, "find . -name '*rash*'")


def test_git_works_in_shares(installed_machine: Machine, grace: HubClient) -> None:
    machine = installed_machine
    machine.run("command -v git || { apt-get update -q && apt-get install -qy --no-install-recommends git; }")
    commit = "git init -q -b main && echo 1 > f && git add f && git -c user.name=a -c user.email=a@b commit -qm first"
    machine.run(f"mkdir -p {COURSE}/week/repo && cd {COURSE}/week/repo && {commit}")
    machine.run(["rm", "-rf", f"{PROJECT}/repo"])
    as_ada(machine, f"umask 077; mkdir {PROJECT}/repo && cd {PROJECT}/repo && {commit}")
    assert shell(grace, f"git -C {COURSE}/week/repo log --format=%s") == "first\n"
    assert shell(grace, f"git clone -q {COURSE}/week/repo cloned && cat cloned/f") == "1\n"
    change = "echo 2 > f && git -c user.name=g -c user.email=g@b commit -qam second && git log --format=%an -1"
    assert shell(grace, f"cd {PROJECT}/repo && {change}") == "g\n"
    pull = "from nbgitpuller.pull import GitPuller\n"
    pull += f"for _ in GitPuller('{COURSE}/week/repo', 'pulled', branch='main').pull(): pass\n"
    assert grace.run_cell(pull + "print(open('pulled/f').read())") == "1\n\n"
    answer = grace.fetch("POST", "user/grace/git/project/repo/log", step="git", json={"history_count": 5})
    assert [entry["commit_msg"] for entry in answer.json()["commits"]] == ["second", "first"]


def test_the_group_changes_what_was_moved_or_copied_with_its_modes(
    installed_machine: Machine, grace: HubClient
) -> None:
    machine = installed_machine
    makes = "mkdir -m 700 {0} && echo 1 > {0}/f && chmod {1} {0}/f"
    ways = {
        "moved": "mv made project/moved",
        "copied": "cp -p -r made project/copied",
        "synced": "rsync -a made/ project/synced",
        "unpacked": "(cd made && zip -q ../made.zip f) && unzip -q made.zip -d project/unpacked",
        "cloned": "git init -q made && cd made && git add f && git -c user.name=g -c user.email=g@b commit -qm 1"
        " && git -c core.sharedRepository=0600 clone -q . ../project/cloned",
    }  # fmt: skip
    for mode in ("600", "644"):
        for way, command in ways.items():
            assert shell(grace, f"rm -rf made made.zip && {makes.format('made', mode)} && {command}") == ""
            assert changed(machine, f"{PROJECT}/{way}/f") == "1\n2\n"
            as_ada(machine, f"mv {PROJECT}/{way}/f {PROJECT}/{way}/g && rm -rf {PROJECT}/{way}")


def changed(machine: Machine, path: str) -> str:
    """What ada has made of a file of grace's, whose modes are set right a moment later."""
    ada = ["setpriv", "--reuid=ada", "--regid=ada", "--init-groups"]
    assert soon(lambda: not machine.run([*ada, "test", "-w", path], check=False).code, every=0.1), machine.run(
        f"ls -lR {PROJECT}"
    ).out
    return as_ada(machine, f"echo 2 >> {path} && cat {path}")


def test_zone_and_language_are_the_machines(installed_machine: Machine, grace: HubClient) -> None:
    assert grace.run_cell(REGION) == "5:30:00 Donnerstag 3,14 de_DE.UTF-8\n"
    for zone, lang, expected in (
        ("America/St_Johns", "xx_XX.UTF-8", "-1 day, 20:30:00 Wednesday 3.14 C.UTF-8\n"),
        ("Asia/Tokyo", "ja_JP", "9:00:00 木曜日 3.14 ja_JP.UTF-8\n"),
    ):
        installed_machine.run(
            f"ln -sf /usr/share/zoneinfo/{zone} /etc/localtime && echo LANG={lang} >/etc/default/locale"
        )
        grace.stop_server()
        grace.start_server()
        grace.open_server()
        assert grace.run_cell(REGION) == expected


def test_every_format_that_is_offered_can_be_exported(installed_machine: Machine, grace: HubClient) -> None:
    installed_machine.write(f"{HOME}/all.ipynb", json.dumps(NOTEBOOK))
    formats = set(grace.fetch("GET", "user/grace/api/nbconvert", step="formats").json())
    assert {"html", "markdown", "notebook", "script", "slides"} <= formats
    failed = {}
    for name in sorted(formats - {"custom"}):  # which JupyterLab does not offer
        answer = grace.request("GET", f"user/grace/nbconvert/{name}/all.ipynb?download=true", step="export", timeout=60)
        if answer.status_code != 200 or not answer.content:
            failed[name] = answer.status_code
    assert failed == {}


def test_plots_have_a_glyph_for_everything(grace: HubClient) -> None:
    assert grace.run_cell(PLOT, timeout=120) == "drawn\n"


def test_what_a_data_course_opens_first_is_there(grace: HubClient) -> None:
    expected = "[3.]\n[1.0, 3.0]\nx**3/3 [0, 1, 2, 3]\n1\n"
    assert grace.run_cell(COURSE_PACKAGES, timeout=120) == expected


def test_memory_is_told_as_the_limit_counts_it(installed_machine: Machine, grace: HubClient) -> None:
    """With files in /tmp, which are in memory and in no process."""
    asked = ["docker", "inspect", "--format", "{{.HostConfig.Memory}}", installed.container(installed.PERSON)]
    limit = int(installed_machine.run(asked).out)
    before = use(grace)
    assert before["limits"]["memory"] == {"rss": limit, "warn": False}
    grace.run_cell("open('/tmp/big', 'wb').write(bytes(200 << 20))")
    now = use(grace)
    assert 190 << 20 < now["rss"] - before["rss"] < 260 << 20
    grace.run_cell("import os; os.unlink('/tmp/big')")


def use(client: HubClient) -> Any:
    """What JupyterLab's status bar shows."""
    return client.fetch("GET", "user/grace/api/metrics/v1", step="memory").json()


def test_no_cell_waits_until_the_history_is_on_the_disk(grace: HubClient) -> None:
    code = "h = get_ipython().history_manager; print(h.enabled, *h.db.execute('PRAGMA synchronous').fetchone())"
    assert grace.run_cell(code) == "True 0\n"


def test_the_tools_are_there(grace: HubClient) -> None:
    assert grace.run_cell(C_MODULE, timeout=120) == "[]\n"
