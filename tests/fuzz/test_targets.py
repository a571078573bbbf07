"""The targets hold what they claim, over their seeds and a short, repeatable run from there.

What each claims is written on top of it. Longer runs: see README.md.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from fuzz.recorded import as_c, recorded_items
from fuzz.seeds import CORPUS, seeds
from harness.compiling import CORE, FUZZ, WARNINGS, clang, compiled, gcc, ran

pytestmark = pytest.mark.timeout(600)

# An allocation fails where fuzz_table wants it to.
LINKED = {"fuzz_table": ("-Wl,--wrap=calloc,--wrap=aligned_alloc",)}
FUZZED = ("-O2", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all", *WARNINGS)
SEED = 1987
REPLIES = ("-runs=500000", "-max_len=600")  # more than the longest name and all options
TABLES = ("-runs=3000", "-max_len=200", "-len_control=0")  # long ones from the first on

FLIPS = 5_000
NO_ROOM_FOR_SHADOWS = "unexpected memory mapping"  # ThreadSanitizer, where addresses are random


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the recorded table."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "recorded.inc").write_text(as_c(recorded_items()))
    return folder


@pytest.fixture(scope="module")
def target(recorded: Path) -> Callable[[str], Path]:
    """Compiles a target by its name."""

    def make(name: str) -> Path:
        sources = [FUZZ / f"{name}.c", *CORE]
        flags = FUZZED + LINKED.get(name, ())
        return compiled(clang(), recorded / name, sources, flags, [FUZZ, recorded])

    return make


def _fuzz(program: Path, *arguments: str | Path) -> None:
    """Runs `program` on inputs of its own making, which begin with those in `arguments`."""
    found = program.parent / f"{program.name}-found"
    found.mkdir()
    settings = [f"-seed={SEED}", "-timeout=20", f"-artifact_prefix={found}/"]
    done = ran([program, *settings, found, *arguments])
    assert done.returncode == 0, done.stderr[-8000:]


def test_the_corpus_is_what_the_seeds_say() -> None:
    assert {path.name: path.read_bytes() for path in CORPUS.iterdir()} == dict(seeds())


def test_any_octets_get_the_reply_that_they_are_owed(target: Callable[[str], Path]) -> None:
    _fuzz(target("fuzz_reply"), *REPLIES, f"-dict={FUZZ / 'reply.dict'}", CORPUS)


def test_any_sequence_of_changes_leaves_each_table_as_it_was(
    target: Callable[[str], Path],
) -> None:
    _fuzz(target("fuzz_table"), *TABLES)


@pytest.mark.parametrize("sanitizer", ["thread", "address,undefined"])
@pytest.mark.parametrize("name", ["busy_udp", "busy_tcp"])
def test_publishing_under_load_is_no_race_and_leaks_nothing(
    name: str, sanitizer: str, recorded: Path
) -> None:
    flags = ["-O1", f"-fsanitize={sanitizer}", "-fno-sanitize-recover=all", *WARNINGS]
    program = recorded / f"{name}-{sanitizer}"
    compiled(gcc(), program, [FUZZ / f"{name}.c", *CORE], flags, [FUZZ, recorded])
    done = ran([program, str(FLIPS)])
    if NO_ROOM_FOR_SHADOWS in done.stderr:
        pytest.skip("ThreadSanitizer can not run here: `sysctl vm.mmap_rnd_bits=28` lets it")
    assert done.returncode == 0, done.stderr
    assert f"{FLIPS} flips" in done.stdout
