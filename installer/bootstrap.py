#!/usr/bin/env python3
"""Install JupyterHub on this machine from a checkout: python3 installer/bootstrap.py [flags of `hubinstall apply`].

The same file starts the archive in dist/bootstrap.py, which needs no checkout (installer/one_file.py).

The rules for this file:
- Only the standard library, and syntax that an old Python (3.6) can parse, so that it can say that Python is too old.
- It changes nothing before it has checked its flags and the machine.
- The only call is on the last line, so that an incomplete download does nothing.
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
import zipfile
from types import ModuleType
from typing import Callable, Dict, List, NoReturn, Optional, Tuple, TypeVar

T = TypeVar("T")
OLDEST_PYTHON = (3, 11)
PYTHON = "/usr/bin/python3"
TRUST_STORE = "/etc/ssl/certs/ca-certificates.crt"
# The parts of a checkout that are installed.
PARTS_OF_CHECKOUT = (
    "src", "templates", "systemd", "nginx", "installer", "setup.cfg", "pyproject.toml", "README.md", "LICENSE",
)  # fmt: skip
# A link to a directory, which zip archives and some tools turn into a file.
LINK_OF_CHECKOUT = os.path.join("src", "hubinstall", "data", "nginx")
# Environment variables that would make Python and pip use something else than the virtualenv created here.
NOT_PASSED_ON = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER",
                 "PIP_REQUIRE_VIRTUALENV")  # fmt: skip
STALL = 300
"""Seconds without any progress after which a command counts as hanging."""
TRIES = 3
STOP: List[bool] = []
"""Not empty if we were told to stop."""
QUIET: List[bool] = []
"""Not empty if only failures are to be printed."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def die(message: str, hint: str, code: int = 1) -> NoReturn:
    say("bootstrap: " + message)
    say("  " + hint)
    sys.exit(code)


def right_python() -> None:
    """Continue under the distribution's Python, whichever Python started us; refuse it if it is too old."""
    other = os.path.realpath(sys.executable) != os.path.realpath(PYTHON)
    if other and os.path.exists(PYTHON) and os.path.exists(__file__):
        os.execv(PYTHON, [PYTHON, "-E", os.path.abspath(__file__)] + sys.argv[1:])
    if sys.version_info[:2] < OLDEST_PYTHON:
        old = "Python %d.%d is too old" % sys.version_info[:2]
        die(old, "Python 3.11 is needed: use Debian 12, Ubuntu 24.04 or a later release.")


def find_source() -> str:
    """What to install, which can be imported from now on: the archive that this file is in, or the checkout."""
    return getattr(globals().get("__loader__"), "archive", None) or find_checkout()


def find_checkout() -> str:
    if not os.path.exists(__file__):
        die(
            "this bootstrap.py belongs to a checkout, and cannot be piped into Python by itself",
            "Clone the repository and run installer/bootstrap.py in the clone. To make one file that can be piped, run "
            "installer/build.py there.",
        )
    here = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    missing = [part for part in PARTS_OF_CHECKOUT if not os.path.exists(os.path.join(here, part))]
    if missing:
        die(
            "%s is not a checkout of hubinstall: %s is missing" % (here, missing[0]),
            "Clone the repository and run installer/bootstrap.py in the clone.",
        )
    if not os.path.isdir(os.path.join(here, LINK_OF_CHECKOUT)):
        die(
            "%s is not a link to a directory in %s" % (LINK_OF_CHECKOUT, here),
            "The archive or copy has lost its symbolic links: clone the repository with git.",
        )
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.join(here, "src"))
    return here


def check_flags() -> str:
    """Answer --help, and refuse flags that `hubinstall apply` would refuse, before anything changes. From then on,
    downloads go the site's way. Returns the path of an offline bundle; empty if none is named.
    """
    from hubinstall.cli import flags as cli_flags  # noqa: PLC0415 - only found now
    from hubinstall.cli import main as cli_main  # noqa: PLC0415 - only found now
    from hubinstall.cli import password_flags  # noqa: PLC0415 - only found now

    flags = cli_main.bootstrap_parser().parse_args()
    or_die(cli_flags.check_values, flags)
    os.environ.update(or_die(cli_flags.way_out, flags))
    or_die(password_flags.refuse_weak_first, or_die(password_flags.from_flags, flags.admin, flags.admin_password_file))
    QUIET.extend([True] * flags.quiet)
    return str(flags.bundle or "")


