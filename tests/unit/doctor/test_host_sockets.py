"""The kernel's tables name every socket of a port, and its process where that may be seen."""

import errno
import os
import socket
from ipaddress import ip_address

from rrdns.answer.reference import Transport
from rrdns.config.settings import Listen
from rrdns.doctor.host.sockets import bind_error, held, read_table
from rrdns.doctor.seen import Held

# As a machine with the least octet first writes it.
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 3500007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 4711 1 0
   1: 00000000:0035 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0
   2: 00000000:1F75 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0
"""
UDP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
   0: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4714 2 0 0
   1: 0000000000000000FFFF00000100007F:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4715 2 0 0
"""  # noqa: E501 - the kernel's lines are so long


def on(port: int) -> Listen:
    return Listen(ip_address("127.0.0.1"), port)


def test_of_tcp_those_that_listen_are_read() -> None:
    assert dict(read_table(TCP, Transport.TCP, 53)) == {
        4711: Held(Transport.TCP, ip_address("127.0.0.53"), 53, 101)
    }


def test_ipv6_and_ipv4_within_it_are_read() -> None:
    found = dict(read_table(UDP6, Transport.UDP, 53))
    assert [str(each.host) for each in found.values()] == ["::1", "127.0.0.1"]


def test_a_socket_of_ours_is_found_with_this_process() -> None:
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        port = tcp.getsockname()[1]
        assert held(port) == []
        tcp.listen()
        udp.bind(("127.0.0.1", port))
        found = held(port)
        assert {each.transport for each in found} == {Transport.UDP, Transport.TCP}
        assert {(str(each.host), each.uid) for each in found} == {("127.0.0.1", os.geteuid())}
        assert {process.pid for each in found for process in each.by} == {os.getpid()}


def test_a_port_is_tried_and_given_back() -> None:
    with socket.socket() as tcp:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        port = tcp.getsockname()[1]
        assert bind_error(on(port), Transport.TCP) == errno.EADDRINUSE
        assert bind_error(on(port), Transport.UDP) == 0
    assert bind_error(on(port), Transport.TCP) == 0


def test_an_address_that_is_not_here_can_not_be_had() -> None:
    listen = Listen(ip_address("192.0.2.7"), 0)
    assert bind_error(listen, Transport.UDP) == errno.EADDRNOTAVAIL
