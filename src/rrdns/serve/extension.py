"""The C player as a module that may be there."""

from importlib.util import find_spec

EXTENSION = "rrdns.serve._player"


def c_is_there() -> bool:
    """Whether the C player was built when rrdns was installed."""
    return find_spec(EXTENSION) is not None
