"""All addresses of the interfaces are told, in both versions of IP."""

from ipaddress import ip_address

from rrdns.doctor.host.interfaces import local, read_ipv6_table

TABLE = """\
00000000000000000000000000000001 01 80 10 80       lo
20010db8000000000000000000000053 02 40 00 88     eth0
"""


def test_the_loopback_is_there() -> None:
    [found] = [each for each in local() if each.address == ip_address("127.0.0.1")]
    assert found.label == "lo"
    assert found.is_up


def test_the_table_of_ipv6_is_read() -> None:
    assert list(read_ipv6_table(TABLE)) == [
        (ip_address("::1"), "lo", 0x80),
        (ip_address("2001:db8::53"), "eth0", 0x88),
    ]
