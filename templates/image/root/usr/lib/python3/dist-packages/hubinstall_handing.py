"""Copies files between a person's home and the shares of a course, with that person's own rights.

Others may change a share meanwhile. So no link is followed: each folder is opened below the one before it, and copied
is what was opened (open(2), O_NOFOLLOW), if it is a file with one name.
"""

import contextlib
import csv
import os
import pwd
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
PLACE = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""A folder to put something into: who may do that to a drop-box may not read it."""
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
MOST_BYTES, MOST_FILES, DEEPEST = 2 << 30, 10_000, 30
"""Of one person, as for `hubinstall course collect`."""
MOST_NAMED = 10
CHUNK = 1 << 20
UNWANTED = frozenset({".ipynb_checkpoints", "__pycache__"})
UNFINISHED = "incomplete-"
LIST = "hand-in.csv"
COLUMNS = ("name", "files", "bytes", "last", "left out")


class RefusedError(Exception):
    """Why nothing was copied, in words for who has pressed the button."""


@dataclass(frozen=True)
class Item:
    """A file that was found. `folder`: the open one around it; `why`: it is not copied, empty if it is."""

    path: tuple[str, ...]
    folder: int
    seen: os.stat_result
    why: str


@dataclass
class Copied:
    """`place`: where, below the share or the home. `left`: what was left out, and why."""

    place: str = ""
    files: int = 0
    size: int = 0
    same: int = 0
    last: float = 0.0
    left: list[str] = field(default_factory=list)
    left_more: int = 0

    def leave(self, path: tuple[str, ...], why: str) -> None:
        if len(self.left) < MOST_NAMED:
            self.left.append(f"{'/'.join(path)} {why}")
        else:
            self.left_more += 1

    def add(self, item: Item, why: str) -> None:
        if why:
            self.leave(item.path, why)
        else:
            self.files, self.size = self.files + 1, self.size + item.seen.st_size
            self.last = max(self.last, item.seen.st_ctime)


@contextlib.contextmanager
def opened(path: str, flags: int, at: int | None = None) -> Iterator[int]:
    file = os.open(path, flags, dir_fd=at)
    try:
        yield file
    finally:
        os.close(file)


def files(folder: int, above: tuple[str, ...] = ()) -> Iterator[Item]:
    """All files below an open folder. What is yielded can be opened until the next one is asked for."""
    for name in sorted(os.listdir(folder)):
        path = (*above, name)
        if name in UNWANTED:
            continue
        try:
            seen = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError:
            continue  # it has gone
        if not stat.S_ISDIR(seen.st_mode) or len(path) > DEEPEST:
            yield Item(path, folder, seen, trouble(seen))
            continue
        try:
            inner = os.open(name, FOLDER, dir_fd=folder)
        except OSError as error:
            yield Item(path, folder, seen, words(error))
            continue
        try:
            yield from files(inner, path)
        finally:
            os.close(inner)


def trouble(seen: os.stat_result) -> str:
    """Why this is not copied; empty if it is."""
    if stat.S_ISLNK(seen.st_mode):
        return "is a link"
    if stat.S_ISDIR(seen.st_mode):
        return "is too deep"
    if not stat.S_ISREG(seen.st_mode):
        return "is not a file"
    return "has a second name (a hard link)" if seen.st_nlink > 1 else ""


def words(error: OSError) -> str:
    return error.strerror or str(error)


def chosen(root: str, path: str) -> str:
    """The real path of what was chosen in the file browser, which must be in the home. `path`: below `root`."""
    home = os.path.realpath(os.path.expanduser("~"))
    found = os.path.realpath(os.path.join(root, path.strip("/")))
    if found == home:
        raise RefusedError("Choose a file or a folder, not the whole home.")
    if not found.startswith(f"{home}/"):
        raise RefusedError(f"{path} is in {os.path.dirname(found)}, not in your home. Copy it to your home first.")
    if not os.path.exists(found):
        raise RefusedError(f"{path} is not there any more.")
    return found


def items(path: str) -> Iterator[Item]:
    """Of a file, or of a folder, whose name comes first in each path."""
    name = os.path.basename(path)
    with opened(os.path.dirname(path), FOLDER) as above:
        seen = os.stat(name, dir_fd=above, follow_symlinks=False)
        if not stat.S_ISDIR(seen.st_mode):
            yield Item((name,), above, seen, trouble(seen))
            return
        with opened(name, FOLDER, above) as folder:
            yield from files(folder, (name,))


def copy(item: Item, target: int, to: tuple[str, ...], told: Copied) -> str:
    """Copy to the path `to` below an open folder, where what stands there is replaced at once; return why not, or "".
    Raises OSError if the target cannot be written to.
    """
    try:
        reading = os.open(item.path[-1], FILE, dir_fd=item.folder)
    except OSError as error:
        return words(error)
    try:
        now = os.fstat(reading)
        if why := trouble(now):
            return why
        if now.st_uid != item.seen.st_uid:
            return "has changed meanwhile"
        with made(target, to[:-1]) as place:
            if same(reading, place, to[-1]):
                told.same += 1
                return ""
            os.lseek(reading, 0, os.SEEK_SET)
            write(reading, place, to[-1], item.seen.st_size)
    finally:
        os.close(reading)
    return ""


@contextlib.contextmanager
def made(root: int, parts: tuple[str, ...]) -> Iterator[int]:
    """A folder below an open one; what is missing is made. The share's default access list says who may what."""
    folder = os.dup(root)
    try:
        for part in parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, 0o777, dir_fd=folder)
            above, folder = folder, os.open(part, PLACE, dir_fd=folder)
            os.close(above)
        yield folder
    finally:
        os.close(folder)


