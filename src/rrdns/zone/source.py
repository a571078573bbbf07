"""Opens the files of one zone, and only those it may: the one place here that touches the disk."""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from .findings import FaultError

MAX_OCTETS = 256 * 1024 * 1024  # of all files of a zone together: millions of records
MAX_FILES = 1000  # counting each $INCLUDE: includes that include each other multiply

_LONE_SURROGATE = re.compile("[\udc80-\udcff]")  # how Python decodes an octet that is not UTF-8


@dataclass(frozen=True, slots=True)
class Source:
    """One file's text. `display` names it to the user; `stray_octet` is the first not of UTF-8."""

    path: Path
    display: str
    text: str
    stray_octet: tuple[int, int, int] | None = None  # line, column, value


class Sources:
    """The files of one zone: regular files in one folder, bounded in size and number."""

    def __init__(self, top: Path, display: str) -> None:
        self._top = top.absolute()
        self._display = display
        self._folder = resolved(self._top.parent)
        self._opened = 0
        self._octets = 0
        self.paths: set[Path] = set()

    def open_top(self) -> Source:
        """The zone file itself. Raises FaultError."""
        return self._read(self._top, self._display)

    def open_include(self, name: str, includer: Source) -> Source:
        """The file that $INCLUDE names, relative to the file that says so. Raises FaultError."""
        named = includer.path.parent / name
        if resolved(named.parent).is_relative_to(self._folder):
            self.paths.add(named)  # it may be a link, which may come to lead elsewhere
        path = resolved(named)
        if not path.is_relative_to(self._folder):
            raise FaultError(
                "this is outside the folder of the zone file",
                "move the file into that folder; nothing outside is read",
            )
        relative = path.relative_to(self._folder)
        return self._read(path, str(Path(self._display).parent / relative))

    def _read(self, path: Path, display: str) -> Source:
        self._opened += 1
        if self._opened > MAX_FILES:
            raise FaultError(
                f"more than {MAX_FILES} files make up this zone", "include fewer files"
            )
        self.paths |= {path, resolved(path)}
        data = _content(path, MAX_OCTETS - self._octets)
        self._octets += len(data)
        return _decoded(data, path, display)


def resolved(path: Path) -> Path:
    """The path without links, or as it is where there is no such: opening it will tell why."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # links in a circle, a NUL in the name
        return path


def _content(path: Path, limit: int) -> bytes:
    """The octets of a regular file, at most `limit`. Raises FaultError."""
    descriptor = _opened(path)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            kind = "a directory" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise FaultError(f"this is {kind}", "name a file with records in it")
        if status.st_size > limit:
            what = f"the zone's files hold more than {MAX_OCTETS // 1024**2} MiB"
            raise FaultError(what, "split the zone")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(status.st_size)
    except OSError as error:
        raise FaultError(f"this can not be read ({error.strerror})", "check the disk") from None
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    """A descriptor to read from. Does not wait, not for a FIFO either. Raises FaultError."""
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise FaultError("there is no such file", "create it, or correct the path") from None
    except PermissionError:
        raise FaultError("we may not read this file", "let the server's user read it") from None
    except OSError as error:
        what = f"this can not be opened ({error.strerror})"
        raise FaultError(what, "name a readable file") from None
    except ValueError:  # a NUL in the name
        raise FaultError("this is not the name of a file", "correct the path") from None


def _decoded(data: bytes, path: Path, display: str) -> Source:
    """UTF-8 with or without a mark, any line ends; other octets become `\\DDD` escapes."""
    if b"\0" in data:
        raise FaultError("this is not a text file", "save it as plain text in UTF-8")
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        return Source(path, display, data.decode())
    except UnicodeDecodeError as error:
        value = data[error.start]
        line_start = data.rfind(b"\n", 0, error.start) + 1
        line = data.count(b"\n", 0, error.start) + 1
        column = len(data[line_start : error.start].decode()) + 1
    text = _LONE_SURROGATE.sub(
        lambda octet: f"\\{ord(octet[0]) - 0xDC00:03}", data.decode(errors="surrogateescape")
    )
    return Source(path, display, text, (line, column, value))
