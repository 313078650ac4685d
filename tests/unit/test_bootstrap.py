"""bootstrap.py: refuses politely before it changes anything, and goes on after a kill."""

import ast
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from checkout_path import CHECKOUT
from fakes import builds
from hubinstall.preflight.versions import is_older

BOOTSTRAP = CHECKOUT / "installer/bootstrap.py"


@pytest.fixture
def bootstrap(monkeypatch):
    module = builds.bootstrap_of(CHECKOUT)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    return module


@pytest.fixture
def layout(tmp_path):
    """The names of layout.py, in a folder."""
    trees = tmp_path / "opt/trees"
    return SimpleNamespace(
        TREES=str(trees), INSTALLER=str(tmp_path / "opt/installer"), INSTALLER_BIN=str(tmp_path / "opt/installer/bin"),
        COMMAND=str(tmp_path / "bin/hubinstall"), tree=lambda name, digest: str(trees / f"{name}-{digest[:16]}"),
    )  # fmt: skip


def run(*flags, script=BOOTSTRAP):
    argv = [sys.executable, "-I", str(script), *flags]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    assert "Traceback" not in done.stderr
    return done


def test_an_old_python_can_read_it():
    tree = ast.parse(BOOTSTRAP.read_text(), feature_version=(3, 6))
    calls = [node for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    assert calls == [], "a download that was cut must do nothing"
    assert ast.unparse(tree.body[-1]) == "if __name__ == '__main__':\n    main()"


def test_an_old_python_is_refused(bootstrap, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "PYTHON", sys.executable)
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit) as end:
        bootstrap.right_python()
    assert end.value.code == 1
    assert "Python 3.9 is too old" in capsys.readouterr().err


def test_another_python_hands_over_to_the_distributions(bootstrap, monkeypatch):
    """A pyenv or conda that comes first in PATH lies in somebody's home, where the services cannot read it."""
    called = []
    monkeypatch.setattr(bootstrap, "PYTHON", sys.executable)
    monkeypatch.setattr(bootstrap.sys, "executable", "/home/someone/conda/bin/python3")
    monkeypatch.setattr(bootstrap.sys, "argv", ["bootstrap.py", "--domain", "hub.example.org"])
    monkeypatch.setattr(bootstrap.os, "execv", lambda *words: called.append(words))
    bootstrap.right_python()
    monkeypatch.undo()
    assert called == [(sys.executable, [sys.executable, "-E", str(BOOTSTRAP), "--domain", "hub.example.org"])]


def test_before_the_packages_only_the_standard_library_is_needed():
    imports = (
        "from hubinstall.cli import main; from hubinstall.resources.accounts import first_passwords; "
        "from hubinstall.preflight import checks; from hubinstall.resources.packages import apt, apt_lock"
    )
    code = f"import sys; sys.path.insert(0, sys.argv[1]); {imports}"
    subprocess.run([sys.executable, "-I", "-S", "-c", code, str(CHECKOUT / "src")], check=True)


def test_help_needs_nothing():
    done = run("--help")
    assert done.returncode == 0
    assert "usage: bootstrap.py" in done.stdout
    assert "--admin NAME[:PASSWORD]" in done.stdout


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--admn", "ada"], "unrecognized arguments: --admn"),
        (["--domain"], "--domain: expected one argument"),
        (["ada"], "unrecognized arguments: ada"),
        (["--admni", "ada"], "--admni: did you mean --admin?"),
        (["--check"], "unrecognized arguments: --check\n"),
        (["--admin", "ada:"], "the password of ada is empty"),
        (["--admin", "ada", "--admin-password-file", "/nonexistent"], "/nonexistent cannot be read"),
    ],
)
def test_wrong_flags_are_refused_at_once(flags, words):
    done = run(*flags)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_wrong_value_is_refused_before_anything_else(bootstrap, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "right_python", lambda: None)
    monkeypatch.setattr(bootstrap, "check_machine", lambda: pytest.fail("too late"))
    monkeypatch.setattr(bootstrap.sys, "argv", ["bootstrap.py", "--memory", "much"])
    with pytest.raises(SystemExit) as refused:
        bootstrap.main()
    assert refused.value.code == 78
    assert capsys.readouterr().err.startswith("bootstrap: --memory much: 'much' is not a size; try ")