def same(file: int, place: int, name: str) -> bool:
    """Whether a file of this content and name is there already."""
    try:
        with opened(name, FILE, place) as other:
            if not stat.S_ISREG(os.fstat(other).st_mode) or os.fstat(other).st_size != os.fstat(file).st_size:
                return False
            while chunk := os.read(file, CHUNK):
                if os.read(other, CHUNK) != chunk:
                    return False
    except OSError:
        return False
    return True


def write(file: int, place: int, name: str, most: int) -> None:
    """At most so many bytes: it may grow all the time."""
    new = f".{name[:60]}.new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(new, dir_fd=place)
    with open(os.open(new, NEW, 0o666, dir_fd=place), "wb") as written:
        while most > 0 and (chunk := os.read(file, min(CHUNK, most))):
            most -= len(chunk)
            written.write(chunk)
    os.rename(new, name, src_dir_fd=place, dst_dir_fd=place)


def hand_in(path: str, box: str, owner: str) -> Copied:
    """Copy to OWNER/TIME/… in the drop-box. It has that name only when all of it is there."""
    refuse_much(path)
    at = time.strftime("%Y-%m-%d-%H%M%S")
    with opened(box, PLACE) as place, own_folder(place, owner) as (name, mine):
        unfinished, told = f"{UNFINISHED}{at}-{os.getpid()}", Copied()
        try:
            with made(mine, (unfinished,)) as target:
                for item in items(path):
                    told.add(item, item.why or copy(item, target, item.path, told))
            if told.files:
                told.place = f"{name}/{renamed(mine, unfinished, at)}"
        finally:
            shutil.rmtree(unfinished, ignore_errors=True, dir_fd=mine)
    if not told.files:
        raise RefusedError(f"There is no file in it to hand in. {'; '.join(told.left)}".strip())
    return told


def refuse_much(path: str) -> None:
    count = size = 0
    for item in items(path):
        count, size = count + 1, size + item.seen.st_size
    if count > MOST_FILES or size > MOST_BYTES:
        raise RefusedError(f"That is more than {MOST_BYTES >> 30} GB or {MOST_FILES} files: hand in less.")


@contextlib.contextmanager
def own_folder(box: int, owner: str) -> Iterator[tuple[str, int]]:
    """Its name, and the folder, open. Somebody else may have made one of this name, to be in the way."""
    for number in range(1, 100):
        name = f"{owner}-{number}" if number > 1 else owner
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o777, dir_fd=box)
        try:
            folder = os.open(name, PLACE, dir_fd=box)
        except NotADirectoryError:
            continue
        try:
            if os.fstat(folder).st_uid == os.geteuid():
                yield name, folder
                return
        finally:
            os.close(folder)
    raise RefusedError("Somebody else has taken your name in the box. Tell your teacher.")


def renamed(folder: int, name: str, to: str) -> str:
    """Its new name, which no other has."""
    for number in range(1, 1000):
        new = f"{to}-{number}" if number > 1 else to
        if not os.path.lexists(f"/proc/self/fd/{folder}/{new}"):
            os.rename(name, new, src_dir_fd=folder, dst_dir_fd=folder)
            return new
    raise RefusedError("Too much was handed in at one time.")


def hand_out(path: str, material: str) -> Copied:
    """Copy to the material of a course. Files of the same name are replaced, and others stay."""
    told = Copied(os.path.basename(path))
    with opened(material, PLACE) as target:
        for item in items(path):
            told.add(item, item.why or copy(item, target, item.path, told))
    return told


def collect(box: str, folder: str) -> tuple[str, dict[str, Copied]]:
    """Copy what was handed in to NAME/… in a new folder of the home, with a list; the folder, and what each has handed
    in. Whose a file is, its owner says. If nobody has handed in, there is no folder.
    """
    place = f"{folder}/{time.strftime('%Y-%m-%d-%H%M%S')}"
    os.makedirs(place, 0o700)
    people: dict[str, Copied] = {}
    with opened(box, FOLDER) as source, opened(place, FOLDER) as target:
        for item in files(source):
            name = name_of(item.seen.st_uid)
            told = people.setdefault(name, Copied())
            much = told.files >= MOST_FILES or told.size + item.seen.st_size > MOST_BYTES
            why = item.why or ("is more than one person may hand in" if much else "")
            told.add(item, why or copy(item, target, (name, *item.path), told))
    if not people:
        os.rmdir(place)
        return "", people
    with open(f"{place}/{LIST}", "x", newline="", encoding="utf-8", errors="replace") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(map(row, people.items()))
    return place, people


def name_of(uid: int) -> str:
    """A teacher's server knows the members of the course (/etc/passwd)."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid-{uid}"


def row(of: tuple[str, Copied]) -> list[str]:
    """No cell is a formula for a spreadsheet."""
    name, told = of
    last = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(told.last)) if told.files else ""
    cells = [name, str(told.files), str(told.size), last, "; ".join(told.left)]
    return [f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell for cell in cells]
