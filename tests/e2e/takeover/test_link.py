"""Who has an address is heard when asked, who takes one is believed, and we hear no echo."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from harness.awaiting import LONGEST_S, eventually
from harness.lab import inside, output, run
from harness.segment import DEVICE, VIP, VIP6, Host, Segment, segment
from rrdns.health.check import Address
from rrdns.takeover import arp, ndp
from rrdns.takeover.ethernet import BROADCAST, mac_octets
from rrdns.takeover.link import (
    ETH_P_ARP,
    PACKETS_PER_WAKEUP,
    Link,
    LinkDownError,
    LinkError,
)

from .entered import entered, with_capabilities

STRANGER = "02:00:00:00:00:99"
both_families = pytest.mark.parametrize("vip", [VIP, VIP6])


def ports(switch: str) -> dict[str, str]:
    """Where the switch thinks that each MAC is."""
    known = json.loads(output(inside(switch, ["bridge", "-json", "fdb", "show", "br", "br0"])))
    return {each["mac"]: each["ifname"] for each in known if "master" in each}


@pytest.fixture
def net() -> Iterator[Segment]:
    with segment() as net:
        yield net


class Ear:
    """A link of `host`, and what it has heard."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.heard: list[tuple[Address, str]] = []
        with entered(host.namespace):
            self.link = Link(DEVICE, lambda *said: self.heard.append(said))

    def ask(self, address: str) -> None:
        with entered(self.host.namespace):
            self.link.ask(ip_address(address))

    def announce(self, address: str, mac: str | None = None) -> None:
        with entered(self.host.namespace):
            self.link.announce(ip_address(address), mac)

    async def hears(self, address: str, mac: str) -> None:
        """Returns once somebody has said so."""
        await eventually(lambda: (ip_address(address), mac) in self.heard)

    async def finds(self, address: str, mac: str) -> None:
        """Returns once that is the answer. The kernel does not answer for a new address at once."""
        async with asyncio.timeout(LONGEST_S):
            while (ip_address(address), mac) not in self.heard:
                self.ask(address)
                await asyncio.sleep(0.02)


@contextmanager
def ears(*hosts: Host) -> Iterator[list[Ear]]:
    opened: list[Ear] = []
    try:
        opened.extend(map(Ear, hosts))
        yield opened
    finally:
        for ear in opened:
            ear.link.close()


def own_address(host: Host, family_of: str) -> str:
    return host.address if ip_address(family_of).version == 4 else host.address6


def knows(host: Host, address: str, mac: str) -> None:
    """Has the host believe that `address` is at `mac`, as after it had asked."""
    words = ["neighbour", "replace", address, "lladdr", mac, "dev", DEVICE, "nud", "stale"]
    run(["ip", "-n", host.namespace, *words])


@both_families
async def test_who_holds_an_address_is_heard_and_nobody_where_it_is_free(
    net: Segment, vip: str
) -> None:
    """Where it is free there is silence until something else is heard, which was asked later."""
    with ears(net.b) as [b]:
        b.ask(vip)
        await b.finds(own_address(net.w, vip), net.w.mac)
        assert ip_address(vip) not in dict(b.heard)
        net.a.take(vip)
        await b.finds(vip, net.a.mac)


@both_families
async def test_another_holder_is_heard_by_who_holds_it_too(net: Segment, vip: str) -> None:
    with ears(net.b) as [b]:
        net.b.take(vip)
        b.ask(vip)
        await b.finds(own_address(net.w, vip), net.w.mac)
        assert ip_address(vip) not in dict(b.heard)
        net.a.take(vip)
        await b.finds(vip, net.a.mac)


@both_families
async def test_asking_changes_nobody_s_mind(net: Segment, vip: str) -> None:
    knows(net.c, vip, net.a.mac)
    net.w.take(vip)
    with ears(net.b) as [b]:
        await b.finds(vip, net.w.mac)
        assert net.c.neighbour(vip) == net.a.mac


@both_families
async def test_an_announcement_is_believed_at_once(net: Segment, vip: str) -> None:
    """By who has asked a moment ago too, and by who thinks that it is where it just was."""
    with ears(net.b) as [b]:
        for before in (STRANGER, net.a.mac):
            knows(net.c, vip, before)
            assert net.c.neighbour(vip) == before
            b.announce(vip)
            await eventually(lambda: net.c.neighbour(vip) == net.b.mac)


async def test_arp_is_announced_by_request_and_by_reply(net: Segment) -> None:
    with ears(net.b, net.c) as [b, c]:
        b.announce(VIP)
        await eventually(lambda: c.heard == [(ip_address(VIP), net.b.mac)] * 2)


