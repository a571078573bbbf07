"""Two hosts with an agent each on a segment: a, the owner of the address, and b, its candidate."""

from collections.abc import Iterator

import pytest

from harness.segment import Segment, segment
from harness.takeover import Scene, scene


@pytest.fixture
def net() -> Iterator[Segment]:
    """A segment of the test's own."""
    with segment() as net:
        yield net


@pytest.fixture(scope="module")
def _lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with segment() as net, scene(net, tmp_path_factory.mktemp("pair")) as made:
        yield made


@pytest.fixture
def pair(_lasting: Scene) -> Iterator[Scene]:
    """The agents of a and b, which a module's tests share: whatever has happened to them or to
    their cables, once that is over a has the address again."""
    yield _lasting
    _lasting.heal()
