#!/usr/bin/env python3
"""Set up a JupyterHub on this machine, from a checkout: python3 installer/bootstrap.py [flags of `hubinstall apply`].

What this file must obey:
- Only the standard library, and a syntax that an old Python (3.6) still reads, so that it can refuse politely.
- It changes nothing before it has checked its flags, and that the machine can work.
- The only call is on the last line: a download that was cut in the middle does nothing.
"""

import fcntl
import glob
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from types import ModuleType
from typing import Dict, List, NoReturn, Optional

OLDEST_PYTHON = (3, 11)
PYTHON = "/usr/bin/python3"
TRUST_STORE = "/etc/ssl/certs/ca-certificates.crt"
# The same names as in src/hubinstall/layout.py, which cannot be read before the checkout is found.
PARTS_OF_CHECKOUT = ("src", "templates", "systemd", "nginx", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")
# A link to a folder, which zip archives and some tools turn into a file.
LINK_OF_CHECKOUT = os.path.join("src", "hubinstall", "data", "nginx")
# What a shell may say to Python and pip that leads away from the virtualenv made here.
NOT_PASSED_ON = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER",
                 "PIP_REQUIRE_VIRTUALENV")  # fmt: skip


STOP: List[bool] = []
"""Not empty: we were told to stop."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def die(message: str, hint: str, code: int = 1) -> NoReturn:
    say("bootstrap: " + message)
    say("  " + hint)
    sys.exit(code)


def right_python() -> None:
    """Go on under the distribution's Python, whatever ran us; refuse where it is too old."""
    if os.path.realpath(sys.executable) != os.path.realpath(PYTHON) and os.path.exists(PYTHON):
        os.execv(PYTHON, [PYTHON, "-E", os.path.abspath(__file__)] + sys.argv[1:])
    if sys.version_info[:2] < OLDEST_PYTHON:
        old = "Python %d.%d is too old" % sys.version_info[:2]
        die(old, "hubinstall needs 3.11: Debian 12 and Ubuntu 24.04, or later, have it.")


def find_checkout() -> str:
    here = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    missing = [part for part in PARTS_OF_CHECKOUT if not os.path.exists(os.path.join(here, part))]
    if missing:
        die(
            "%s is no checkout of hubinstall: no %s" % (here, missing[0]),
            "Clone the repository, and run installer/bootstrap.py of the clone.",
        )
    if not os.path.isdir(os.path.join(here, LINK_OF_CHECKOUT)):
        die(
            "%s is no link to a folder in %s" % (LINK_OF_CHECKOUT, here),
            "The archive or the copy that it came from has lost its links: clone the repository with git.",
        )
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.join(here, "src"))
    return here


def check_flags() -> None:
    """Answer --help, and refuse what `hubinstall apply` would refuse, before anything changes."""
    from hubinstall.cli import main as cli_main  # noqa: PLC0415 - found only now
    from hubinstall.cli import password_flags  # noqa: PLC0415 - found only now
    from hubinstall.errors import UserError  # noqa: PLC0415

    flags = cli_main.bootstrap_parser().parse_args()
    try:
        password_flags.from_flags(flags.admin, flags.admin_password_file)
    except UserError as error:
        die(error.message, error.hint, code=error.code)


def check_machine() -> None:
    """Say why this machine cannot work, all reasons at once, before anything changes."""
    from hubinstall.machine.host import Host  # noqa: PLC0415
    from hubinstall.preflight import checks  # noqa: PLC0415 - found only now

    problems = checks.check_machine(Host())
    for problem in problems:
        say("bootstrap: " + problem.message)
        say("  " + problem.hint)
    if problems:
        sys.exit(1)