@both_families
async def test_an_announcement_for_another_is_believed_by_all_but_him(
    net: Segment, vip: str
) -> None:
    """The switch learns nothing from it, or what is for him would come to us."""
    knows(net.c, vip, net.b.mac)
    with ears(net.b, net.a, net.c) as [b, a, c]:
        b.announce(vip, net.a.mac)
        await c.hears(vip, net.a.mac)
        await eventually(lambda: net.c.neighbour(vip) == net.a.mac)
        await a.finds(own_address(net.w, vip), net.w.mac)
        assert ip_address(vip) not in dict(a.heard)
        assert ports(net.b.switch)[net.a.mac] == net.a.port


@both_families
async def test_we_do_not_hear_ourselves(net: Segment, vip: str) -> None:
    with ears(net.b, net.c) as [b, c]:
        net.b.take(vip)
        b.ask(vip)
        b.announce(vip)
        await c.hears(vip, net.b.mac)
        await b.finds(own_address(net.w, vip), net.w.mac)
        assert {mac for _, mac in b.heard} == {net.w.mac}


@both_families
async def test_an_interface_that_is_down_is_told_and_works_once_it_is_up(
    net: Segment, vip: str
) -> None:
    with ears(net.b) as [b]:
        net.b.shut()
        for speak in (b.ask, b.announce):
            with pytest.raises(LinkDownError, match="eth0 is down"):
                speak(vip)
        net.b.open()
        with ears(net.c) as [c]:
            c.announce(vip)
            await b.hears(vip, net.c.mac)
        net.a.take(vip)
        await b.finds(vip, net.a.mac)


async def test_who_listens_to_an_interface_that_is_down_has_nothing_to_do(net: Segment) -> None:
    with ears(net.b):
        net.b.shut()
        before = time.thread_time()
        await asyncio.sleep(0.3)  # of what does not happen nothing tells
        assert time.thread_time() - before < 0.1


@both_families
async def test_an_interface_that_has_gone_is_told_and_works_once_it_is_back(
    net: Segment, vip: str
) -> None:
    """The new one of that name is another for the kernel."""
    with ears(net.b) as [b]:
        mac = b.link.mac
        run(["ip", "-n", net.b.namespace, "link", "del", DEVICE])
        for speak in (b.ask, b.announce):
            with pytest.raises(LinkDownError, match="eth0 does not exist"):
                speak(vip)
        assert b.link.mac == mac
        cable = ["type", "veth", "peer", "name", DEVICE, "address", STRANGER]
        end = ["link", "add", net.b.port, "master", "br0", "up", *cable, "netns", net.b.namespace]
        run(["ip", "-n", net.b.switch, *end])
        net.b.open()
        net.a.take(vip)
        await b.finds(vip, net.a.mac)
        assert b.link.mac == STRANGER


@both_families
async def test_our_mac_is_what_it_is_now(net: Segment, vip: str) -> None:
    with ears(net.b, net.c) as [b, c]:
        assert b.link.mac == net.b.mac
        run(["ip", "-n", net.b.namespace, "link", "set", DEVICE, "address", STRANGER])
        assert b.link.mac == STRANGER
        b.announce(vip)
        await c.hears(vip, STRANGER)


async def test_without_ipv6_there_is_arp(net: Segment) -> None:
    run(net.b.command(["sysctl", "-qw", f"net.ipv6.conf.{DEVICE}.disable_ipv6=1"]))
    with ears(net.b) as [b]:
        for speak in (b.ask, b.announce):
            with pytest.raises(LinkDownError, match="IPv6"):
                speak(VIP6)
        await b.finds(net.w.address, net.w.mac)


async def test_who_has_only_the_address_itself_can_not_ask_for_it(net: Segment) -> None:
    """Another holder would answer to himself, and silence would prove nothing."""
    run(["ip", "-n", net.b.namespace, "-6", "address", "flush", "dev", DEVICE])
    with ears(net.b, net.c) as [b, c]:
        with pytest.raises(LinkDownError, match="no IPv6 address to ask from"):
            b.ask(VIP6)
        net.b.take(VIP6)
        with pytest.raises(LinkDownError, match="no IPv6 address to ask from"):
            b.ask(VIP6)
        b.announce(VIP6)
        await c.hears(VIP6, net.b.mac)


