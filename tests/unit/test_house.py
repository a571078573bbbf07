"""The rules of the house hold: imports run one way, one library lives in one room, files are short.

`src/README.md` tells the same rules with their reasons.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "rrdns"
MODULES = sorted(SOURCE.rglob("*.py"))
LONGEST_FILE = 500

# From upstream to downstream: a room may import itself and those before it.
STREET = (
    "__init__",
    "errors",
    "files",
    "zone",
    "health",
    "pool",
    "takeover",
    "config",
    "trace",
    "answer",
    "serve",
    "watch",
    "heap",
    "aside",
    "load",
    "publisher",
    "saved",
    "memory",
    "narrator",
    "steward",
    "status",
    "systemd",
    "agent",
    "simulate",
    "covers",
    "app",
    "terminal",
    "demo",
    "doctor",
    "cli",
    "__main__",
)

# Who may know a library that only one room is to know.
KEEPERS = {
    "dnslib": ("answer/wire.py",),
    "dns": ("zone/", "doctor/host/parents.py"),  # the doctor asks the parent: a stub resolver
    "yaml": ("config/",),
    "icmplib": ("health/probes/icmp.py",),
    "aiohttp": ("agent/site.py", "status/", "covers/asker.py", "health/probes/http.py"),
    "pydantic": ("config/", "covers/words.py", "saved.py"),
    "jinja2": ("status/page/",),
    "markupsafe": ("status/page/",),
    "prometheus_client": ("status/",),
    "watchfiles": ("watch.py",),
    "pyroute2": ("takeover/netlink.py",),
    "uvloop": ("serve/loops.py",),
    "ctypes": ("serve/batches.py", "doctor/host/kernel.py"),
    "click": ("cli/", "demo/"),
    "rich": ("demo/", "doctor/", "terminal/"),
}

# What decides is pure: no socket, no event loop, no clock, no randomness of its own, no file.
PURE = (
    "zone/name.py",
    "zone/tree.py",
    "health/check.py",
    "health/durations.py",
    "health/flap.py",
    "health/result.py",
    "health/strip.py",
    "health/vantage.py",
    "health/verdict.py",
    "health/schedule.py",
    "pool/",
    "takeover/arp.py",
    "takeover/ndp.py",
    "takeover/ethernet.py",
    "takeover/present.py",
    "takeover/hello.py",
    "takeover/machine/",
    "trace.py",
    "answer/",
    "covers/words.py",
    "simulate/script.py",
    "doctor/finding.py",
    "doctor/seen.py",
    "doctor/examinations/",
    "status/accept.py",
    "status/page/strip.py",
    "terminal/overview.py",
)
# What a command that asks, or does little, is not to wait for.
HEAVY = {"aiohttp", "asyncio", "dns", "dnslib", "jinja2", "pydantic", "pyroute2", "rich", "uvloop"}
LIGHT = ("cli", "serve.extension", "status.client", "status.text", "agent.client", "agent.text")

IMPURE = {"socket", "asyncio", "time", "os", "pathlib", "select", "threading", "subprocess"}

VAGUE = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}


def _name(module: Path) -> str:
    return module.relative_to(SOURCE).as_posix()


def _imported(module: Path) -> Iterator[str]:
    """The absolute names of all modules that `module` imports."""
    package = ("rrdns", *module.relative_to(SOURCE).parent.parts)
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *filter(None, [node.module])))
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _room(module: Path) -> str:
    return _name(module).split("/")[0].removesuffix(".py")


@pytest.mark.parametrize("module", MODULES, ids=_name)
def test_imports_run_one_way(module: Path) -> None:
    allowed = STREET[: STREET.index(_room(module)) + 1]
    rooms = {name.split(".")[1] for name in _imported(module) if name.startswith("rrdns.")}
    assert {room for room in rooms if room in STREET} <= set(allowed)


@pytest.mark.parametrize("module", MODULES, ids=_name)
def test_a_library_lives_in_one_room(module: Path) -> None:
    for name in _imported(module):
        keepers = KEEPERS.get(name.split(".")[0])
        assert keepers is None or _name(module).startswith(keepers), f"{name} is not at home here"


@pytest.mark.parametrize(
    "module", [module for module in MODULES if _name(module).startswith(PURE)], ids=_name
)
def test_what_decides_is_pure(module: Path) -> None:
    assert not IMPURE & {name.split(".")[0] for name in _imported(module)}


@pytest.mark.parametrize("module", MODULES, ids=_name)
def test_files_are_short_and_named_for_what_they_hold(module: Path) -> None:
    assert len(module.read_text().splitlines()) <= LONGEST_FILE
    assert module.stem not in VAGUE


def test_commands_are_there_before_what_only_servers_need() -> None:
    modules = ", ".join(f"rrdns.{module}" for module in LIGHT)
    program = f"import sys, {modules}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert not HEAVY & set(done.stdout.decode().split())
