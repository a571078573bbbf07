"""Probes once in a process of its own, whose privileges or limits the caller has taken away.

child.py ping ADDRESS            one echo; prints outcome and reason
child.py ping-granted-later      one echo, then one more after ping sockets were permitted
child.py ping-unreachable        one echo that a forged router answers
child.py tcp PORT                one connection without a file descriptor to spare
"""

import asyncio
import os
import resource
import socket
import sys
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from pathlib import Path

from rrdns.health.check import IcmpCheck, Target, TcpCheck
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


async def tcp(probers: Probers, port: str) -> None:
    next_descriptor = os.open(os.devnull, os.O_RDONLY)
    os.close(next_descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_descriptor, next_descriptor))
    say(await probers.probe(Target(TcpCheck(name="tcp", port=int(port)), ip_address("127.0.0.1"))))


async def main(what: str, *words: str) -> None:
    stories: dict[str, Callable[..., Awaitable[None]]] = {
        "ping": ping,
        "ping-granted-later": ping_granted_later,
        "ping-unreachable": ping_unreachable,
        "tcp": tcp,
    }
    probers = Probers()
    try:
        await stories[what](probers, *words)
    finally:
        await probers.aclose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