def or_die(call: Callable[..., T], *words: object) -> T:
    """The result; a refusal in words for people ends this program."""
    from hubinstall.errors import UserError  # noqa: PLC0415 - only found now

    try:
        return call(*words)
    except UserError as error:
        die(error.message, error.hint, code=error.code)


def check_machine() -> None:
    """Report every reason why this machine cannot work, before anything changes."""
    from hubinstall.machine.host import Host  # noqa: PLC0415
    from hubinstall.preflight import checks  # noqa: PLC0415 - only found now

    problems = checks.check_machine(Host())
    for problem in problems:
        say("bootstrap: " + problem.message)
        say("  " + problem.hint)
    if problems:
        sys.exit(1)


def check_version(layout: ModuleType) -> None:
    """Refuse to go back to an older version, which may not understand what the newer one has written."""
    from hubinstall import __version__  # noqa: PLC0415 - only found now
    from hubinstall.preflight.versions import is_older  # noqa: PLC0415

    site_packages = os.path.join(layout.INSTALLER, "lib", "python3*", "site-packages")
    for path in glob.glob(os.path.join(site_packages, "hubinstall-*.dist-info")):
        installed = os.path.basename(path)[len("hubinstall-") : -len(".dist-info")]
        if is_older(__version__, installed):
            die(
                "this is hubinstall %s, and this machine has the newer version %s" % (__version__, installed),
                "Nothing was changed. Use %s or a later version. To go back, run `hubinstall uninstall --yes`, which "
                "keeps homes, accounts, shared data and settings, then run this again." % installed,
            )


def take_lock(path: str) -> int:
    """Take the machine's lock and hold it until the command that follows ends, which inherits the file."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(fd, 200, 0).decode(errors="replace").strip() or "another run"
        die("%s holds the lock %s" % (holder, path), "Wait until it ends, then run it again.", code=75)
    os.ftruncate(fd, 0)
    os.pwrite(fd, ("bootstrap (pid %d)\n" % os.getpid()).encode(), 0)
    os.set_inheritable(fd, True)
    return fd


def stop_soon(*_: object) -> None:
    """SIGTERM and Ctrl-C: finish the current command, so that nothing is left half-done."""
    if not STOP:
        say("finishing the current step")
    STOP.append(True)


def stop_if_told() -> None:
    """Raise KeyboardInterrupt after a signal."""
    if STOP:
        raise KeyboardInterrupt


def run(argv: List[str], env: Optional[Dict[str, str]] = None) -> None:
    """Run a command, and show its output only if it fails. It has its own session, so that Ctrl-C does not reach it.
    One that hangs is killed and tried again; one that is slow is not (machine/activity.py).

    Raises KeyboardInterrupt after the command if we were told to stop meanwhile.
    """
    from hubinstall import errors  # noqa: PLC0415 - only found now
    from hubinstall.machine import processes  # noqa: PLC0415

    for _ in range(TRIES):
        done = processes.to_its_end(argv, env=env or os.environ, stall=STALL, begun=lambda: None)
        stop_if_told()
        if not done.stalled:
            break
        say("`%s` made no progress for %d minutes" % (" ".join(argv[:4]), STALL // 60))
    if done.returncode != 0:
        error = errors.CommandError(argv, done.returncode, done.stderr.strip() or done.stdout)
        die(error.message, error.hint.replace("\n", "\n  "))


def get_venv_module() -> None:
    """Debian packages `venv` separately from Python: install it if it is missing."""
    probe = subprocess.run([PYTHON, "-c", "import ensurepip, venv"], capture_output=True, check=False)
    if probe.returncode == 0:
        return
    if not QUIET:
        say("installing python3-venv")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8")
    finish_packages()
    apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=60", "-o", "Acquire::Retries=3"]
    if os.environ.get("SSL_CERT_FILE"):  # apt does not read it
        apt += ["-o", "Acquire::https::CaInfo=" + os.environ["SSL_CERT_FILE"]]
    run([*apt, "update"], env=environment)
    run([*apt, "install", "-y", "--no-install-recommends", "python3-venv"], env=environment)


def finish_packages() -> None:
    """Wait for other programs that install packages, and say which; finish the work of one that was killed."""
    from hubinstall.machine.host import Host  # noqa: PLC0415 - only found now
    from hubinstall.resources.packages import apt  # noqa: PLC0415

    host = Host()
    host.say = say
    or_die(apt.finish, host)
    stop_if_told()


def digest_of(source: str) -> str:
    """One digest of everything that is installed: the archive or the parts of the checkout, and Python's version."""
    h = hashlib.sha256(repr((sys.version_info[:3], os.uname().machine)).encode())
    if os.path.isdir(source):
        add_checkout(h, source)
    else:
        with open(source, "rb") as archive:
            h.update(archive.read())
    return h.hexdigest()