def take_lock(path: str) -> int:
    """Hold the one lock of this machine until the command that follows ends; it inherits the file."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(fd, 200, 0).decode(errors="replace").strip() or "another run"
        die("%s holds the lock %s" % (holder, path), "Wait for it to end, then run again.", code=75)
    os.ftruncate(fd, 0)
    os.pwrite(fd, ("bootstrap (pid %d)\n" % os.getpid()).encode(), 0)
    os.set_inheritable(fd, True)
    return fd


def stop_soon(*_: object) -> None:
    """SIGTERM and Ctrl-C: what runs is finished, so that nothing is left half-done."""
    if not STOP:
        say("finishing what has begun")
    STOP.append(True)


def stop_if_told() -> None:
    """Raise KeyboardInterrupt after a signal."""
    if STOP:
        raise KeyboardInterrupt


def run(argv: List[str], env: Optional[Dict[str, str]] = None) -> None:
    """Run a command; its output only matters when it failed. In a session of its own, which Ctrl-C does not reach.

    Raises KeyboardInterrupt after a command during which we were told to stop.
    """
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=env, start_new_session=True
    )
    stop_if_told()
    if done.returncode != 0:
        output = "\n  ".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-15:])
        die("`%s` ended with exit code %d" % (" ".join(argv), done.returncode), output)


def get_venv_module() -> None:
    """Debian splits `venv` from Python: get it where it is missing."""
    probe = subprocess.run([PYTHON, "-c", "import ensurepip, venv"], capture_output=True, check=False)
    if probe.returncode == 0:
        return
    say("installing python3-venv")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8")
    finish_packages()
    apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=60", "-o", "Acquire::Retries=3"]
    run([*apt, "update"], env=environment)
    run([*apt, "install", "-y", "--no-install-recommends", "python3-venv"], env=environment)


def finish_packages() -> None:
    """Wait for another program that installs packages, and say which; finish what one that was killed has left."""
    from hubinstall.errors import UserError  # noqa: PLC0415 - found only now
    from hubinstall.machine.host import Host  # noqa: PLC0415
    from hubinstall.resources.packages import apt, apt_lock  # noqa: PLC0415

    host = Host()
    host.say = say
    try:
        apt_lock.free(host)
        if apt.half_done(host):
            say("finishing what an apt that was killed has left")
            apt.repair(host)
    except UserError as error:
        die(error.message, error.hint)
    stop_if_told()


def digest_of(checkout: str) -> str:
    """What is installed, in one name: every file of the checkout that counts, and the Python."""
    h = hashlib.sha256(repr((sys.version_info[:3], os.uname().machine)).encode())
    for part in PARTS_OF_CHECKOUT:
        top = os.path.join(checkout, part)
        for folder, folders, names in os.walk(top) if os.path.isdir(top) else [(checkout, [], [part])]:
            folders[:] = sorted(f for f in folders if f != "__pycache__" and not f.endswith(".egg-info"))
            for name in sorted(names):
                path = os.path.join(folder, name)
                h.update(repr(os.path.relpath(path, checkout)).encode())
                with open(path, "rb") as file:
                    h.update(hashlib.sha256(file.read()).digest())
    return h.hexdigest()


def install(checkout: str, layout: ModuleType) -> None:
    """The installer's own virtualenv, apart from the hub's: content-named, sealed when complete, then linked."""
    path = layout.tree("installer", digest_of(checkout))
    if not os.path.exists(os.path.join(path, ".sealed")):
        say("installing the command hubinstall")
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        run([PYTHON, "-m", "venv", "--without-pip", path])
        fill(path, checkout)
        run(["sync", "-f", path])
        with open(os.path.join(path, ".sealed"), "w", encoding="ascii"):
            pass
    switch(layout.INSTALLER, path)
    switch(layout.COMMAND, os.path.join(layout.INSTALLER_BIN, "hubinstall"))
    for name in os.listdir(layout.TREES):
        if name.startswith("installer-") and os.path.join(layout.TREES, name) != path:
            shutil.rmtree(os.path.join(layout.TREES, name))


def fill(path: str, checkout: str) -> None:
    """Install the hash-locked list, then the checkout: uv by pip, all the rest by uv, in a tenth of pip's time."""
    from hubinstall.machine.host import Host  # noqa: PLC0415 - found only now
    from hubinstall.resources.packages import virtualenv  # noqa: PLC0415

    locked = os.path.join(checkout, "src", "hubinstall", "locks", "installer.txt")
    get_uv(path, locked)
    uv = [path + "/bin/uv", "pip", "install", "--quiet", "--python=" + path + "/bin/python3", "--compile-bytecode"]
    cache = path + ".cache"  # beside it, as the copy below: where the next run finds what a killed one left
    environment = dict(os.environ, **virtualenv.uv_environment(Host(), cache))
    run([*uv, "--no-deps", "--require-hashes", "-r", locked], env=environment)
    copy = copy_of(checkout, path + ".source")  # a build writes into the folder it builds, and uv a lock into TMPDIR
    run([*uv, "--no-deps", "--no-index", "--no-build-isolation", copy], env=dict(environment, TMPDIR=copy))
    for folder in (copy, cache):
        shutil.rmtree(folder, ignore_errors=True)


