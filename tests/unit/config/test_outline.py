"""Where an error of pydantic's stands in the file, and which keys may stand there."""

import pytest

from rrdns.config.check_keys import HttpKeys, IcmpKeys
from rrdns.config.keys import Keys
from rrdns.config.outline import spot_at
from rrdns.config.pool_keys import MemberKeys, PoolKeys
from rrdns.config.schema import FileKeys, TcpKeys
from rrdns.config.source import Path
from rrdns.config.takeover_keys import HostKeys, TakeoverKeys


@pytest.mark.parametrize(
    ("file", "loc", "path", "models"),
    [
        (FileKeys, (), (), (FileKeys,)),
        (FileKeys, ("dns", "tcp"), ("dns", "tcp"), (TcpKeys,)),
        (FileKeys, ("dns", "listen", 0), ("dns", "listen", 0), ()),
        (FileKeys, ("pools", "a"), ("pools", "a"), (PoolKeys,)),
        (
            FileKeys,
            ("pools", "a", "members", "::1"),
            ("pools", "a", "members", "::1"),
            (MemberKeys,),
        ),
        (FileKeys, ("checks", "web", "http"), ("checks", "web"), (HttpKeys,)),
        (FileKeys, ("checks", "tcp", "icmp", "icmp"), ("checks", "tcp", "icmp"), ()),
        (FileKeys, ("nothing",), ("nothing",), ()),
        (TakeoverKeys, ("hosts", "marconi"), ("hosts", "marconi"), (HostKeys,)),
        (TakeoverKeys, ("checks", "web", "icmp"), ("checks", "web"), (IcmpKeys,)),
    ],
)
def test_a_spot(file: type[Keys], loc: Path, path: Path, models: tuple[type[Keys], ...]) -> None:
    assert spot_at(file, loc) == (path, models)


def test_where_several_types_may_stand_each_has_its_keys() -> None:
    types = spot_at(FileKeys, ("checks", "web")).types
    assert list(types) == ["icmp", "tcp", "http", "https", "command"]
    assert types["http"] is HttpKeys
