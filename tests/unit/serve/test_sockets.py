"""An address is bound as a whole, on one port for UDP and TCP, or the user is told why not."""

import socket
import stat
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path

import pytest

from harness.wire import WAIT_S
from rrdns.config.settings import MAX_SOCKET_PATH, Listen
from rrdns.serve.sockets import ListenError, bind, bind_unix

HOST = "127.0.0.1"
CLIENTS = 200


def listen(port: int = 0, host: str = HOST) -> Listen:
    return Listen(ip_address(host), port)


def port_of(sock: socket.socket) -> int:
    port: int = sock.getsockname()[1]
    return port


@pytest.mark.parametrize("count", [1, 2, 5])
def test_all_sockets_of_an_address_are_on_one_port(count: int) -> None:
    with closing(bind(listen(), count)) as bound:
        assert len(bound.udp) == count
        assert {port_of(sock) for sock in bound.udp} == {port_of(bound.tcp)}
        assert bound.address == f"{HOST}:{port_of(bound.tcp)}"
    assert all(sock.fileno() == -1 for sock in (*bound.udp, bound.tcp))


def test_each_of_several_udp_sockets_gets_its_share_and_nothing_comes_twice() -> None:
    with closing(bind(listen(), 2)) as bound:
        for number in range(CLIENTS):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.sendto(b"%d" % number, (HOST, port_of(bound.tcp)))
        received = [_all_of(sock) for sock in bound.udp]
    assert all(received), "each has some"
    assert sorted(map(int, (*received[0], *received[1]))) == list(range(CLIENTS))


def _all_of(sock: socket.socket) -> list[bytes]:
    """What has arrived; on the loopback it has when `sendto` returns."""
    datagrams: list[bytes] = []
    while True:
        try:
            datagrams.append(sock.recv(100))
        except BlockingIOError:
            return datagrams


@pytest.mark.parametrize("theirs", [1, 2])
@pytest.mark.parametrize("ours", [1, 2])
def test_a_port_that_another_server_has_is_never_shared(ours: int, theirs: int) -> None:
    with (
        closing(bind(listen(), theirs)) as other,
        pytest.raises(ListenError, match="another server listens there"),
    ):
        bind(listen(port_of(other.tcp)), ours)


def test_a_udp_port_that_another_program_has_is_not_shared() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((HOST, 0))
        for count in (1, 2):
            with pytest.raises(ListenError, match="another server listens there"):
                bind(listen(port_of(other)), count)


def test_what_was_bound_before_a_failure_is_closed() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((HOST, 0))
        with pytest.raises(ListenError):
            bind(listen(port_of(other)), 2)
        port = port_of(other)
    bind(listen(port), 2).close()


def test_one_socket_of_all_addresses_is_told_where_a_datagram_came_to() -> None:
    """Each of several, too; one with an address of its own need not be."""
    with closing(bind(listen(host="0.0.0.0"), 2)) as bound:
        for sock in bound.udp:
            sock.setblocking(True)
            sock.settimeout(WAIT_S)
        for number in range(CLIENTS):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.sendto(b"%d" % number, ("127.0.0.9", port_of(bound.tcp)))
        for sock in bound.udp:
            _, ancillary, _, _ = sock.recvmsg(100, 100)
            assert ip_address("127.0.0.9").packed in ancillary[0][2]


def test_a_unix_socket_is_for_those_whom_its_mode_names(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    for mode in (0o660, 0o600):
        with bind_unix(path, mode, "control.socket"):
            assert stat.S_IMODE(path.stat().st_mode) == mode
        path.unlink()


def test_a_unix_socket_that_a_killed_server_has_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    bind_unix(path, 0o660, "control.socket").close()
    with (
        bind_unix(path, 0o660, "control.socket") as unix,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client,
    ):
        client.connect(str(path))
        unix.setblocking(True)
        unix.accept()[0].close()


def test_a_unix_socket_that_is_listened_on_stays(tmp_path: Path) -> None:
    """Even where its server is so busy that no more clients can wait for it."""
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(path))
        other.listen(0)
        for _ in range(2):
            with pytest.raises(ListenError, match="another server listens there"):
                bind_unix(path, 0o660, "control.socket")


def test_what_is_in_the_way_of_a_unix_socket_stays_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("file", "link"):
        with pytest.raises(ListenError, match=r"or a file is in the way; see control.socket"):
            bind_unix(tmp_path / name, 0o660, "control.socket")
    assert (tmp_path / "file").read_text() == "mine"
    with pytest.raises(ListenError, match=r"make the folder, or change control.socket"):
        bind_unix(tmp_path / "no" / "control.sock", 0o660, "control.socket")


def test_a_path_that_no_unix_socket_can_have_is_told(tmp_path: Path) -> None:
    longest = "x" * (MAX_SOCKET_PATH - len(f"{tmp_path}/"))
    bind_unix(tmp_path / longest, 0o660, "control.socket").close()
    with pytest.raises(ListenError, match=r"a path of at most 107 octets in control.socket"):
        bind_unix(tmp_path / f"{longest}x", 0o660, "control.socket")
