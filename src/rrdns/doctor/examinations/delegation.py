"""Does the parent send the world here: are its NS and glue what the zone says?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address

from rrdns.config.schema import DNS_PORT
from rrdns.config.settings import DnsSettings
from rrdns.health.check import Address
from rrdns.zone.name import ROOT, Name, from_text, is_at_or_below, to_text
from rrdns.zone.tree import RRType, Zone

from ..finding import Finding, failure, note, ok, warning
from ..patient import Patient
from ..seen import Delegated, Local, Unasked

# Delegated to nobody, or not by the parents that a resolver knows: RFC 2606, 6303, 6761, 6762,
# 7686, 8375, 9476 and ICANN's `internal`.
RESERVED = tuple(
    from_text(text)
    for text in (
        *("example", "example.com", "example.net", "example.org", "invalid", "localhost", "test"),
        *("alt", "home.arpa", "internal", "local", "onion"),
        *("10.in-addr.arpa", "168.192.in-addr.arpa", "127.in-addr.arpa", "254.169.in-addr.arpa"),
        *(f"{second}.172.in-addr.arpa" for second in range(16, 32)),
        *("2.0.192.in-addr.arpa", "100.51.198.in-addr.arpa", "113.0.203.in-addr.arpa"),
        *("d.f.ip6.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"),
    )
)

Servers = Mapping[Name, frozenset[Address]]
"""Name servers and their addresses, none where they are not known."""


def examine(patient: Patient) -> Iterator[Finding]:
    """The zones that can be delegated, all asked at once."""
    loaded = patient.loaded
    zones = {apex: version.loaded.zone for apex, version in sorted(loaded.zones.items())}
    local = patient.host.local()
    reserved = {apex for apex in zones if is_reserved(apex)}
    told = patient.host.delegations([apex for apex in zones if apex not in reserved])
    for apex, zone in zones.items():
        own = own_servers(zone, zones.values())
        yield from judge_listening(apex, own, loaded.settings.dns, local)
        if apex in reserved:
            what = f"{to_text(apex)} is reserved and delegated to nobody; not asked"
            yield note(what if apex != ROOT else "nobody delegates the root; not asked")
            continue
        match told[apex]:
            case Unasked(reason):
                yield note(f"what the parent says of {to_text(apex)} is not known: {reason}")
            case Delegated() as delegated:
                yield from judge(apex, own, delegated, {each.address for each in local})


def is_reserved(apex: Name) -> bool:
    """Whether nobody can be asked about `apex`."""
    return apex == ROOT or any(is_at_or_below(apex, name) for name in RESERVED)


def own_servers(zone: Zone, zones: Iterable[Zone]) -> Servers:
    """The name servers that `zone` names, with the addresses that any of `zones` has."""
    found = zone.rrset(zone.apex, RRType.NS)
    return {Name(name): _addresses(Name(name), zones) for name in (found.rdatas if found else ())}


def _addresses(name: Name, zones: Iterable[Zone]) -> frozenset[Address]:
    nodes = [zone.nodes[name] for zone in zones if name in zone.nodes]
    return frozenset(
        kind(rdata)
        for node in nodes
        for rtype, kind in ((RRType.A, IPv4Address), (RRType.AAAA, IPv6Address))
        if rtype in node
        for rdata in node[rtype].rdatas
    )


def judge_listening(
    apex: Name, own: Servers, dns: DnsSettings, local: Sequence[Local]
) -> Iterator[Finding]:
    """Addresses of name servers that are this host's, and on which nothing listens."""
    here = {each.address for each in local if not each.address.is_loopback}
    for name, addresses in own.items():
        for address in sorted(addresses & here, key=int):
            if not any(
                listen.port == DNS_PORT
                and listen.host.version == address.version
                and (listen.host == address or listen.host.is_unspecified)
                for listen in dns.listen
            ):
                what = f"{to_text(apex)} has the name server {to_text(name)} at {address}, which is"
                mend = f"add it to dns.listen, unless port {DNS_PORT} is redirected to another"
                yield warning(f"{what} this host, but dns.listen does not have its port 53", mend)


def judge(apex: Name, own: Servers, told: Delegated, here: set[Address]) -> Iterator[Finding]:
    """What the parent tells the world, against what the zone says and the host has."""
    if not told.servers:
        what = f"{to_text(apex)} is not delegated, says {told.told_by}: nobody is sent here"
        listed = ", ".join(map(to_text, own))
        yield warning(what, f"have NS records entered there for {listed}")
        return
    findings = [
        *_judge_names(apex, own, told),
        *(
            finding
            for name in sorted(told.servers)
            for finding in _judge_addresses(apex, name, own.get(name, frozenset()), told)
        ),
    ]
    yield from findings
    if not findings:
        yield ok(f"{to_text(apex)} is delegated to {_listed(told.servers)}, says {told.told_by}")
    known = _known(told)
    if known and not known & here:
        what = f"none of the name servers of {to_text(apex)} has an address of this host"
        yield note(what, "that is well if addresses are translated on the way here")


def _judge_names(apex: Name, own: Servers, told: Delegated) -> Iterator[Finding]:
    missing, strange = own.keys() - told.servers.keys(), told.servers.keys() - own.keys()
    if missing:
        what = f"{told.told_by} does not have {_listed(missing)} as a name server of"
        yield warning(
            f"{what} {to_text(apex)}", "have it entered there, or remove it from the zone"
        )
    if strange:
        what = f"{told.told_by} sends clients of {to_text(apex)} to {_listed(strange)}"
        mend = "add the NS record to the zone, or have it removed there"
        yield warning(f"{what} too, which the zone does not name", mend)


def _judge_addresses(
    apex: Name, name: Name, own: frozenset[Address], told: Delegated
) -> Iterator[Finding]:
    """The glue of one name server, or what the resolver finds for it."""
    glue, found = told.servers[name], told.addresses.get(name)
    if not glue and is_at_or_below(name, apex) and told.is_parents_word:
        what = f"{told.told_by} has no glue for {to_text(name)}, which nobody can find without"
        yield failure(what, f"have its addresses entered there: {_listed_addresses(own)}")
    elif not glue and found is not None and not found:
        what = f"the name server {to_text(name)} of {to_text(apex)} has no address"
        yield failure(what, "add an A or AAAA record where its name is served")
    wrong = (glue or found or frozenset()) - own
    if own and wrong:
        what = f"clients find {to_text(name)} at {_listed_addresses(wrong)}, the zone has it at"
        mend = "correct the zone, or have the glue corrected in the parent"
        yield failure(f"{what} {_listed_addresses(own)}", mend)


def _known(told: Delegated) -> set[Address]:
    return {
        address
        for name, glue in told.servers.items()
        for address in (*glue, *(told.addresses.get(name) or ()))
    }


def _listed(names: Iterable[Name]) -> str:
    return ", ".join(map(to_text, sorted(names)))


def _listed_addresses(addresses: Iterable[Address]) -> str:
    return ", ".join(map(str, sorted(addresses, key=lambda each: (each.version, int(each)))))