def test_a_folder_that_is_no_checkout(tmp_path):
    script = tmp_path / "installer/bootstrap.py"
    script.parent.mkdir()
    script.write_bytes(BOOTSTRAP.read_bytes())
    done = run(script=script)
    assert done.returncode == 1
    assert f"{tmp_path} is not a checkout of hubinstall: src is missing" in done.stderr
    for part in ("templates", "systemd", "nginx", "installer", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        (tmp_path / part).touch()
    link = tmp_path / "src/hubinstall/data/nginx"
    link.parent.mkdir(parents=True)
    link.write_text("../../../nginx")
    assert "lost its symbolic links" in run(script=script).stderr
    assert sorted(path.name for path in (tmp_path / "src").rglob("*")) == ["data", "hubinstall", "nginx"]


def test_piped_without_its_checkout(tmp_path):
    """Under a Python that is not the distribution's, too, to which it could not hand itself over."""
    argv = [sys.executable, "-I", "-"]
    for python in ("/usr/bin/python3", "/nonexistent", "/bin/sh"):
        source = BOOTSTRAP.read_text().replace('PYTHON = "/usr/bin/python3"', f"PYTHON = {python!r}")
        done = subprocess.run(argv, check=False, capture_output=True, text=True, input=source, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert "cannot be piped into Python by itself\n  Clone the repository" in done.stderr


def test_without_root(bootstrap, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "right_python", lambda: None)
    monkeypatch.setattr(bootstrap.sys, "argv", ["bootstrap.py"])
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit) as end:
        bootstrap.main()
    assert end.value.code == 1
    assert "needs root" in capsys.readouterr().err


def test_a_command_that_hangs_is_tried_again(bootstrap, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "STALL", 0.5)
    bootstrap.run(["sh", "-c", f"[ -e {tmp_path}/tried ] || {{ touch {tmp_path}/tried; sleep 60; }}"])
    assert "made no progress" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        bootstrap.run(["sleep", "60"])
    assert "`sleep 60` ended with exit code -9" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("version", "than"),
    [
        ("1.2.3", "1.2.4"), ("1.9.0", "1.10.0"), ("1.2.3.dev0", "1.2.3"), ("1.2.3.dev9", "1.2.3.dev10"),
        ("1.2.3.dev9", "1.2.3"), ("1.2.3", "1.3.0.dev0"), ("0.9.9.dev7", "1.0.0.dev0"),
    ],
)  # fmt: skip
def test_an_older_version(version, than):
    assert is_older(version, than)
    assert not is_older(than, version)


@pytest.mark.parametrize("pair", [("1.2.3", "1.2.3"), ("1.2.3.dev0", "1.2.3.dev10"), ("1.2.3", "1!2"), ("", "9.9.9")])
def test_versions_of_which_none_is_older(pair):
    assert not is_older(*pair)
    assert not is_older(*reversed(pair))


def test_an_older_version_is_not_put_over_a_newer_one(bootstrap, layout, monkeypatch, capsys):
    monkeypatch.setattr("hubinstall.__version__", "1.2.3")
    bootstrap.check_version(layout)
    site_packages = Path(layout.INSTALLER, "lib/python3.11/site-packages")
    (site_packages / "hubinstall-1.2.3.dist-info").mkdir(parents=True)
    bootstrap.check_version(layout)
    (site_packages / "hubinstall-1.2.3.dist-info").rename(site_packages / "hubinstall-1.3.0.dist-info")
    with pytest.raises(SystemExit) as end:
        bootstrap.check_version(layout)
    assert end.value.code == 1
    said = capsys.readouterr().err
    assert "this is hubinstall 1.2.3, and this machine has the newer version 1.3.0" in said
    assert "To go back, run `hubinstall uninstall --yes`" in said


def test_two_at_once(bootstrap, tmp_path, capsys):
    path = str(tmp_path / "lock")
    held = bootstrap.take_lock(path)
    with pytest.raises(SystemExit) as end:
        bootstrap.take_lock(path)
    assert end.value.code == 75
    assert f"bootstrap (pid {os.getpid()}) holds the lock {path}" in capsys.readouterr().err
    os.close(held)
    os.close(bootstrap.take_lock(path))


@pytest.fixture
def wheels(bootstrap, tmp_path, monkeypatch):
    """Where a distribution keeps pip's wheel."""
    folder = tmp_path / "python-wheels"
    folder.mkdir()
    (folder / "pip-23.0.1-py3-none-any.whl").touch()
    monkeypatch.setattr(bootstrap.sysconfig, "get_config_var", {"WHEEL_PKG_DIR": str(folder)}.get)
    return folder