def add_checkout(h: "hashlib._Hash", checkout: str) -> None:
    for part in PARTS_OF_CHECKOUT:
        top = os.path.join(checkout, part)
        for folder, folders, names in os.walk(top) if os.path.isdir(top) else [(checkout, [], [part])]:
            folders[:] = sorted(f for f in folders if f != "__pycache__" and not f.endswith(".egg-info"))
            for name in sorted(names):
                path = os.path.join(folder, name)
                h.update(repr(os.path.relpath(path, checkout)).encode())
                with open(path, "rb") as file:
                    h.update(hashlib.sha256(file.read()).digest())


def install(source: str, layout: ModuleType) -> None:
    """Install into a virtualenv of its own: in a directory named by content, sealed when complete, then linked."""
    path = layout.tree("installer", digest_of(source))
    if not os.path.exists(os.path.join(path, ".sealed")):
        if not QUIET:
            say("installing the command hubinstall")
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        run([PYTHON, "-m", "venv", "--without-pip", path])
        fill(path, source)
        run(["sync", "-f", path])
        with open(os.path.join(path, ".sealed"), "w", encoding="ascii"):
            pass
    switch(layout.INSTALLER, path)
    switch(layout.COMMAND, os.path.join(layout.INSTALLER_BIN, "hubinstall"))
    for name in os.listdir(layout.TREES):
        if name.startswith("installer-") and os.path.join(layout.TREES, name) != path:
            shutil.rmtree(os.path.join(layout.TREES, name))


def fill(path: str, source: str) -> None:
    """Install the hash-locked list, then the source: uv with pip, the rest with uv, which is ten times as fast."""
    from hubinstall.machine.host import Host  # noqa: PLC0415 - only found now
    from hubinstall.resources.packages import virtualenv  # noqa: PLC0415

    folder = path + ".source"  # a copy: the build writes into its directory, and uv writes a lock into TMPDIR
    if os.path.isdir(source):
        package = copy_of(source, folder)
        locked = os.path.join(folder, "src", "hubinstall", "locks", "installer.txt")
    else:
        package, locked = wheel_of(source, folder)
    uv = [get_uv(path, locked), "pip", "install", "--quiet", "--python=" + path + "/bin/python3", "--compile-bytecode"]
    cache = path + ".cache"  # next to it, like the copy, so that the next run finds what a killed run left
    environment = dict(os.environ, **virtualenv.uv_environment(Host(), cache))
    run([*uv, "--no-deps", "--require-hashes", "-r", locked], env=environment)
    run([*uv, "--no-deps", "--no-index", "--no-build-isolation", package], env=dict(environment, TMPDIR=folder))
    # The last is uv's lock, which everyone may write to.
    run(["rm", "-rf", folder, cache, path + ".pip", path + ".uv", path + "/.lock"])


