"""What we hold is there until we let it go or fall silent, and what is not ours is left alone."""

import asyncio
import json
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from harness.awaiting import LONGEST_S, eventually, until
from harness.lab import output, run
from harness.segment import DEVICE, VIP, VIP6, Host, Segment, segment
from rrdns.takeover.netlink import BUFFER_OCTETS, Netlink, NetlinkError
from rrdns.takeover.present import Held

from .entered import entered, with_capabilities

LABEL = f"{DEVICE}:marc"
LEASE_S = 30.0
both_families = pytest.mark.parametrize("vip", [VIP, VIP6])


@pytest.fixture
def net() -> Iterator[Segment]:
    """The segment once the kernel has given `b` what it gives by itself."""
    with segment() as net:
        until(lambda: any(each["scope"] == "link" for each in shown(net.b)))
        yield net


class Follower:
    """`netlink` of a namespace, and how often it has told of a change."""

    def __init__(self) -> None:
        self.netlink = Netlink()
        self.changes = 0

    def count(self) -> None:
        self.changes += 1

    async def hold(self, vip: str, lease_s: float = LEASE_S, label: str | None = None) -> None:
        await self.netlink.hold(ip_address(vip), DEVICE, label, lease_s)

    async def drop(self, vip: str) -> None:
        await self.netlink.drop(ip_address(vip), DEVICE)

    def holds(self, vip: str) -> bool:
        return self.netlink.holds(ip_address(vip), DEVICE)

    def has_untagged(self, vip: str) -> bool:
        return self.netlink.has_untagged(ip_address(vip))


@asynccontextmanager
async def following(namespace: str) -> AsyncIterator[Follower]:
    follower = Follower()
    with entered(namespace):
        async with follower.netlink:
            await follower.netlink.open(follower.count)
            yield follower


def shown(host: Host) -> list[dict[str, Any]]:
    """The addresses of its interfaces as `ip address` shows them, in the kernel's order."""
    interfaces = json.loads(output(["ip", "-json", "-n", host.namespace, "address"]))
    return [
        each | {"ifname": interface["ifname"]}
        for interface in interfaces
        for each in interface["addr_info"]
    ]


def entry(host: Host, address: str) -> dict[str, Any]:
    (found,) = [each for each in shown(host) if each["local"] == address]
    return found


def order(host: Host) -> list[str]:
    return [each["local"] for each in shown(host)]


def ip(host: Host, words: str) -> None:
    run(["ip", "-n", host.namespace, *words.split()])


@both_families
async def test_an_address_is_put_there_and_taken_away_alone(net: Segment, vip: str) -> None:
    """In no network, so that it takes no other along; once it is gone that is no fault."""
    ip(net.b, f"address add 10.0.0.50/24 dev {DEVICE}")
    before = order(net.b)
    async with following(net.b.namespace) as b:
        assert not b.holds(vip)
        await b.hold(vip)
        assert b.holds(vip)
        assert not b.has_untagged(vip)
        assert ip_address(vip) in b.netlink.local_addresses()
        assert entry(net.b, vip)["prefixlen"] == ip_address(vip).max_prefixlen
        await b.drop(vip)
        assert not b.holds(vip)
        assert order(net.b) == before
        await b.drop(vip)


async def test_the_label_is_what_ip_address_shows(net: Segment) -> None:
    async with following(net.b.namespace) as b:
        await b.hold(VIP, label=LABEL)
        await b.hold(VIP6, label=LABEL)
        assert entry(net.b, VIP)["label"] == LABEL
        held = [Held(ip_address(VIP), DEVICE, LABEL), Held(ip_address(VIP6), DEVICE, None)]
        assert b.netlink.tagged() == held
        await b.drop(VIP)
        await b.hold(VIP)
        assert entry(net.b, VIP)["label"] == DEVICE
        assert Held(ip_address(VIP), DEVICE, None) in b.netlink.tagged()
        with pytest.raises(NetlinkError, match="15 octets"):
            await b.hold("10.0.0.128", label="eth0:marconi-vip")


