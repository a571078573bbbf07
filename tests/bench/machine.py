"""What the machine tells of processes (proc(5)), and which core they run on."""

import os
import platform
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
KIB_PER_MIB = 1024


@dataclass(frozen=True, slots=True)
class Cores:
    """One core for the servers and one for who asks them; the same where there is only one.
    `all` are those that there are."""

    server: frozenset[int]
    client: frozenset[int]
    all: frozenset[int]


def cores() -> Cores:
    """The first and the last of the cores that this process may run on."""
    allowed = frozenset(os.sched_getaffinity(0))
    return Cores(frozenset({min(allowed)}), frozenset({max(allowed)}), allowed)


def describe() -> str:
    """What figures depend on: the machine, and how busy it is with something else."""
    busy = os.getloadavg()[0]
    count = len(os.sched_getaffinity(0))
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return f"{system}, {count} cores, Python {platform.python_version()}, load {busy:.1f} before"


def on_cores(where: Iterable[int], command: list[str]) -> list[str]:
    """`command`, to be run on these cores; its pid is the command's own."""
    return ["taskset", "--cpu-list", ",".join(map(str, sorted(where))), *command]


@contextmanager
def pinned(where: Iterable[int]) -> Iterator[None]:
    """This process, and what it starts in the block, stay on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, where)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def ahead() -> Iterator[None]:
    """Before all others on this core, where that is allowed: who looks at the clock must not wait
    for the load. What it starts meanwhile is not."""
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def cpu_s(pid: int) -> float:
    """CPU seconds of a process, its threads, its children, and those of them that have ended."""
    return sum(_ticks(member) for member in _family(pid)) / TICKS_PER_S


@dataclass(frozen=True, slots=True)
class Use:
    """The CPU time that a server took in `lasted_s`, and that of everything which is neither the
    server nor this process and its children."""

    lasted_s: float
    cpu_s: float
    foreign_s: float

    @property
    def cores_busy(self) -> float:
        """How many cores the server kept busy; below 1, something else was the limit."""
        return self.cpu_s / self.lasted_s

    @property
    def cores_foreign(self) -> float:
        """How many cores were taken by other work."""
        return self.foreign_s / self.lasted_s


class Meter:
    """Measures the use that a server makes of the machine from now on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = self._readings()

    def read(self) -> Use:
        """What it has been. Children of this process count from when they have ended."""
        now = self._readings()
        lasted, server, own, all_ = (n - b for n, b in zip(now, self._before, strict=True))
        return Use(lasted, server, max(all_ - server - own, 0.0))

    def _readings(self) -> tuple[float, float, float, float]:
        return time.monotonic(), cpu_s(self._pid), sum(os.times()[:4]), _busy_s()


def _busy_s() -> float:
    """CPU seconds of everything on this machine, all cores together."""
    fields = (PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _, _, interrupts, soft_interrupts, stolen = map(int, fields[:8])
    return (user + nice + system + interrupts + soft_interrupts + stolen) / TICKS_PER_S


@dataclass(frozen=True, slots=True)
class Memory:
    """`rss_mib` adds up what each process of a server has in memory; `pss_mib` counts a page that
    several share only once in all."""

    rss_mib: float
    pss_mib: float


def memory(pid: int) -> Memory:
    """The memory of a process and its children."""
    sums = {"Rss": 0, "Pss": 0}
    for member in _family(pid):
        with suppress(OSError):
            for line in (PROC / str(member) / "smaps_rollup").read_text().splitlines():
                key, _, value = line.partition(":")
                if key in sums:
                    sums[key] += int(value.split()[0])
    return Memory(sums["Rss"] / KIB_PER_MIB, sums["Pss"] / KIB_PER_MIB)


def _family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    parents = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                parents[int(entry.name)] = int(_stat(int(entry.name))[1])
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family


def _ticks(pid: int) -> int:
    """utime, stime, and the same of the children that were waited for."""
    try:
        return sum(int(field) for field in _stat(pid)[11:15])
    except OSError:
        return 0  # it has ended meanwhile


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on; the second may have spaces in it."""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
