"""What the world is told of a zone: by its parent's servers, else by the system's resolver.

dnspython resolves; nothing of what it knows leaves this file.
"""

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence
from ipaddress import ip_address

import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver

from rrdns.config.settings import Listen
from rrdns.health.check import Address
from rrdns.health.result import one_line
from rrdns.zone.name import Name

from ..seen import Delegated, Unasked

PATIENCE_S = 5.0  # for all zones together
RESOLVER_S = 3.0  # for one question to the resolver
PARENT_S = 1.5  # for one question to one of the parent's servers
MOST_PARENT_SERVERS = 3
AT_ONCE = 20  # zones

Glue = dict[dns.name.Name, set[Address]]


def delegations(
    zones: Collection[Name], at: Listen | None = None
) -> Mapping[Name, Delegated | Unasked]:
    """What is told of each of `zones`; `at` is asked in place of the system's resolver."""
    if not zones:
        return {}
    try:
        resolver = _resolver(at)
    except dns.resolver.NoResolverConfiguration:
        return dict.fromkeys(zones, Unasked("/etc/resolv.conf names no resolver"))
    return asyncio.run(_all(zones, resolver))


def _resolver(at: Listen | None) -> dns.asyncresolver.Resolver:
    resolver = dns.asyncresolver.Resolver(configure=at is None)
    if at is not None:
        resolver.nameservers = [str(at.host)]
        resolver.port = at.port
    resolver.lifetime = RESOLVER_S
    return resolver


async def _all(
    zones: Collection[Name], resolver: dns.asyncresolver.Resolver
) -> Mapping[Name, Delegated | Unasked]:
    turnstile = asyncio.Semaphore(AT_ONCE)

    async def ask(zone: Name) -> Delegated | Unasked:
        async with turnstile:
            return await _ask(dns.name.from_wire(zone, 0)[0], resolver)

    tasks = {zone: asyncio.ensure_future(ask(zone)) for zone in zones}
    _, late = await asyncio.wait(tasks.values(), timeout=PATIENCE_S)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    too_late = Unasked(f"no answer within {PATIENCE_S:g} s")
    return {zone: too_late if task in late else task.result() for zone, task in tasks.items()}


async def _ask(zone: dns.name.Name, resolver: dns.asyncresolver.Resolver) -> Delegated | Unasked:
    try:
        told_by, is_parents_word, servers = await _told(zone, resolver)
        found = await asyncio.gather(*(_addresses(name, resolver) for name in servers))
    except dns.resolver.LifetimeTimeout:
        return Unasked(f"the resolver did not answer within {RESOLVER_S:g} s")
    except dns.resolver.NoNameservers:
        return Unasked("the resolver fails to find out (SERVFAIL)")
    except (dns.exception.DNSException, OSError) as error:
        return Unasked(one_line(str(error)))
    addresses = dict(zip(map(_folded, servers), found, strict=True))
    glue = {_folded(name): frozenset(each) for name, each in servers.items()}
    return Delegated(told_by, is_parents_word, glue, addresses)


async def _told(
    zone: dns.name.Name, resolver: dns.asyncresolver.Resolver
) -> tuple[str, bool, Glue]:
    """Who says it, whether it is the parent itself, and the name servers with their glue."""
    parent = await dns.asyncresolver.zone_for_name(zone.parent(), resolver=resolver)
    referral = await _first(
        [_refer(zone, address) for address in await _servers_of(parent, resolver)]
    )
    if referral is not None:
        return "the root" if parent == dns.name.root else f"the parent {parent}", True, referral
    try:
        answer = await resolver.resolve(zone, dns.rdatatype.NS, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        return "the resolver", False, {}
    return "the resolver", False, {rdata.target: set() for rdata in answer.rrset or ()}


async def _servers_of(
    parent: dns.name.Name, resolver: dns.asyncresolver.Resolver
) -> Sequence[Address]:
    """An address of some of the parent's servers."""
    answer = await resolver.resolve(parent, dns.rdatatype.NS)
    names = [rdata.target for rdata in answer][:MOST_PARENT_SERVERS]
    found = await asyncio.gather(*(_addresses(name, resolver) for name in names))
    return [min(addresses, key=lambda each: each.version) for addresses in found if addresses]


async def _first(asking: Sequence[Awaitable[Glue | None]]) -> Glue | None:
    """The first that is something."""
    for answer in asyncio.as_completed(asking):
        found = await answer
        if found is not None:
            return found
    return None


async def _refer(zone: dns.name.Name, server: Address) -> Glue | None:
    """The referral of one of the parent's servers; empty where it knows of none, None where it
    does not say."""
    query = dns.message.make_query(zone, dns.rdatatype.NS, flags=0)
    try:
        reply, _ = await dns.asyncquery.udp_with_fallback(query, str(server), timeout=PARENT_S)
    except (dns.exception.DNSException, OSError):
        return None
    if reply.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return None
    servers: Glue = {
        rdata.target: set()
        for rrset in (*reply.answer, *reply.authority)
        if rrset.name == zone and rrset.rdtype == dns.rdatatype.NS
        for rdata in rrset
    }
    is_word = servers or reply.flags & dns.flags.AA
    for rrset in reply.additional:
        if rrset.name in servers and rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
            servers[rrset.name].update(ip_address(rdata.address) for rdata in rrset)
    return servers if is_word else None


async def _addresses(
    name: dns.name.Name, resolver: dns.asyncresolver.Resolver
) -> frozenset[Address] | None:
    """What the resolver finds; None where it does not answer."""
    found: set[Address] = set()
    for rtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
        try:
            answer = await resolver.resolve(name, rtype, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return frozenset()
        except (dns.exception.DNSException, OSError):
            return None
        found.update(ip_address(rdata.address) for rdata in answer.rrset or ())
    return frozenset(found)


def _folded(name: dns.name.Name) -> Name:
    return Name(name.to_digestable())