async def test_what_is_no_arp_is_not_heard(net: Segment) -> None:
    """Nor is a probe, which says nothing of who asks."""
    valid = arp.announcements(IPv4Address(VIP), STRANGER)[0].encode()
    wrong = [
        b"",
        valid[:-1],
        bytes(100),
        b"\xff" * 1400,
        valid[:7] + b"\x03" + valid[8:],
        arp.probe(IPv4Address(VIP), STRANGER).encode(),
    ]
    with ears(net.b) as [b], entered(net.c.namespace), packets() as sock:
        for octets in wrong:
            sock.sendto(octets, (DEVICE, ETH_P_ARP, 0, 0, mac_octets(BROADCAST)))
        sock.sendto(valid, (DEVICE, ETH_P_ARP, 0, 0, mac_octets(BROADCAST)))
        await b.hears(VIP, STRANGER)
        assert len(b.heard) == 1


async def test_what_is_for_another_host_is_not_heard(net: Segment) -> None:
    """An interface that lets everything in has that too, and what belongs to other VLANs."""
    run(["ip", "-n", net.b.namespace, "link", "set", DEVICE, "promisc", "on"])
    octets = arp.announcements(IPv4Address(VIP), STRANGER)[0].encode()
    with ears(net.b) as [b], entered(net.c.namespace), packets() as sock:
        for to in ("02:00:00:00:00:77", net.b.mac):  # the switch has not learnt where the first is
            sock.sendto(octets, (DEVICE, ETH_P_ARP, 0, 0, mac_octets(to)))
        await b.hears(VIP, STRANGER)
        assert len(b.heard) == 1


@contextmanager
def packets() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as sock:
        yield sock


async def test_an_advertisement_from_beyond_the_link_is_not_heard(net: Segment) -> None:
    """RFC 4861 section 7.1.2: hop limit 255 is what a router can not leave. Nor is garbage."""
    valid = ndp.Advertisement(IPv6Address(VIP6), STRANGER).encode()
    other = ndp.Advertisement(IPv6Address("fd00::66"), STRANGER).encode()
    with (
        ears(net.b) as [b],
        entered(net.c.namespace),
        socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as sock,
    ):
        sock.connect(("ff02::1", 0, 0, socket.if_nametoindex(DEVICE)))
        for hops, octets in (
            (254, other),
            (255, other[:24] + b"\x02\x00" + other[26:]),
            (255, other[:20]),
            (255, b"\x88\x00" + bytes(1000)),
            (255, valid),
        ):
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, hops)
            sock.send(octets)
        await b.hears(VIP6, STRANGER)
        assert len(b.heard) == 1


async def test_a_flood_leaves_others_their_turn(net: Segment) -> None:
    octets = arp.announcements(IPv4Address(VIP), STRANGER)[0].encode()
    most = 2 * PACKETS_PER_WAKEUP
    with ears(net.b) as [b]:
        with entered(net.c.namespace), packets() as sock:
            for _ in range(most):
                sock.sendto(octets, (DEVICE, ETH_P_ARP, 0, 0, mac_octets(BROADCAST)))
        at_once = []
        while len(b.heard) < most:
            before = len(b.heard)
            await asyncio.sleep(0)
            at_once.append(len(b.heard) - before)
        assert max(at_once) <= PACKETS_PER_WAKEUP


async def test_only_ethernet_has_takeover(net: Segment) -> None:
    with entered(net.b.namespace), pytest.raises(LinkError, match="lo is no Ethernet"):
        Link("lo", lambda *_: None)


async def test_an_interface_that_there_is_not_is_told(net: Segment) -> None:
    with entered(net.b.namespace), pytest.raises(LinkDownError, match="eth9 does not exist"):
        Link("eth9", lambda *_: None)


ASKS = f"""
import asyncio
from ipaddress import IPv4Address, IPv6Address, ip_address
from rrdns.takeover.link import Link, LinkError

async def main():
    heard = asyncio.Queue()
    try:
        link = Link("{DEVICE}", lambda *said: heard.put_nowait(said))
    except LinkError as error:
        return print(error)
    for address in ("10.0.0.254", "fd00::254"):
        link.ask(ip_address(address))
        print((await heard.get())[0])
    link.close()

asyncio.run(main())
"""


def test_raw_is_all_that_it_needs(net: Segment) -> None:
    assert with_capabilities(net.b.namespace, ",+net_raw", ASKS) == "10.0.0.254\nfd00::254\n"
    said = with_capabilities(net.b.namespace, ",+net_admin", ASKS)
    assert said.startswith("eth0: packet sockets are not permitted")
    assert "CAP_NET_RAW" in said
    assert said.count("\n") == 1
