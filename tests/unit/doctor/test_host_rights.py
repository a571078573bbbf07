"""What a process or a unit may do is read as the kernel and systemd mean it."""

import os
import resource
import sys
from pathlib import Path

import pytest

from rrdns.doctor.host.rights import of_process, of_service, read_process, read_unit, rights_of_unit
from rrdns.doctor.seen import Capability, Rights

UNIT = Path(__file__).parents[3] / "docker" / "rrdns.service"
BOTH = frozenset(Capability)
RAW = frozenset({Capability.NET_RAW})

STATUS = """\
Name:\trrdns
Uid:\t953\t954\t953\t953
Gid:\t955\t956\t955\t955
Groups:\t4 24 
CapEff:\t0000000000002000
"""  # noqa: W291 - so the kernel writes it
LIMITS = """\
Limit                     Soft Limit           Hard Limit           Units
Max open files            1024                 {}               files
"""


def test_a_process_is_read() -> None:
    groups = frozenset({956, 4, 24})
    assert read_process(STATUS, LIMITS.format(4096), "it") == Rights("it", RAW, 4096, 954, groups)
    assert read_process(STATUS, LIMITS.format("unlimited"), "it").most_files == sys.maxsize


def test_this_process_is_one() -> None:
    rights = of_process("self", "we")
    assert rights.uid == os.geteuid()
    assert rights.most_files == resource.getrlimit(resource.RLIMIT_NOFILE)[1]


@pytest.mark.parametrize(
    ("unit", "capabilities"),
    [
        ("User=rrdns", frozenset()),
        ("", BOTH),
        ("User=root\nCapabilityBoundingSet=CAP_NET_RAW", RAW),
        ("User=root\nCapabilityBoundingSet=~CAP_NET_BIND_SERVICE", RAW),
        ("DynamicUser=yes", frozenset()),
        ("User=a\nAmbientCapabilities=CAP_NET_RAW\nAmbientCapabilities=CAP_NET_BIND_SERVICE", BOTH),
        ("User=a\nAmbientCapabilities=CAP_NET_BIND_SERVICE \\\n  CAP_NET_RAW", BOTH),
        ("User=a\nAmbientCapabilities=CAP_NET_RAW\nAmbientCapabilities=", frozenset()),
        ("User=a\n#AmbientCapabilities=CAP_NET_RAW", frozenset()),
    ],
)
def test_a_unit_gives_what_it_says(unit: str, capabilities: frozenset[Capability]) -> None:
    assert rights_of_unit(read_unit([unit])).capabilities == capabilities


@pytest.mark.parametrize(
    ("line", "files"),
    [
        ("", 524288),
        ("LimitNOFILE=4096", 4096),
        ("LimitNOFILE=1024:8192", 8192),
        ("LimitNOFILE=infinity", sys.maxsize),
    ],
)
def test_a_unit_limits_its_files(line: str, files: int) -> None:
    assert rights_of_unit(read_unit([line])).most_files == files


def test_the_unit_that_is_shipped_has_both_capabilities(tmp_path: Path) -> None:
    folder = tmp_path / "etc/systemd/system"
    folder.mkdir(parents=True)
    (folder / UNIT.name).write_text(UNIT.read_text())
    found = of_service(Path("/etc/rrdns/rrdns.yaml"), tmp_path)
    assert found is not None
    assert found.capabilities == BOTH
    assert of_service(Path("/home/me/rrdns.yaml"), tmp_path) is None


def test_what_is_added_to_a_unit_counts(tmp_path: Path) -> None:
    shipped, added = tmp_path / "usr/lib/systemd/system", tmp_path / "etc/systemd/system"
    shipped.mkdir(parents=True)
    (shipped / UNIT.name).write_text(UNIT.read_text())
    (added / f"{UNIT.name}.d").mkdir(parents=True)
    (added / f"{UNIT.name}.d" / "override.conf").write_text("[Service]\nLimitNOFILE=100\n")
    found = of_service(Path("/etc/rrdns/rrdns.yaml"), tmp_path)
    assert found is not None
    assert found.most_files == 100


def test_without_a_unit_there_is_no_service(tmp_path: Path) -> None:
    assert of_service(Path("/etc/rrdns/rrdns.yaml"), tmp_path) is None
