"""Both compilers take the C player without a warning, however strict they are told to be."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.compiling import BINDING, CORE, WARNINGS, compiled, needed, python_include

# Macros of Python's own convert as they like, so that the binding is spared these.
STRICTER = ("-Wconversion", "-Wsign-conversion", "-Wstrict-prototypes", "-Wmissing-prototypes")
OPTIMISED = ("-O2", "-c")  # what may be uninitialised is found while optimising


@pytest.fixture(params=["gcc", "clang"])
def compiler(request: pytest.FixtureRequest) -> str:
    """Where each compiler is."""
    return needed(request.param, f"{request.param} libc6-dev")


def _compile_each(
    compiler: str, sources: Sequence[Path], flags: Sequence[str], folder: Path, *includes: Path
) -> None:
    assert sources
    for source in sources:
        compiled(compiler, folder / "out.o", [source], [*OPTIMISED, *flags], includes)


def test_the_core_compiles_without_a_warning(compiler: str, tmp_path: Path) -> None:
    _compile_each(compiler, CORE, WARNINGS + STRICTER, tmp_path)


def test_the_binding_compiles_without_a_warning(compiler: str, tmp_path: Path) -> None:
    _compile_each(compiler, BINDING, WARNINGS, tmp_path, python_include())
