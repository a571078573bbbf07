"""Only an answer that is wanted passes; whatever else a server does ends as a failure in time."""

import asyncio
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.awaiting import eventually
from rrdns import __version__
from rrdns.health.check import HttpCheck
from rrdns.health.probes.http import BODY_OCTETS
from rrdns.health.verdict import Outcome

from .conftest import Run, Talk, descriptors, free_port, probing, serving

HOST = "www.linux.example"  # a name that no resolver knows
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def says(answer: bytes, heard: list[bytes] | None = None) -> Talk:
    """Reads a request, writes `answer`, and closes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if heard is not None:
            heard.append(request)
        writer.write(answer)
        await writer.drain()

    return talk


def http(port: int, timeout_s: float = 20.0, **more: Any) -> HttpCheck:
    return HttpCheck(name="web", port=port, timeout_s=timeout_s, **more)


def status(line: str) -> bytes:
    return f"HTTP/1.1 {line}\r\nContent-Length: 0\r\nLocation: http://x.invalid/\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("answer", "wanted", "outcome", "reason"),
    [
        (OK, ((200, 399),), Outcome.PASS, "200 OK in "),
        (status("301 Moved"), ((200, 399),), Outcome.PASS, "301 Moved in "),
        (status("301 Moved"), ((200, 200),), Outcome.FAIL, "status 301, wanted 200"),
        (status("503 Busy"), ((200, 399),), Outcome.FAIL, "status 503, wanted 200-399"),
        (status("404 No"), ((200, 299), (401, 401)), Outcome.FAIL, "status 404, wanted 200-299,"),
        (status("401 Who"), ((200, 299), (401, 401)), Outcome.PASS, "401 Who in "),
        (b"HTTP/1.0 204\r\n\r\n", ((200, 399),), Outcome.PASS, "204 in "),
    ],
)  # fmt: skip
def test_the_status_decides(
    run: Run, answer: bytes, wanted: tuple[tuple[int, int], ...], outcome: Outcome, reason: str
) -> None:
    async def story() -> None:
        async with serving(says(answer)) as port, probing() as probe:
            result = await probe(http(port, status=wanted))
            assert result.outcome is outcome, result
            assert result.reason.startswith(reason)

    run(story())


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_request_goes_to_the_address_and_bears_the_host(run: Run, address: str) -> None:
    async def story() -> None:
        heard: list[bytes] = []
        async with serving(says(OK, heard), address) as port, probing() as probe:
            result = await probe(http(port, host=HOST, path="/health?deep=1"), address)
            assert result.outcome is Outcome.PASS, result
        lines = heard[0].decode().splitlines()
        assert lines[0] == "GET /health?deep=1 HTTP/1.1"
        assert f"Host: {HOST}" in lines
        assert f"User-Agent: rrdns/{__version__}" in lines

    run(story())


def test_without_a_host_the_header_is_the_address(run: Run) -> None:
    async def story() -> None:
        heard: list[bytes] = []
        async with serving(says(OK, heard), "::1") as port, probing() as probe:
            await probe(http(port), "::1")
        assert f"Host: [::1]:{port}\r\n".encode() in heard[0]

    run(story())


def test_no_proxy_cookie_or_kept_connection_takes_part(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")

    async def story() -> None:
        heard: list[bytes] = []
        answer = OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b\r\nConnection: keep-alive\r\n\r\n")

        async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connections.append(writer)
            while True:
                await says(answer, heard)(reader, writer)

        connections: list[asyncio.StreamWriter] = []
        async with serving(keep) as port, probing() as probe:
            for _ in range(3):
                assert (await probe(http(port, host=HOST))).outcome is Outcome.PASS
        assert len(connections) == len(heard) == 3
        assert not any(b"cookie" in request.lower() for request in heard)

    run(story())


@pytest.mark.parametrize(
    ("asked", "outcome", "reason"),
    [
        ({"body": "ell"}, Outcome.PASS, "200 OK in "),
        ({"body": "bell"}, Outcome.FAIL, "200 OK, but the body lacks 'bell'"),
        ({"body_regex": r"^h.*o$"}, Outcome.PASS, "200 OK in "),
        ({"body_regex": r"^o"}, Outcome.FAIL, "200 OK, but the body does not match '^o'"),
        ({"body": "hello", "body_regex": "x"}, Outcome.FAIL, "200 OK, but the body does not"),
    ],
)
def test_the_body_decides_where_it_is_asked(
    run: Run, asked: dict[str, Any], outcome: Outcome, reason: str
) -> None:
    async def story() -> None:
        async with serving(says(OK)) as port, probing() as probe:
            result = await probe(http(port, **asked))
            assert result.outcome is outcome, result
            assert result.reason.startswith(reason)

    run(story())


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 1024)
        await writer.drain()


def test_a_body_without_end_is_read_only_where_asked_and_then_not_to_its_end(run: Run) -> None:
    async def story() -> None:
        async with serving(endless) as port, probing() as probe:
            assert (await probe(http(port))).outcome is Outcome.PASS
            assert (await probe(http(port, body="xxx"))).outcome is Outcome.PASS
            whole = await probe(http(port, body_regex=f"^x{{{BODY_OCTETS // 2}}}"))
            assert whole.outcome is Outcome.PASS
            assert (await probe(http(port, body="y"))).outcome is Outcome.FAIL

    run(story())


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for octet in OK * 100:
        writer.write(bytes((octet,)))
        await writer.drain()
        await asyncio.sleep(0.05)


async def trickle_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    await trickle(reader, writer)


async def for_ever_soon(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("talk", "asked"),
    [(silent, {}), (trickle, {}), (trickle_body, {"body": "never"}), (for_ever_soon, {})],
)
def test_a_server_that_does_not_come_to_an_end_fails_at_the_timeout(
    run: Run, talk: Talk, asked: dict[str, Any]
) -> None:
    async def story() -> None:
        left = asyncio.Event()

        async def until_left(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await talk(reader, writer)
            finally:
                left.set()

        async with serving(until_left) as port, probing() as probe:
            result = await probe(http(port, timeout_s=0.3, **asked))
            assert (result.outcome, result.reason) == (Outcome.FAIL, "no answer within 0.3 s")
            await left.wait()

    run(story())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: \xff\xfe\0\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"\x16\x03\x01\x00\xff",
        bytes(range(256)) * 4,
    ],
    ids=lambda answer: repr(answer[:24]),
)
def test_what_is_not_http_is_a_failure_with_a_reason(run: Run, answer: bytes) -> None:
    async def story() -> None:
        async with serving(says(answer)) as port, probing() as probe:
            result = await probe(http(port, body="whatever", status=((200, 299),)))
            assert result.outcome is Outcome.FAIL, result
            assert result.reason
            assert result.reason.isprintable()

    run(story())


def test_a_closed_port_and_a_hasty_server_fail(run: Run) -> None:
    async def hasty(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def story() -> None:
        async with serving(hasty) as port, probing() as probe:
            assert (await probe(http(free_port()))).reason == "connection refused"
            assert (await probe(http(port))).outcome is Outcome.FAIL

    run(story())


def test_an_answer_that_came_while_our_own_loop_stalled_is_not_a_timeout(run: Run) -> None:
    async def story() -> None:
        async with serving(says(OK)) as port, probing() as probe:
            pending = asyncio.ensure_future(probe(http(port, timeout_s=0.1)))
            await asyncio.sleep(0)
            time.sleep(0.3)  # noqa: ASYNC251 - the stall
            result = await pending
            assert result.outcome is Outcome.PASS, result

    run(story())


@pytest.mark.parametrize("more", [{"host": "a\r\nb: c"}, {"path": "no-slash"}])
def test_a_request_that_can_not_be_written_is_our_error(run: Run, more: dict[str, Any]) -> None:
    async def story() -> None:
        async with serving(says(OK)) as port, probing() as probe:
            result = await probe(http(port, **more))
            assert result.outcome is Outcome.ERROR
            assert result.reason.startswith("not a valid HTTP request: ")

    run(story())


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Path]]:
    """Makes a self-signed certificate for a name such as `DNS:www.example`: it and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command")
    folder = tmp_path_factory.mktemp("tls")

    def make(name: str) -> tuple[Path, Path]:
        stem = name.replace(":", "_")
        files = folder / f"{stem}.crt", folder / f"{stem}.key"
        if not files[0].exists():
            new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
            subject = ["-subj", "/CN=test", "-addext", f"subjectAltName={name}"]
            where = ["-out", str(files[0]), "-keyout", str(files[1])]
            words = [openssl, *new.split(), *subject, *where]
            subprocess.run(words, check=True, capture_output=True)
        return files

    return make


