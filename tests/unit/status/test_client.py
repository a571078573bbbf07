"""An order goes the way that there is, and who can not be reached is told in words."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest

from rrdns.config.settings import Contact, ControlSettings, Listen
from rrdns.status.client import NoServerError, RefusalError, order

TOKEN = "0123456789abcdef"
HERE = "127.0.0.1"
NOWHERE = Listen(ip_address(HERE), 1)


@contextmanager
def server(sock: socket.socket, reply: bytes) -> Iterator[list[bytes]]:
    """Gives one client `reply`; yields what the client has said."""
    said: list[bytes] = []

    def serve() -> None:
        with sock.accept()[0] as client:
            said.append(client.recv(4096))
            client.sendall(reply)

    sock.listen()
    thread = Thread(target=serve, daemon=True)
    thread.start()
    yield said
    thread.join(20)


def replied(status: str, body: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def unix_at(path: Path) -> socket.socket:
    unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    unix.bind(str(path))
    return unix


def drain(contact: Contact, **words: str) -> object:
    return order(contact, r"a/b\032c.example.", "2001:db8::1", "drain", words)


def test_an_order_goes_by_the_unix_socket(tmp_path: Path) -> None:
    contact = Contact(NOWHERE, ControlSettings(tmp_path / "sock", tmp_path / "token"))
    with unix_at(tmp_path / "sock") as unix, server(unix, replied("200 OK", "{}")) as said:
        assert drain(contact, reason="disk & fan") == {}
    line = said[0].split(b"\r\n")[0].decode()
    path = r"/pools/a%2Fb%5C032c.example./members/2001:db8::1/drain"
    assert line == f"POST {path}?reason=disk+%26+fan HTTP/1.1"
    assert b"Authorization" not in said[0]


def test_without_one_it_goes_with_the_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    with socket.create_server((HERE, 0)) as tcp:
        listen = Listen(ip_address(HERE), tcp.getsockname()[1])
        contact = Contact(listen, ControlSettings(tmp_path / "sock", tmp_path / "token"))
        with server(tcp, replied("200 OK", "{}")) as said:
            drain(contact)
    assert f"Authorization: Bearer {TOKEN}\r\n".encode() in said[0]


def test_a_refusal_is_told_in_the_servers_words(tmp_path: Path) -> None:
    contact = Contact(NOWHERE, ControlSettings(tmp_path / "sock"))
    with (
        unix_at(tmp_path / "sock") as unix,
        server(unix, replied("409 Conflict", '{"error": "refused: too few"}')),
        pytest.raises(RefusalError, match="refused: too few"),
    ):
        drain(contact)


def test_who_can_not_be_reached_is_told(tmp_path: Path) -> None:
    gone = ControlSettings(tmp_path / "sock")
    with pytest.raises(NoServerError, match=r"No such file.*start it, or name its configuration"):
        drain(Contact(NOWHERE, gone))
    unix_at(tmp_path / "sock").close()
    with pytest.raises(NoServerError, match="Connection refused"):
        drain(Contact(NOWHERE, gone))
    (tmp_path / "token").write_text("short")
    with pytest.raises(NoServerError, match="has no secret of 16"):
        drain(Contact(NOWHERE, ControlSettings(tmp_path / "no", tmp_path / "token")))


def test_where_no_orders_come_in_at_all_it_is_told_how_to_mend_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = tmp_path / "no" / "control.sock"
    monkeypatch.setattr("rrdns.config.settings.DEFAULT_CONTROL_SOCKET", usual)
    with pytest.raises(NoServerError, match=r"set it, or control.token_file, and restart"):
        drain(Contact(NOWHERE, ControlSettings()))


def test_who_may_not_open_the_socket_is_told_who_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(NoServerError, match="Permission denied; run this as the server's user"):
        drain(Contact(NOWHERE, ControlSettings(tmp_path / "sock")))