@both_families
async def test_a_lease_that_nobody_renews_ends(net: Segment, vip: str) -> None:
    """Also when nobody is left to notice."""
    async with following(net.b.namespace) as b, following(net.b.namespace) as other:
        began = time.monotonic()
        await b.hold(vip, lease_s=0.1)  # 2 s are the shortest
        await b.netlink.aclose()
        await eventually(lambda: other.holds(vip))
        await eventually(lambda: not other.holds(vip))
        assert time.monotonic() - began > 1.0
        assert not net.b.holds(vip)


@both_families
async def test_a_renewal_is_noticed_by_nobody(net: Segment, vip: str) -> None:
    """No reply is lost, the addresses keep their order, and there is no change to tell of."""
    async with following(net.b.namespace) as b:
        await b.hold(vip, lease_s=3)
        ip(net.b, f"address add 10.0.0.50/32 dev {DEVICE}")
        ip(net.b, f"address add fd00::50/128 dev {DEVICE} nodad")
        await eventually(lambda: ip_address("fd00::50") in b.netlink.local_addresses())
        await asyncio.sleep(0)  # until that has been told
        before, told = order(net.b), b.changes
        lost = await asked_meanwhile(net, vip, b)
        assert lost == 0
        assert order(net.b) == before
        assert entry(net.b, vip)["valid_life_time"] > 3
        assert b.changes == told


async def asked_meanwhile(net: Segment, vip: str, b: Follower) -> int:
    """How many of 100 questions to `vip` get no answer while it is renewed after each."""
    with entered(net.c.namespace):
        client = udp_socket(vip)
    with entered(net.b.namespace):
        server = udp_socket(vip)
    loop, lost = asyncio.get_running_loop(), 0
    with client, server:
        server.bind((vip, 5353))
        client.connect((vip, 5353))
        for _ in range(100):
            renewal = asyncio.ensure_future(b.hold(vip))
            await loop.sock_sendall(client, b"?")
            try:
                async with asyncio.timeout(LONGEST_S):
                    _, asker = await loop.sock_recvfrom(server, 10)
            except TimeoutError:
                lost += 1
            else:
                await loop.sock_sendto(server, b"!", asker)
                await loop.sock_recv(client, 10)
            await renewal
    return lost


def udp_socket(address: str) -> socket.socket:
    family = socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    return sock


@both_families
async def test_what_a_host_asks_comes_from_its_main_address(net: Segment, vip: str) -> None:
    """Or the answers would go to whoever holds the other one by then."""
    async with following(net.b.namespace) as b:
        await b.hold(vip)
        is_ipv4 = ip_address(vip).version == 4
        with udp_socket(vip) as sock:
            sock.connect((net.c.address if is_ipv4 else net.c.address6, 53))
            assert sock.getsockname()[0] == (net.b.address if is_ipv4 else net.b.address6)


@both_families
async def test_what_others_do_is_noticed(net: Segment, vip: str) -> None:
    async with following(net.b.namespace) as b:
        await b.hold(vip)
        await eventually(lambda: b.changes == 1)
        net.b.drop(vip)
        await eventually(lambda: b.changes == 2)
        assert not b.holds(vip)
        assert not b.has_untagged(vip)
        net.b.take(vip)
        await eventually(lambda: b.changes == 3)
        assert b.has_untagged(vip)
        assert not b.holds(vip)


SOMEBODYS = [
    pytest.param(VIP, f"{VIP}/32 dev {DEVICE}", id="alone"),
    pytest.param(VIP, f"{VIP}/24 dev {DEVICE}", id="in its network"),
    pytest.param(VIP, f"{VIP}/32 dev br7", id="on another interface"),
    pytest.param(VIP, f"{VIP}/32 dev {DEVICE} label {LABEL}", id="with our label"),
    pytest.param(VIP6, f"{VIP6}/128 dev {DEVICE} nodad", id="IPv6, alone"),
    pytest.param(VIP6, f"{VIP6}/64 dev {DEVICE} nodad", id="IPv6, in its network"),
    pytest.param(VIP6, f"{VIP6}/128 dev br7 nodad", id="IPv6, on another interface"),
]