@pytest.mark.parametrize(
    ("named", "trusted", "check", "outcome", "reason"),
    [
        (f"DNS:{HOST}", True, {"host": HOST}, Outcome.PASS, "200 OK in "),
        (f"DNS:{HOST}", True, {"host": f"{HOST}."}, Outcome.PASS, "200 OK in "),
        ("IP:127.0.0.1", True, {}, Outcome.PASS, "200 OK in "),
        (f"DNS:{HOST}", True, {}, Outcome.FAIL, "certificate: IP address mismatch"),
        ("DNS:other.example", True, {"host": HOST}, Outcome.FAIL, "certificate: Hostname mismatch"),
        (f"DNS:{HOST}", False, {"host": HOST}, Outcome.FAIL, "certificate: self"),
        (f"DNS:{HOST}", False, {"host": HOST, "verify": False}, Outcome.PASS, "200 OK in "),
        ("DNS:other.example", False, {"host": HOST, "verify": False}, Outcome.PASS, "200 OK in "),
    ],
)  # fmt: skip
def test_the_certificate_must_bear_the_host_unless_told_otherwise(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    certificate: Callable[[str], tuple[Path, Path]],
    named: str,
    trusted: bool,
    check: dict[str, Any],
    outcome: Outcome,
    reason: str,
) -> None:
    public, private = certificate(named)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(public, private)
    asked_for: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(public))

    async def story() -> None:
        heard: list[bytes] = []
        async with serving(says(OK, heard), tls=context) as port, probing() as probe:
            result = await probe(http(port, tls=True, **check))
            assert result.outcome is outcome, result
            assert result.reason.startswith(reason)
        host = check.get("host")
        assert asked_for == [HOST if host else None]
        if host and heard:
            assert f"Host: {host}\r\n".encode() in heard[0]

    run(story())


@pytest.mark.parametrize("verify", [True, False])
def test_a_server_that_does_not_speak_tls_fails(run: Run, verify: bool) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async def story() -> None:
        async with serving(plain) as port, probing() as probe:
            result = await probe(http(port, tls=True, verify=verify))
            assert (result.outcome, result.reason) == (Outcome.FAIL, "TLS: wrong version number")

    run(story())


@pytest.mark.parametrize("tls", [True, False])
def test_many_probes_leave_no_descriptor_behind(
    run: Run, certificate: Callable[[str], tuple[Path, Path]], tls: bool
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate(f"DNS:{HOST}"))

    async def story() -> None:
        async with serving(endless, tls=context if tls else None) as port, probing() as probe:
            before = descriptors()
            for _ in range(10):
                result = await probe(http(port, tls=tls, verify=False))
                assert result.outcome is Outcome.PASS
            await eventually(lambda: descriptors() <= before + 1)

    run(story())
