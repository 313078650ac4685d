"""Runs in a person's server: what people do there, each of which must go on working. Prints JSON: what failed."""

import asyncio
import ctypes
import fcntl
import json
import mmap
import multiprocessing
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.restype = ctypes.c_long
TRACEME, PEEK, GETREGS, SYSCALL, CONT, ATTACH, DETACH = 0, 1, 12, 24, 7, 16, 17
PROGRAM = '#include <stdio.h>\n#include <pthread.h>\nint main(void) { puts("compiled"); return 0; }\n'


def trace(request: int, pid: int, address: int = 0, data: int = 0) -> int:
    ctypes.set_errno(0)
    given = [ctypes.c_long(one) for one in (request, pid, address, data)]
    said: int = LIBC.ptrace(*given)
    if said == -1 and ctypes.get_errno():
        raise OSError(ctypes.get_errno(), f"ptrace {request}")
    return said


def traces_like_strace() -> None:
    """The calls of a child, one by one."""
    child = os.fork()
    if child == 0:
        trace(TRACEME, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        os.execv("/bin/true", ["true"])  # noqa: S606 - no shell is wanted
    stops = 0
    while os.WIFSTOPPED(os.waitpid(child, 0)[1]):
        stops += 1
        trace(SYSCALL, child)
    assert stops > 10, stops


def debugs_like_gdb() -> None:
    """Attaches to a running child, and reads its memory in both ways."""
    word = ctypes.c_long(4711)
    child = os.fork()
    if child == 0:
        signal.pause()
    trace(ATTACH, child)
    os.waitpid(child, 0)
    trace(GETREGS, child, 0, ctypes.addressof(ctypes.create_string_buffer(1024)))
    assert trace(PEEK, child, ctypes.addressof(word)) == 4711
    with open(f"/proc/{child}/mem", "rb") as memory:
        memory.seek(ctypes.addressof(word))
        assert int.from_bytes(memory.read(8), sys.byteorder) == 4711
    trace(DETACH, child)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def looks_like_py_spy() -> None:
    """Reads the memory of a child that runs on."""
    word, found = ctypes.c_long(4711), ctypes.c_long(0)
    child = os.fork()
    if child == 0:
        signal.pause()
    here, there = Piece(ctypes.addressof(found), 8), Piece(ctypes.addressof(word), 8)
    size = LIBC.process_vm_readv(child, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert (size, found.value) == (8, 4711), os.strerror(ctypes.get_errno())


def double(number: int) -> int:
    return 2 * number


def has_processes() -> None:
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(double, range(4)) == [0, 2, 4, 6]


def starts_interpreters() -> None:
    words = "import multiprocessing.shared_memory as m; s = m.SharedMemory(create=True, size=64); s.unlink(); print(1)"
    assert subprocess.run([sys.executable, "-c", words], capture_output=True, check=True).stdout == b"1\n"


def has_threads() -> None:
    found: list[int] = []
    threads = [threading.Thread(target=found.append, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 50


def has_events() -> None:
    async def ask() -> bytes:
        process = await asyncio.create_subprocess_exec("echo", "hello", stdout=subprocess.PIPE)
        return (await process.communicate())[0]

    assert asyncio.run(ask()) == b"hello\n"


def compiles() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "program.c").write_text(PROGRAM)
        subprocess.run(["gcc", "-pthread", "program.c", "-o", "program"], cwd=folder, check=True)
        assert subprocess.run([f"{folder}/program"], capture_output=True, check=True).stdout == b"compiled\n"


def calculates() -> None:
    subprocess.run(
        [sys.executable, "-c", "import numpy as n; a = n.random.rand(300, 300); n.linalg.svd(a @ a)"], check=True
    )


def makes_environments() -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", folder], check=True)
        subprocess.run([f"{folder}/bin/python", "-m", "pip", "--version"], check=True, capture_output=True)


def runs_what_it_wrote() -> None:
    """As compilers at run time do (numba, V8)."""
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(b"\xb8\x2a\0\0\0\xc3")  # mov eax, 42; ret
    assert ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))() == 42


def has_sockets() -> None:
    for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK):
        socket.socket(family, socket.SOCK_RAW if family == socket.AF_NETLINK else socket.SOCK_STREAM).close()
    for one in socket.socketpair():
        one.close()
    assert "lo" in {name for _, name in socket.if_nameindex()}


def has_files() -> None:
    with tempfile.TemporaryDirectory(dir=Path.home()) as folder:
        os.mkfifo(f"{folder}/fifo")
        os.symlink("fifo", f"{folder}/link")
        with open(f"{folder}/lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
        database = sqlite3.connect(f"{folder}/data.sqlite")
        database.execute("pragma journal_mode = wal")
        database.execute("create table t (a)")
        database.close()
        assert LIBC.inotify_add_watch(LIBC.inotify_init1(0), folder.encode(), 2) >= 0
    os.close(os.memfd_create("memory"))


def opens_many_files() -> None:
    files = [open("/dev/null") for _ in range(10_000)]  # noqa: SIM115 - closed below, all at once
    for file in files:
        file.close()


def sandboxes_itself() -> None:
    """A filter of its own (SECCOMP_GET_ACTION_AVAIL of "allow"), as browsers set one."""
    allow = ctypes.c_uint32(0x7FFF0000)
    assert LIBC.syscall(317, 2, 0, ctypes.byref(allow)) == 0


TRIED: tuple[Callable[[], None], ...] = (
    traces_like_strace, debugs_like_gdb, looks_like_py_spy, has_processes, starts_interpreters, has_threads, has_events,
    compiles, calculates, makes_environments, runs_what_it_wrote, has_sockets, has_files, opens_many_files,
    sandboxes_itself,
)  # fmt: skip


def fault(act: Callable[[], None]) -> str:
    try:
        act()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return f"{type(error).__name__}: {error}"
    return ""


def main() -> None:
    print(json.dumps({act.__name__: fault(act) for act in TRIED}))


if __name__ == "__main__":
    main()