@pytest.mark.parametrize(("vip", "words"), SOMEBODYS)
async def test_somebody_elses_address_is_left_alone(net: Segment, vip: str, words: str) -> None:
    """It is neither held beside, nor renewed, nor dropped; and that is known at once, without
    waiting for an event."""
    ip(net.b, "link add name br7 type bridge")
    async with following(net.b.namespace) as b:
        ip(net.b, f"address add {words}")
        before = shown(net.b)
        with pytest.raises(NetlinkError, match="somebody else"):
            await b.hold(vip)
        if "br7" in words:
            await b.drop(vip)  # there is none of ours there
        else:
            with pytest.raises(NetlinkError, match="somebody else"):
                await b.drop(vip)
        assert shown(net.b) == before
        assert b.has_untagged(vip)
        assert b.netlink.tagged() == []


async def test_what_an_agent_before_us_held_is_known(net: Segment) -> None:
    async with following(net.b.namespace) as before:
        await before.hold(VIP, label=LABEL)
    async with following(net.b.namespace) as b:
        assert b.netlink.tagged() == [Held(ip_address(VIP), DEVICE, LABEL)]
        await b.hold(VIP)
        await b.drop(VIP)
        assert not net.b.holds(VIP)


async def test_carrier_is_followed(net: Segment) -> None:
    async with following(net.b.namespace) as b:

        def carrier() -> bool:
            return b.netlink.carrier(DEVICE)

        assert carrier()
        assert not b.netlink.carrier("eth9")
        for lose, regain in ((net.b.unplug, net.b.plug), (net.b.shut, net.b.open)):
            told = b.changes
            lose()
            await eventually(lambda: not carrier())
            regain()
            await eventually(carrier)
            assert b.changes >= told + 2


async def test_an_interface_that_goes_takes_its_addresses_along(net: Segment) -> None:
    async with following(net.b.namespace) as b:
        await b.hold(VIP)
        ip(net.b, f"link del {DEVICE}")
        await eventually(lambda: not b.netlink.tagged())
        assert not b.netlink.carrier(DEVICE)
        assert b.netlink.local_addresses() == {ip_address("127.0.0.1"), ip_address("::1")}
        for change in (b.hold, b.drop):
            with pytest.raises(NetlinkError, match="no such interface"):
                await change(VIP)


async def test_a_port_that_leaves_its_bridge_has_not_gone(net: Segment) -> None:
    """The kernel tells of that as of a link that is deleted, but of the bridge's family."""
    on_port = f"dev {net.b.port}"
    run(["ip", "-n", net.b.switch, "address", "add", "10.9.9.1/32", *on_port.split()])
    async with following(net.b.switch) as switch:
        run(["ip", "-n", net.b.switch, "link", "set", net.b.port, "nomaster"])
        run(["ip", "-n", net.b.switch, "address", "add", "10.9.9.2/32", *on_port.split()])
        await eventually(lambda: switch.has_untagged("10.9.9.2"))
        assert switch.has_untagged("10.9.9.1")
        assert switch.netlink.carrier(net.b.port)


async def test_a_renamed_interface_is_known_by_its_new_name(net: Segment) -> None:
    async with following(net.b.namespace) as b:
        await b.hold(VIP, label=LABEL)
        for words in (f"{DEVICE} down", f"{DEVICE} name wan0", "wan0 up"):
            ip(net.b, f"link set {words}")
        await eventually(lambda: b.netlink.carrier("wan0"))
        assert [held.interface for held in b.netlink.tagged()] == ["wan0"]


