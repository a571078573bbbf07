"""Probes once in a process of its own, whose privileges or limits the caller has taken away.

child.py ping ADDRESS            one echo; prints outcome and reason
child.py ping-granted-later      one echo, then one more after ping sockets were permitted
child.py ping-unreachable        one echo that a forged router answers
child.py probe KIND ADDRESS      one probe of port 80, or by ping, or by /bin/true
child.py no-descriptors KIND     two probes, the second without a file descriptor to spare
child.py no-processes MOST       two programs, the second when the user may run so many at most
child.py no-ports                one connection while others hold all ports that there are

KIND is icmp, tcp, http, https or command. With `uvloop` as the first word it runs on that loop.
"""

import asyncio
import os
import resource
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from ipaddress import ip_address
from pathlib import Path

from rrdns.health.check import CommandCheck, HttpCheck, IcmpCheck, Target, TcpCheck
from rrdns.health.probes import Probers
from rrdns.health.result import Result

PING = IcmpCheck(name="ping", timeout_s=0.5)
PATIENT_PING = IcmpCheck(name="ping", timeout_s=20.0)


def set_ipv4(setting: str, value: str) -> None:
    Path("/proc/sys/net/ipv4", setting).write_text(value)


def say(result: Result) -> None:
    print(f"{result.outcome}: {result.reason}")


async def ping(probers: Probers, address: str) -> None:
    say(await probers.probe(Target(PING, ip_address(address))))


async def ping_granted_later(probers: Probers) -> None:
    set_ipv4("ping_group_range", "1 0")
    await ping(probers, "127.0.0.1")
    set_ipv4("ping_group_range", "0 0")
    await ping(probers, "127.0.0.1")
    await ping(probers, "::1")


async def ping_unreachable(probers: Probers) -> None:
    set_ipv4("icmp_echo_ignore_all", "1")
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as router:
        router.setblocking(False)
        target = Target(PATIENT_PING, ip_address("127.0.0.1"))
        probe = asyncio.ensure_future(probers.probe(target))
        loop = asyncio.get_running_loop()
        request = await loop.sock_recv(router, 1024)
        quoted = request[:28]  # the IP header and eight octets, RFC 792
        message = bytes((3, 1, 0, 0, 0, 0, 0, 0)) + quoted
        total = sum(int.from_bytes(message[at : at + 2]) for at in range(0, len(message), 2))
        total = (total & 0xFFFF) + (total >> 16)
        total = (total & 0xFFFF) + (total >> 16)
        message = message[:2] + (total ^ 0xFFFF).to_bytes(2) + message[4:]
        router.sendto(message, ("127.0.0.1", 0))
        say(await probe)


def target(kind: str, address: str = "127.0.0.1", port: int = 80) -> Target:
    checks = {
        "icmp": IcmpCheck(name="icmp", timeout_s=1.0),
        "tcp": TcpCheck(name="tcp", port=port),
        "http": HttpCheck(name="http", port=port, host="www.linux.example"),
        "https": HttpCheck(name="https", port=port, tls=True),
        "command": CommandCheck(name="command", argv=("/bin/true",), timeout_s=20.0),
    }
    return Target(checks[kind], ip_address(address))


async def probe(probers: Probers, kind: str, address: str) -> None:
    say(await probers.probe(target(kind, address)))


async def no_descriptors(probers: Probers, kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        await probers.probe(target("command"))  # has loaded what one needs
        next_descriptor = os.open(os.devnull, os.O_RDONLY)
        os.close(next_descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (next_descriptor, next_descriptor))
        say(await probers.probe(target(kind, port=port)))


async def no_processes(probers: Probers, most: str) -> None:
    await probers.probe(target("command"))
    os.setuid(54_321)  # root may run as many as it likes
    resource.setrlimit(resource.RLIMIT_NPROC, (int(most), int(most)))
    say(await probers.probe(target("command")))


async def no_ports(probers: Probers) -> None:
    set_ipv4("ip_local_port_range", "40000 40001")
    with ExitStack() as held:
        listener = held.enter_context(socket.create_server(("127.0.0.1", 0)))
        with suppress(OSError):  # there is none left
            while True:
                held.enter_context(socket.create_connection(listener.getsockname()))
        for kind in ("tcp", "http"):
            say(await probers.probe(target(kind, port=listener.getsockname()[1])))


async def main(what: str, *words: str) -> None:
    stories: dict[str, Callable[..., Awaitable[None]]] = {
        "ping": ping,
        "ping-granted-later": ping_granted_later,
        "ping-unreachable": ping_unreachable,
        "probe": probe,
        "no-descriptors": no_descriptors,
        "no-processes": no_processes,
        "no-ports": no_ports,
    }
    probers = Probers()
    try:
        await stories[what](probers, *words)
    finally:
        await probers.aclose()


def run(*words: str) -> None:
    if words[0] != "uvloop":
        asyncio.run(main(*words))
        return
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*words[1:]))


if __name__ == "__main__":
    run(*sys.argv[1:])
