"""Compiles the C player, and what tests it, with the compilers that there are."""

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

TESTS = Path(__file__).parents[1]
PACKAGE = TESTS.parent / "src" / "rrdns"
PLAYER = PACKAGE / "serve" / "player"
FUZZ = TESTS / "fuzz"

BINDING = sorted(PLAYER.glob("python_*.c"))
CORE = sorted(set(PLAYER.glob("*.c")).difference(BINDING))

STANDARD = ("-std=c11", "-g", "-pthread")
WARNINGS = ("-Wall", "-Wextra", "-Wshadow", "-Wundef", "-Wvla", "-Werror")
LONGEST_S = 300.0  # bounds a hang, not a slow machine


def missing(what: str, packages: str) -> NoReturn:
    """Skips the test, or has it fail where everything is to be tested."""
    reason = f"{what} is not there: `apt install {packages}`"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def needed(tool: str, packages: str) -> str:
    """Where `tool` is; without it there is nothing to test."""
    return shutil.which(tool) or missing(tool, packages)


def gcc() -> str:
    return needed("gcc", "gcc libc6-dev")


def clang() -> str:
    """With the sanitizers and libFuzzer, which Debian packs by themselves."""
    path = needed("clang", "clang libclang-rt-dev")
    asked = [path, "-fsanitize=fuzzer", "-x", "c", "-", "-o", os.devnull]
    target = "int LLVMFuzzerTestOneInput(void); int LLVMFuzzerTestOneInput(void) { return 0; }"
    if subprocess.run(asked, input=target, text=True, capture_output=True).returncode:
        missing("clang's libFuzzer", "libclang-rt-dev")
    return path


def python_include() -> Path:
    """The folder with Python's headers."""
    folder = Path(sysconfig.get_path("include"))
    if not (folder / "Python.h").exists():
        missing("Python.h", "python3-dev")
    return folder


def compiled(
    compiler: str,
    program: Path,
    sources: Iterable[Path],
    flags: Iterable[str] = (),
    includes: Iterable[Path] = (),
) -> Path:
    """`program`, made from `sources`; AssertionError with what the compiler says."""
    command = [compiler, *STANDARD, *flags, *(f"-I{folder}" for folder in (PLAYER, *includes))]
    done = ran([*command, *map(str, sources), "-o", str(program)])
    assert done.returncode == 0, done.stderr
    return program


def ran(command: Sequence[str | Path]) -> "subprocess.CompletedProcess[str]":
    """`command` and what it has written, once it has ended."""
    return subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S)
