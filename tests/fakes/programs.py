"""What other programs of a machine do, on a fake host: apt and dpkg, nft, rm."""

import re
import shutil

from fakes.host import FakeHost


class Dpkg:
    """What apt and dpkg would do: `state` is package → status, `offered` what the mirrors have.

    `torn`: packages that must be unpacked again, whatever their status says (reinst-required).
    """

    def __init__(self, state, offered=("nginx", "openssl")):
        self.state, self.offered, self.interrupted = dict(state), offered, False
        self.torn = {package for package, status in self.state.items() if status == "half-installed"}

    def query(self, argv, _input):
        if "Eflag" in argv[-1]:
            flags = {package: "reinstreq" if package in self.torn else "ok" for package in self.state}
            return "".join(f"{flags[package]} {status} {package}\n" for package, status in self.state.items())
        return "".join(f"{package} {status}\n" for package, status in self.state.items())

    def apt(self, argv, _input):
        if "--reinstall" in argv:
            self.state |= dict.fromkeys(argv[argv.index("--reinstall") + 1 :], "installed")
            self.torn -= set(argv)
            return ""
        if self.torn and "update" not in argv:
            return 100, "dpkg: error processing package: package is in a very bad inconsistent state"
        if self.interrupted and "update" not in argv:
            return 100, "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem."
        if argv[-1] in {"update", "install"}:
            return ""
        wanted = argv[argv.index("install") + 1 :]
        if missing := [package for package in wanted if package not in self.offered]:
            return 100, f"Reading package lists...\nE: Unable to locate package {missing[0]}"
        self.state |= dict.fromkeys(wanted, "installed")
        return ""

    def remove(self, argv, _input):
        del self.state[argv[-1]]
        return ""

    def configure(self, _argv, _input):
        self.interrupted = False
        return ""


class Nft:
    """A kernel with nftables: what is loaded is listed in the kernel's own words."""

    def __init__(self, host: FakeHost) -> None:
        self.host, self.tables, self.refuses = host, {}, False
        host.answers["nft"] = self.answer

    def answer(self, argv, _input):
        if self.refuses:
            return 1, "Error: Could not process rule: Operation not supported"
        if "list" in argv:
            found = self.tables.get(tuple(argv[-2:]))
            return (1, "Error: No such file or directory") if found is None else found
        if "delete" in argv:
            del self.tables[tuple(argv[-2:])]
            return ""
        if "add" in argv:
            self.tables[argv[3], argv[4]] += f", and {argv[5:]}"
            return ""
        text = self.host.text(argv[-1])
        for family, name in re.findall(r"^table (\w+) (\w+) \{", text, re.MULTILINE):
            self.tables[family, name] = f"table {family} {name}: {len(text)} bytes of rules, counted in the kernel"
        return ""


def remove(argv, _input):
    for path in argv[3:]:
        shutil.rmtree(path, ignore_errors=True)
    return ""
