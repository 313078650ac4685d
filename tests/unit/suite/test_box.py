"""A Vagrant box of the distribution's packages, and when a whole run makes one."""

import re
import subprocess

import pytest

from checkout_path import CHECKOUT
from harness import box


def test_a_box_has_the_disk_that_the_vagrantfile_asks_for():
    """A larger one would have to grow its partition at the first boot."""
    assert f"machine_virtual_size = {box.GIGABYTES} " in (CHECKOUT / "Vagrantfile").read_text()


@pytest.mark.parametrize(("minutes", "said", "code"), [
    (10, "building\n", 3),
    (60, "not built, not booted, after 60 minutes of other tests: the Vagrant box (tests/run box)\n", 0),
])  # fmt: skip
def test_a_whole_run_boots_a_box_or_says_that_it_did_not(minutes, said, code, tmp_path):
    """For lack of time it does not fail; with a box that does not boot it does."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/run").write_text("#!/bin/sh\necho building\nexit 3\n")
    (tmp_path / "tests/run").chmod(0o755)
    [function] = re.findall(r"^box_within=.*?^}$", (CHECKOUT / "tests/run").read_text(), re.MULTILINE | re.DOTALL)
    script = f'code=0\nbegan=$(($(date +%s) - {60 * minutes}))\n{function}\nbox || code=$?\nexit "$code"'
    done = subprocess.run(["sh", "-euc", script], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (done.stdout.splitlines(keepends=True)[-1], done.returncode) == (said, code)
    assert "not run: the core tests on Debian's own kernel" in done.stdout
