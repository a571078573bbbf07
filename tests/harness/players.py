"""The players there are, for tests that run over each of them."""

import pytest

from rrdns.config.settings import PlayerChoice
from rrdns.serve.extension import c_is_there

NOT_BUILT = (
    "the C player is not built: install a compiler and Python's headers (Debian: "
    "`apt install gcc python3-dev`), then `pip install -e .` again"
)

needs_c = pytest.mark.skipif(not c_is_there(), reason=NOT_BUILT)

PLAYERS = [
    pytest.param(PlayerChoice.PYTHON, id="python"),
    pytest.param(PlayerChoice.C, id="c", marks=needs_c),
]
