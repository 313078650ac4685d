"""What pip installs for a person while a kernel runs is found without a restart."""

import subprocess

import pytest

from checkout_path import CHECKOUT

SCRIPT = CHECKOUT / "templates/image/root/usr/local/etc/ipython/startup/10-user-site.py"
# `install` stands for what pip does in a process of its own.
CODE = """
import os, site, sys
exec(open({script!r}).read(), globals())
def install(name, text):
    os.makedirs(site.getusersitepackages(), exist_ok=True)
    with open(os.path.join(site.getusersitepackages(), name), "w") as file:
        file.write(text)
{code}
"""


def run(home, code, *options):
    """In the distribution's Python, as kernels are; `home` is fresh."""
    command = ["/usr/bin/python3", *options, "-c", CODE.format(script=str(SCRIPT), code=code)]
    environment = {"HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


EDITED = """
folder = os.environ['HOME'] + '/apart'
os.mkdir(folder)
open(folder + '/edited.py', 'w').write('x = 42')
install('apart.pth', folder)
import edited; print(edited.x)
"""
HOOKED = """
install('hook.pth', "import sys; sys.modules.setdefault('hooked', type(sys)('hooked'))")
try: import nothing
except ImportError: import hooked; print(42)
"""


@pytest.mark.parametrize("code", ["install('new.py', 'x = 42'); import new; print(new.x)", EDITED, HOOKED])
def test_what_is_installed_later_can_be_imported(tmp_path, code):
    ended = run(tmp_path, code)
    assert ended.stdout == "42\n", ended.stderr


def test_it_stands_before_the_systems_packages_and_leaves_no_names(tmp_path):
    ended = run(tmp_path, "print(sys.path.index(site.getusersitepackages()), [n for n in globals() if 'pip' in n])")
    before = run(tmp_path, "print(sys.path.index(site.getusersitepackages()), [])")  # the folder is there now
    assert ended.stdout == before.stdout, ended.stderr


def test_a_virtual_environment_stays_without_it(tmp_path):
    assert run(tmp_path, "print(site.getusersitepackages() in sys.path)", "-s").stdout == "False\n"


def test_a_home_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "file").write_text("")
    ended = run(tmp_path / "file", "print('well')")
    assert (ended.stdout, ended.stderr) == ("well\n", "")