async def test_a_burst_of_changes_costs_none_of_them(net: Segment) -> None:
    """More than there is room for: the kernel tells only that it has dropped some. What is decided
    next is decided by what is there."""
    addresses = [f"10.7.{n // 250}.{n % 250}" for n in range(BUFFER_OCTETS // 200)]
    async with following(net.b.namespace) as b:
        await b.hold(VIP)
        batch(net.b, [f"address del {VIP}/32 dev {DEVICE}"])
        batch(net.b, [f"address add {each}/32 dev {DEVICE}" for each in addresses])
        batch(net.b, [f"address add {VIP}/24 dev {DEVICE}"])
        with pytest.raises(NetlinkError, match="somebody else"):
            await b.hold(VIP)
        assert set(map(ip_address, addresses)) <= b.netlink.local_addresses()
        told = b.changes
        batch(net.b, [f"address del {VIP}/24 dev {DEVICE}"])
        await eventually(lambda: not b.has_untagged(VIP))
        assert b.changes > told


async def test_a_burst_of_changes_is_made_up_for_by_itself(net: Segment) -> None:
    """Where only the end of something was dropped, its beginning is not believed."""
    addresses = [f"10.7.{n // 250}.{n % 250}" for n in range(BUFFER_OCTETS // 200)]
    async with following(net.b.namespace) as b:
        batch(net.b, [f"address add {VIP}/24 dev {DEVICE}"])
        batch(net.b, [f"address add {each}/32 dev {DEVICE}" for each in addresses])
        batch(net.b, [f"address del {VIP}/24 dev {DEVICE}"])
        await eventually(lambda: ip_address(addresses[-1]) in b.netlink.local_addresses())
        assert set(map(ip_address, addresses)) <= b.netlink.local_addresses()
        assert not b.has_untagged(VIP)
        await eventually(lambda: b.changes)


def batch(host: Host, lines: Sequence[str]) -> None:
    """Without a turn for anybody else in this process."""
    words = ["ip", "-n", host.namespace, "-batch", "-"]
    subprocess.run(words, input="\n".join(lines).encode(), check=True, capture_output=True)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_who_is_cancelled_leaves_nothing_open(net: Segment) -> None:
    async with following(net.b.namespace) as b:
        await b.hold(VIP)
        before = open_files()
        for steps in range(12):
            renewal = asyncio.ensure_future(b.hold(VIP))
            for _ in range(steps):
                await asyncio.sleep(0)
            renewal.cancel()
            await asyncio.wait({renewal})
        await eventually(lambda: open_files() == before)
        await b.hold(VIP)
        assert b.holds(VIP)


async def test_ipv6_that_is_off_is_told(net: Segment) -> None:
    run(net.b.command(["sysctl", "-qw", f"net.ipv6.conf.{DEVICE}.disable_ipv6=1"]))
    async with following(net.b.namespace) as b:
        with pytest.raises(NetlinkError, match="disable_ipv6"):
            await b.hold(VIP6)


HOLDS = f"""
import asyncio
from ipaddress import ip_address
from rrdns.takeover.netlink import Netlink, NetlinkError

async def main():
    try:
        async with Netlink() as netlink:
            await netlink.open(lambda: None)
            for vip in ("{VIP}", "{VIP6}"):
                await netlink.hold(ip_address(vip), "{DEVICE}", "{LABEL}", 5)
            for vip in ("{VIP}", "{VIP6}"):
                await netlink.drop(ip_address(vip), "{DEVICE}")
            print("held and dropped")
    except NetlinkError as error:
        print(error)

asyncio.run(main())
"""


def test_net_admin_is_all_that_it_needs(net: Segment) -> None:
    assert with_capabilities(net.b.namespace, ",+net_admin", HOLDS) == "held and dropped\n"
    said = with_capabilities(net.b.namespace, ",+net_raw", HOLDS)
    assert said.startswith(f"can not put {VIP} on {DEVICE}: not permitted; grant CAP_NET_ADMIN")
    assert said.count("\n") == 1
