"""A small site to simulate."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rrdns.load import Loaded, load
from rrdns.simulate.run import Simulated, simulate
from rrdns.simulate.timeline import Kind
from rrdns.trace import read

ZONE = """\
$TTL 60
@       SOA ns1 hostmaster 7 3600 600 86400 60
        NS  ns1
ns1     A   192.0.2.53
www     A   192.0.2.1
        A   192.0.2.2
        A   192.0.2.3
        AAAA 2001:db8::1
"""

CONFIG = """\
zones: {linux.example: linux.example.zone}
checks:
  alive: {type: icmp}
pools:
  www.linux.example:
    checks: [alive]
    members:
      192.0.2.1: {name: marconi}
      192.0.2.2: {name: white box}
"""

MakeSite = Callable[..., Loaded]


@pytest.fixture
def make_site(tmp_path: Path) -> MakeSite:
    """Reads sites from the text of a configuration and a zone."""

    def make(config: str = CONFIG, zone: str = ZONE) -> Loaded:
        (tmp_path / "linux.example.zone").write_text(zone)
        (tmp_path / "rrdns.yaml").write_text(config)
        return load(tmp_path / "rrdns.yaml")

    return make


@pytest.fixture
def site(make_site: MakeSite) -> Loaded:
    """One pool of three IPv4 members and one of IPv6, one check, all settings as usual."""
    return make_site()


def played(site: Loaded, trace: str, seconds: float = 60.0, seed: int = 0) -> Simulated:
    """What comes of `trace`."""
    return simulate(site, read(trace, "t"), seconds, seed)


def texts(simulated: Simulated, kind: Kind) -> list[str]:
    """What the timeline tells of that kind."""
    return [entry.text for entry in simulated.timeline if entry.kind is kind]
