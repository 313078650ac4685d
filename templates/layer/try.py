"""Within a container of a new image, as a person without rights: does a server answer, does a kernel run, can all that
was added be imported, does each kernel that was added compute 6*7, does each app answer? Prints what fails, one line
each, and ends with exit code 1 if anything does.
"""

import importlib.metadata
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

SECONDS = 120
PORT = 8888
SAYS = {"r": ("ir", "cat(6*7)"), "octave": ("octave", "disp(6*7)"), "bash": ("bash", "echo $((6*7))")}
"""Language → its kernel, and what makes it say 42."""
APPS = {"vscode": "vscode/healthz"}
"""App → where it says that it is well, below the server's address."""
BESIDE = {"test", "tests", "testing", "doc", "docs", "example", "examples", "benchmarks", "setup", "conftest"}
"""Names of folders that packages install at the top by mistake: nobody imports them."""
IN_KERNEL = """
import importlib, json
failed = {}
for package, names in json.loads(%r).items():
    said: list[str] = []
    for name in names:
        try:
            importlib.import_module(name)
            break
        except BaseException as error:
            said.append(f"import {name}: {type(error).__name__}: {error}")
    else:
        failed[package] = said[0]
print("FAILED" + json.dumps(failed))
"""


def added(path: str) -> list[str]:
    """The new packages, as uv lists them: ` + name==version`."""
    text = pathlib.Path(path).read_text(errors="replace") if os.path.exists(path) else ""
    return re.findall(r"^ [+~] ([A-Za-z0-9._-]+)==", text, re.MULTILINE)


def modules(package: str) -> list[str]:
    """The names at the top of a package's files that a person may import; of namespaces, which others share, none."""
    found: dict[str, None] = {}
    for file in importlib.metadata.files(package) or ():
        parts = file.parts
        if len(parts) == 1 and parts[0].endswith((".py", ".so")):
            found[parts[0].partition(".")[0]] = None
        elif len(parts) == 2 and parts[1] == "__init__.py":
            found[parts[0]] = None
    return [name for name in found if name.isidentifier() and not name.startswith("_") and name not in BESIDE]


def says(kernel: str, code: str) -> str:
    """What a kernel prints, or says went wrong."""
    from jupyter_client.manager import start_new_kernel  # noqa: PLC0415 - whether it is there is tried, too

    manager, client = start_new_kernel(startup_timeout=SECONDS, kernel_name=kernel)
    said: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        content = message["content"]
        said.append(content.get("text", "") + "\n".join(content.get("traceback", ())))

    try:
        client.execute_interactive(code, timeout=SECONDS, output_hook=hear)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return "".join(said)


def computes(language: str) -> str:
    """Empty if its kernel does; else why not."""
    kernel, code = SAYS[language]
    try:
        text = says(kernel, code)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return f"the kernel {kernel} does not start: {error}"
    return "" if "42" in text.split() else f"the kernel {kernel} does not compute {code}: it says {text[-500:]!r}"


def imports(packages: list[str]) -> dict[str, str]:
    """What a kernel says that imports them: package → why that fails."""
    wanted = {package: names for package in packages if (names := modules(package))}
    text = says("python3", IN_KERNEL % json.dumps(wanted))
    if "FAILED" not in text:
        raise RuntimeError(f"the kernel said {text[-500:] or 'nothing'}")
    found: dict[str, str] = json.loads(text.partition("FAILED")[2].splitlines()[0])
    return found


def answers(server: "subprocess.Popen[str]") -> str:
    """Wait until the server answers; its last words if it ends, or does not."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/api/status?token=try", timeout=10)
            return ""
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    server.kill()
    return (server.communicate()[0].strip().splitlines() or ["it says nothing"])[-1]


def opens(app: str) -> str:
    """Empty if an app answers, which the server starts for that; else why not."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{PORT}/{APPS[app]}?token=try", timeout=SECONDS)
    except (urllib.error.URLError, OSError) as error:
        return f"the app {app} does not answer: {error}"
    return ""


def named(path: str) -> list[str]:
    """The words in a file; none if there is no such file."""
    return pathlib.Path(path).read_text().split() if os.path.exists(path) else []


def loads() -> str:
    """Whether what the hub starts can be loaded, which needs the hub itself to run; its last words if not."""
    argv = [sys.executable, "-c", "import jupyterhub.singleuser"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS, check=False)
    return (done.stderr.strip().splitlines() or ["it says nothing"])[-1] if done.returncode else ""


def main() -> int:
    words = [f"--ServerApp.port={PORT}", "--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=try", "--no-browser"]
    server = subprocess.Popen(
        ["jupyter", "server", *words],
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    failed = []
    try:
        failed += [f"{package}: {why}" for package, why in imports(added("/mnt/cache/installed")).items()]
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        failed.append(f"no kernel runs: {error}")
    failed += [why for one in named("/mnt/cache/kernels") if (why := computes(one))]
    if why := answers(server) or loads():
        failed.append(f"no server starts: {why}")
    else:
        failed += [why for one in named("/mnt/cache/apps") if (why := opens(one))]
    server.kill()
    print("\n".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