def test_uv_comes_by_pips_own_wheel_and_by_its_hash(bootstrap, wheels, tmp_path, monkeypatch):
    asked = []

    def command(argv, env=None):
        asked.append((argv, Path(argv[-1]).read_text(), env))

    monkeypatch.setattr(bootstrap, "run", command)
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.delenv("PIP_DEFAULT_TIMEOUT", raising=False)
    locked = CHECKOUT / "src/hubinstall/locks/installer.txt"
    bootstrap.get_uv(str(tmp_path), str(locked))
    ((argv, listed, env),) = asked
    assert argv[:2] == [f"{tmp_path}/bin/python3", f"{wheels}/pip-23.0.1-py3-none-any.whl/pip"]
    assert listed.startswith("uv==")
    assert listed.count("==") == 1
    assert f"{listed.splitlines()[-1]}\n" in locked.read_text()
    assert "--hash=sha256:" in listed.splitlines()[-1]
    assert env["PIP_USER"] == "0"
    assert env["PIP_CACHE_DIR"] == f"{tmp_path}.pip"  # a killed run's download is there for the next
    assert env["PIP_DEFAULT_TIMEOUT"] == "60"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["python-wheels"]


def test_a_python_without_pips_wheel(bootstrap, wheels, capsys):
    next(wheels.iterdir()).unlink()
    with pytest.raises(SystemExit):
        bootstrap.wheel_of_pip()
    assert "--reinstall python3-pip-whl" in capsys.readouterr().err


@pytest.mark.usefixtures("wheels")
def test_killed_while_the_virtualenv_is_made_and_run_again(bootstrap, layout, monkeypatch):
    made = []

    def command(argv, env=None):
        if argv[1:3] == ["-m", "venv"]:
            made.append(argv[-1])
            os.makedirs(os.path.join(argv[-1], "bin"))
            Path(argv[-1], "half").touch(exist_ok=False)

    def killed(path, checkout):
        os.makedirs(path + ".source")
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "run", command)
    whole, bootstrap.fill = bootstrap.fill, killed
    with pytest.raises(KeyboardInterrupt):
        bootstrap.install(str(CHECKOUT), layout)
    assert not os.path.lexists(layout.INSTALLER)
    bootstrap.fill = whole
    bootstrap.install(str(CHECKOUT), layout)
    assert made[0] == made[1]
    assert os.readlink(layout.INSTALLER) == made[0]
    assert os.readlink(layout.COMMAND) == os.path.join(layout.INSTALLER_BIN, "hubinstall")
    assert os.listdir(layout.TREES) == [os.path.basename(made[0])]
    bootstrap.install(str(CHECKOUT), layout)
    assert len(made) == 2, "the same checkout is installed once"


def test_only_what_is_installed_gives_the_tool_its_name(bootstrap, tmp_path):
    """A page, a test or a commit more is no reason to install it again."""
    copy = bootstrap.copy_of(str(CHECKOUT), str(tmp_path / "copy"))
    before = bootstrap.digest_of(copy)
    assert before == bootstrap.digest_of(str(CHECKOUT))
    for name in ("Makefile", "SECURITY.md", ".git/HEAD", "src/hubinstall.egg-info/PKG-INFO", "tests/test_more.py"):
        Path(copy, name).parent.mkdir(parents=True, exist_ok=True)
        Path(copy, name).write_text("more")
    assert bootstrap.digest_of(copy) == before
    Path(copy, "src/hubinstall/layout.py").write_text("other")
    assert bootstrap.digest_of(copy) != before


def test_what_is_not_ours_stays(bootstrap, tmp_path):
    (tmp_path / "hubinstall").write_text("theirs")
    with pytest.raises(SystemExit):
        bootstrap.switch(str(tmp_path / "hubinstall"), "/elsewhere")
    assert (tmp_path / "hubinstall").read_text() == "theirs"


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [(KeyboardInterrupt(), 130, "interrupted"), (OSError(28, "No space left on device"), 1, "No space left")],
)
def test_an_end_in_the_middle_is_said_in_words(bootstrap, monkeypatch, capsys, tmp_path, error, code, words):
    def fail(*_):
        raise error

    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0)
    monkeypatch.setattr(bootstrap.os, "umask", lambda _: 0)
    monkeypatch.setattr(bootstrap.sys, "argv", ["bootstrap.py"])
    for name, fake in (("right_python", lambda: None), ("check_machine", lambda: None), ("get_venv_module", fail)):
        monkeypatch.setattr(bootstrap, name, fake)
    monkeypatch.setattr(bootstrap, "take_lock", lambda _: 9)
    with pytest.raises(SystemExit) as end:
        bootstrap.main()
    assert end.value.code == code
    assert words in capsys.readouterr().err
