"""An echo passes only by its own reply; what this host may not or can not do drops nobody."""

import asyncio
import socket
import time
from collections.abc import Sequence

import pytest

from rrdns.health.check import IcmpCheck
from rrdns.health.probes.icmp import NOT_PERMITTED
from rrdns.health.verdict import Outcome

from .conftest import Child, Run, descriptors, probing
from .networks import NEW_NETWORK, WITHOUT_RAW, needs_networks

PING = IcmpCheck(name="ping", timeout_s=20.0)


def can_open_raw() -> bool:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    except PermissionError:
        return False
    return True


needs_raw = pytest.mark.skipif(not can_open_raw(), reason="needs CAP_NET_RAW")


@needs_raw
@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1"])
def test_a_host_that_answers_passes(run: Run, address: str) -> None:
    async def story() -> None:
        async with probing() as probe:
            result = await probe(PING, address)
            assert result.outcome is Outcome.PASS, result
            assert result.reason.endswith(" ms")
            assert 0 < result.elapsed_s < PING.timeout_s

    run(story())


@needs_raw
def test_a_thousand_at_once_share_one_socket_and_each_gets_its_own_reply(run: Run) -> None:
    async def story() -> None:
        async with probing() as probe:
            before = descriptors()
            probes = [probe(PING, f"127.0.{n // 250}.{n % 250 + 1}") for n in range(1000)]
            results = await asyncio.gather(*probes)
            assert {result.outcome for result in results} == {Outcome.PASS}
            assert descriptors() == before + 1

    run(story())


@needs_raw
async def test_sequence_numbers_wrap() -> None:
    async with probing() as probe:
        for _ in range(66):
            results = await asyncio.gather(*(probe(PING) for _ in range(1000)))
            assert {result.outcome for result in results} == {Outcome.PASS}


@needs_raw
def test_a_reply_that_waits_while_our_own_loop_stalls_is_not_a_timeout(run: Run) -> None:
    async def story() -> None:
        async with probing() as probe:
            await probe(PING)
            probes = [
                asyncio.ensure_future(probe(IcmpCheck(name="ping", timeout_s=0.1)))
                for _ in range(300)
            ]
            await asyncio.sleep(0)
            time.sleep(0.3)  # noqa: ASYNC251 - the stall
            assert {result.outcome for result in await asyncio.gather(*probes)} == {Outcome.PASS}

    run(story())


@needs_networks
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_host_that_is_silent_fails(run_child: Child, address: str) -> None:
    quiet = 'sysctl -qw net.ipv4.icmp_echo_ignore_all=1 net.ipv6.icmp.echo_ignore_all=1; exec "$@"'
    under = (*NEW_NETWORK, "sh", "-c", quiet, "sh")
    assert run_child("ping", address, under=under) == "fail: no answer within 0.5 s"


@needs_networks
def test_a_router_s_word_is_taken_before_the_timeout(run_child: Child) -> None:
    said = run_child("ping-unreachable", under=NEW_NETWORK)
    assert said == "fail: Destination host unreachable (said by 127.0.0.1)"


@needs_networks
def test_without_a_route_from_here_it_is_our_error(run_child: Child) -> None:
    said = run_child("ping", "192.0.2.1", under=NEW_NETWORK)
    assert said.startswith("error: no route from this host;")


@needs_networks
def test_an_unreachable_route_is_the_member_s_failure(run_child: Child) -> None:
    route = 'ip route add unreachable 192.0.2.0/24 && exec "$@"'
    said = run_child("ping", "192.0.2.1", under=(*NEW_NETWORK, "sh", "-c", route, "sh"))
    assert said == "fail: host unreachable"


def forbidden(groups: str) -> Sequence[str]:
    """A network where raw sockets are forbidden, and ping sockets allowed to `groups`."""
    setting = f'echo {groups} > /proc/sys/net/ipv4/ping_group_range && exec "$@"'
    return (*NEW_NETWORK, "sh", "-c", setting, "sh", *WITHOUT_RAW)


@needs_networks
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_where_icmp_is_not_permitted_it_is_our_error_and_says_how_to_mend_it(
    run_child: Child, address: str
) -> None:
    assert run_child("ping", address, under=forbidden("1 0")) == f"error: {NOT_PERMITTED}"


@needs_networks
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_ping_socket_serves_where_raw_is_not_permitted(run_child: Child, address: str) -> None:
    said = run_child("ping", address, under=forbidden("0 0"))
    assert said.startswith("pass: ")


@needs_networks
def test_a_permission_granted_later_is_noticed(run_child: Child) -> None:
    before, after, after_v6 = run_child(
        "ping-granted-later", under=(*NEW_NETWORK, *WITHOUT_RAW)
    ).splitlines()
    assert before == f"error: {NOT_PERMITTED}"
    assert after.startswith("pass: ")
    assert after_v6.startswith("pass: ")