def get_uv(path: str, locked: str) -> str:
    """The path of uv. The pip that Python itself would put into a virtualenv installs it; its wheel runs without
    installation. In an offline bundle there is its wheel.
    """
    from hubinstall.machine.host import Host  # noqa: PLC0415 - only found now
    from hubinstall.resources.packages import offline  # noqa: PLC0415

    if offline.folder(Host(), offline.WHEELS):
        with open(locked, encoding="utf-8") as file:
            return offline.program(Host(), "uv", file.read(), path + ".uv")
    only_uv = os.path.join(path, "uv.txt")
    with open(locked, encoding="utf-8") as file, open(only_uv, "w", encoding="utf-8") as list_of_one:
        list_of_one.writelines(re.findall(r"^uv==.*\n(?: .*\n)+", file.read(), re.MULTILINE))
    # The settings in pip.conf for an administrator's own work (`user = true`) must not apply here.
    usual = {"PIP_DEFAULT_TIMEOUT": "60"}  # seconds of silence; pip's own 15 are short for a thin line
    if os.path.exists(TRUST_STORE):
        usual["PIP_CERT"] = TRUST_STORE
    ours = {"PIP_ROOT_USER_ACTION": "ignore", "PIP_USER": "0", "PIP_CACHE_DIR": path + ".pip"}
    pip = [os.path.join(path, "bin", "python3"), wheel_of_pip(), "--disable-pip-version-check", "install", "--quiet"]
    run([*pip, "--no-deps", "--require-hashes", "-r", only_uv], env={**usual, **os.environ, **ours})
    os.remove(only_uv)
    return os.path.join(path, "bin", "uv")


def wheel_of_pip() -> str:
    """The path of pip, which Python can run. In WHEEL_PKG_DIR distributions such as Debian keep ensurepip's wheels."""
    found = sorted(glob.glob(os.path.join(sysconfig.get_config_var("WHEEL_PKG_DIR") or "", "pip-*.whl")))
    if not found:
        die("pip's own wheel is missing", "Run `apt-get install --reinstall python3-pip-whl`, then run it again.")
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


def wheel_of(archive: str, folder: str) -> Tuple[str, str]:
    """The wheel that is in the archive, and its hash-locked list: both as files in `folder`."""
    from hubinstall import __version__  # noqa: PLC0415 - only found now

    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    wheel = os.path.join(folder, "hubinstall-%s-py3-none-any.whl" % __version__)
    locked = os.path.join(folder, "installer.txt")
    with zipfile.ZipFile(archive) as packed, zipfile.ZipFile(wheel, "w") as copy, open(locked, "wb") as listed:
        listed.write(packed.read("hubinstall/locks/installer.txt"))
        for info in packed.infolist():
            if info.filename != "__main__.py":
                copy.writestr(info, packed.read(info))  # from now on `info` has the place in the copy
    return wheel, locked


def switch(link: str, target: str) -> None:
    """Create or switch a symbolic link atomically."""
    os.makedirs(os.path.dirname(link), exist_ok=True)
    if os.path.islink(link) and os.readlink(link) == target:
        return
    if os.path.exists(link) and not os.path.islink(link):
        die(link + " exists and is not a link of ours", "Move it away, then run it again.")
    temporary = link + ".hubinstall-new"
    if os.path.lexists(temporary):
        os.remove(temporary)
    os.symlink(target, temporary)
    os.rename(temporary, link)


def main() -> None:
    right_python()
    source = find_source()
    path = check_flags()
    from hubinstall import layout  # noqa: PLC0415 - only found now
    from hubinstall.bundle import archive  # noqa: PLC0415
    from hubinstall.cli import flags as cli_flags  # noqa: PLC0415

    if os.geteuid() != 0:
        die("this needs root", "Run it with sudo: sudo python3 …")
    check_version(layout)
    check_machine()
    bundle = or_die(archive.checked, path) if path else None
    lock = take_lock(layout.LOCK)
    os.umask(0o022)
    for name in NOT_PASSED_ON:
        os.environ.pop(name, None)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop_soon)
    try:
        if bundle and not QUIET:
            say("unpacking " + path)
        if not bundle:
            get_venv_module()
        or_die(archive.bring, bundle)
        stop_if_told()
        install(source, layout)
        stop_if_told()
    except KeyboardInterrupt:
        die("interrupted", "Nothing is half-done. Run the same command again to continue.", code=130)
    except OSError as error:
        die(str(error), "Fix that, then run it again: it continues from here.")
    os.environ["HUBINSTALL_LOCK_FD"] = str(lock)
    os.execv(layout.COMMAND, [layout.COMMAND, "apply", *cli_flags.for_apply(sys.argv[1:])])


if __name__ == "__main__":
    main()
