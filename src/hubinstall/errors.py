"""Failures in words for people: what happened, then what to do."""

import errno
import re

FULL = "A disk is full, or has no inodes left: `df -h` and `df -i` show which. Free some space, then run it again."
READ_ONLY = (
    "It is mounted read-only: run `mount -o remount,rw` on the mount point. If the kernel made it read-only (`dmesg`"
    " shows disk errors), repair the disk first. Then run it again."
)
BROKEN_DISK = "The disk reports errors (see `dmesg`): repair its file system or replace it, then run it again."
NO_NAMES = (
    "Host names cannot be resolved: check whether `getent hosts debian.org` works here, and what /etc/resolv.conf"
    " says. At a site where only a proxy resolves the internet's names, set network.proxy (`--proxy URL`); for a site's"
    " own mirrors of Python and Node packages, network.pip_index and network.npm_registry. Then run it again."
)
NOT_TRUSTED = (
    "A certificate is from an authority that this machine does not trust. If a proxy of your site inspects TLS, or a"
    " mirror has a certificate of your site: set network.ca_bundle to the PEM file of that authority"
    " (`--ca-bundle FILE`). Then run it again."
)
PROXY_LOGIN = (
    "The proxy wants a user and a password, or rejects the ones that it got: set network.proxy to"
    " http://USER:PASSWORD@HOST:PORT (`--proxy URL`). Then run it again."
)
NO_WAY_OUT = (
    "There is no connection to the internet, or none to the proxy. If this machine reaches the internet only through a"
    " proxy, set network.proxy (`--proxy URL`) and check its host and port; for a site's own mirrors of Python and Node"
    " packages, network.pip_index and network.npm_registry. Then run it again."
)
OF_NUMBER = {errno.ENOSPC: FULL, errno.EDQUOT: FULL, errno.EROFS: READ_ONLY, errno.EIO: BROKEN_DISK}
"""What a person can do about system errors (errno(3)) that are not our bug."""
OF_WORDS = {
    "No space left on device": FULL,
    "Disk quota exceeded": FULL,
    "Read-only file system": READ_ONLY,
    "Input/output error": BROKEN_DISK,
    "failed to lookup address": NO_NAMES,
    "Temporary failure in name resolution": NO_NAMES,
    "Temporary failure resolving": NO_NAMES,
    "Name or service not known": NO_NAMES,
    "EAI_AGAIN": NO_NAMES,
    "ENOTFOUND": NO_NAMES,
    "Could not resolve": NO_NAMES,
    "no such host": NO_NAMES,
    "dns error": NO_NAMES,
    "invalid peer certificate": NOT_TRUSTED,
    "UnknownIssuer": NOT_TRUSTED,
    "CERTIFICATE_VERIFY_FAILED": NOT_TRUSTED,
    "certificate verify failed": NOT_TRUSTED,
    "SELF_SIGNED_CERT_IN_CHAIN": NOT_TRUSTED,
    "self-signed certificate": NOT_TRUSTED,
    "self signed certificate": NOT_TRUSTED,
    "UNABLE_TO_GET_ISSUER_CERT": NOT_TRUSTED,
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE": NOT_TRUSTED,
    "unable to get local issuer certificate": NOT_TRUSTED,
    "certificate signed by unknown authority": NOT_TRUSTED,
    "The certificate issuer is unknown": NOT_TRUSTED,
    "Proxy Authentication Required": PROXY_LOGIN,
    "proxy authentication required": PROXY_LOGIN,
    "proxy authorization required": PROXY_LOGIN,
    "Network is unreachable": NO_WAY_OUT,
    "Could not connect to": NO_WAY_OUT,
    "Unable to connect to": NO_WAY_OUT,
    "Cannot connect to proxy": NO_WAY_OUT,
    "tunnel error": NO_WAY_OUT,
    # Of downloads alone: a service of this machine can refuse a connection, too.
    "error sending request for url": NO_WAY_OUT,
    "operation timed out": NO_WAY_OUT,
    "Read timed out": NO_WAY_OUT,
    "Failed to establish a new connection": NO_WAY_OUT,
    "dial tcp": NO_WAY_OUT,
    "ECONNREFUSED": NO_WAY_OUT,
    "ETIMEDOUT": NO_WAY_OUT,
}
"""The same, keyed by the messages of strerror(3), gai_strerror(3) and the programs that we run."""


class UserError(Exception):
    """A failure that is not a bug of ours: shown as message and hint, never with a traceback.

    `code` is the exit code of the command (cli/main.py says what each means).
    """

    def __init__(self, message: str, hint: str = "", code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class CommandError(UserError):
    """A command ended with an exit code other than 0; the log has its whole output."""

    def __init__(self, argv: list[str], returncode: int, output: str) -> None:
        output = without_passwords(output)
        tail = output.strip().splitlines()[-15:]
        super().__init__(
            f"`{' '.join(argv)[:300]}` ended with exit code {returncode}", "\n".join([*tail, *cures(output)])
        )
        self.returncode = returncode
        self.output = output


class StalledError(CommandError):
    """A command made no progress for some seconds and was killed; the log says what it was doing."""

    def __init__(self, argv: list[str], seconds: float, output: str) -> None:
        super().__init__(argv, -9, f"{output}\nno progress for {seconds:.0f} s: killed")


def cures(output: str) -> list[str]:
    """What to do, if a command's output says what is wrong with the machine."""
    found = list(dict.fromkeys(cure for sign, cure in OF_WORDS.items() if sign in output))
    # A refusal of the proxy is told as a failed connection, too.
    return [cure for cure in found if cure != NO_WAY_OUT or found == [cure]]


def without_passwords(text: str) -> str:
    """The text of a command without the passwords of its URLs, such as that of a proxy."""
    return re.sub(r"(://[^/\s:@]*:)[^/\s@]+@", r"\1…@", text)


def of_system(error: OSError) -> UserError:
    """The system's refusal in words, with the file."""
    where = f"{error.filename}: " if error.filename else ""
    return UserError(f"{where}{error.strerror or error}", OF_NUMBER.get(error.errno or 0, ""))


BAD_CONFIGURATION = 78  # sysexits.h: EX_CONFIG
