"""What the demo writes is the packaged example, whole and right, and stays on this machine."""

from pathlib import Path

import pytest

from rrdns.config.settings import Listen
from rrdns.demo import example
from rrdns.demo.example import WWW, ZONE_FILE, ChangedExampleError, Ports, write_example
from rrdns.health.check import HttpCheck
from rrdns.load import Loaded, load
from rrdns.zone.name import from_text

PORTS = Ports(dns=15353, status=18053, mirror=18054)


@pytest.fixture(params=[True, False], ids=["with IPv6", "without IPv6"])
def loaded(request: pytest.FixtureRequest, tmp_path: Path) -> Loaded:
    return load(write_example(tmp_path, PORTS, with_ipv6=request.param))


def texts(listens: tuple[Listen, ...]) -> list[str]:
    return [str(listen) for listen in listens]


def test_the_example_loads_without_errors_and_warnings(loaded: Loaded) -> None:
    assert loaded.all_warnings() == ()
    assert loaded.settings.warnings == ()
    assert loaded.rejected == ()


def test_nothing_listens_beyond_the_loopback_on_the_wanted_ports(tmp_path: Path) -> None:
    with_ipv6 = load(write_example(tmp_path, PORTS, with_ipv6=True)).settings
    assert texts(with_ipv6.dns.listen) == ["127.0.0.1:15353", "[::1]:15353"]
    assert str(with_ipv6.status) == "127.0.0.1:18053"
    without = load(write_example(tmp_path, PORTS, with_ipv6=False)).settings
    assert texts(without.dns.listen) == ["127.0.0.1:15353"]


def test_the_members_are_three_named_mirrors_on_this_machine(loaded: Loaded) -> None:
    [pool] = loaded.pools
    assert pool.owner == from_text(WWW)
    addresses = {member.name: str(member.address) for member in pool.members}
    assert addresses == {"marconi": "127.0.0.11", "hertz": "127.0.0.12", "popov": "127.0.0.13"}


def test_a_check_needs_no_privilege_and_tells_a_dead_mirror(loaded: Loaded) -> None:
    [check] = loaded.pools[0].checks
    assert isinstance(check, HttpCheck)
    assert (check.port, check.host) == (PORTS.mirror, WWW)


def test_the_comments_that_teach_are_kept(loaded: Loaded) -> None:
    zone = loaded.settings.path.with_name(ZONE_FILE).read_text()
    assert "; The web mirrors." in zone
    assert "192.0.2.1 " not in zone
    assert f"# GET / on port {PORTS.mirror} of the address" in loaded.settings.path.read_text()


def test_a_changed_example_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(example, "_ADDRESSES", (("203.0.113.1", "127.0.0.11"),))
    with pytest.raises(ChangedExampleError, match=r"linux\.example\.zone has no '203\.0\.113\.1'"):
        write_example(tmp_path, PORTS, with_ipv6=False)