def get_uv(path: str, locked: str) -> None:
    """With the pip that Python itself would put into a virtualenv; its wheel runs without being installed."""
    only_uv = os.path.join(path, "uv.txt")
    with open(locked, encoding="utf-8") as file, open(only_uv, "w", encoding="utf-8") as list_of_one:
        list_of_one.writelines(re.findall(r"^uv==.*\n(?: .*\n)+", file.read(), re.MULTILINE))
    # What stands in pip.conf for an administrator's own work (`user = true`) does not count here.
    trust = {"PIP_CERT": TRUST_STORE} if os.path.exists(TRUST_STORE) else {}
    ours = {"PIP_ROOT_USER_ACTION": "ignore", "PIP_USER": "0", "PIP_NO_CACHE_DIR": "1"}
    pip = [os.path.join(path, "bin", "python3"), wheel_of_pip(), "--disable-pip-version-check", "install", "--quiet"]
    run([*pip, "--no-deps", "--require-hashes", "-r", only_uv], env={**trust, **os.environ, **ours})
    os.remove(only_uv)


def wheel_of_pip() -> str:
    """As a program for Python. WHEEL_PKG_DIR is where distributions keep what ensurepip(3) installs; Debian's do."""
    found = sorted(glob.glob(os.path.join(sysconfig.get_config_var("WHEEL_PKG_DIR") or "", "pip-*.whl")))
    if not found:
        die("pip's own wheel is missing", "Run `apt-get install --reinstall python3-pip-whl`, then run this again.")
    return os.path.join(found[-1], "pip")


def copy_of(checkout: str, copy: str) -> str:
    shutil.rmtree(copy, ignore_errors=True)
    os.mkdir(copy)
    for part in PARTS_OF_CHECKOUT:
        source, target = os.path.join(checkout, part), os.path.join(copy, part)
        if os.path.isdir(source):
            shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy2(source, target)
    return copy


def switch(link: str, target: str) -> None:
    """Make or switch a symbolic link, at once."""
    os.makedirs(os.path.dirname(link), exist_ok=True)
    if os.path.islink(link) and os.readlink(link) == target:
        return
    if os.path.exists(link) and not os.path.islink(link):
        die(link + " is there and no link of ours", "Move it away, and run again.")
    temporary = link + ".hubinstall-new"
    if os.path.lexists(temporary):
        os.remove(temporary)
    os.symlink(target, temporary)
    os.rename(temporary, link)


def main() -> None:
    right_python()
    checkout = find_checkout()
    check_flags()
    if os.geteuid() != 0:
        die("this needs root", "Run it with sudo: sudo python3 installer/bootstrap.py …")
    check_machine()
    from hubinstall import layout  # noqa: PLC0415 - found only now

    lock = take_lock(layout.LOCK)
    os.umask(0o022)
    for name in NOT_PASSED_ON:
        os.environ.pop(name, None)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop_soon)
    try:
        get_venv_module()
        install(checkout, layout)
        stop_if_told()
    except KeyboardInterrupt:
        die("interrupted", "Nothing is half-done. Run the same command again to go on.", code=130)
    except OSError as error:
        die(str(error), "Mend that, and run it again: it goes on from here.")
    os.environ["HUBINSTALL_LOCK_FD"] = str(lock)
    os.execv(layout.COMMAND, [layout.COMMAND, "apply", *sys.argv[1:]])


if __name__ == "__main__":
    main()
