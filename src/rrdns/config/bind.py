"""Joins the pools as written with the addresses that the zones have for them."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from types import MappingProxyType

from rrdns.errors import Place, Problem, Severity, errors_in
from rrdns.pool.member import Member, Pool
from rrdns.zone.name import Name, to_text
from rrdns.zone.tree import (
    ADDRESS_TYPES,
    Delegation,
    FoundAny,
    Outcome,
    Redirection,
    RRset,
    RRType,
    Zone,
    find_zone,
)

from .settings import PoolSettings, Settings
from .wording import listed

MAX_TTL_S = 300  # caches keep a dead member for as long as the TTL says

RRsetPlaces = Mapping[tuple[Name, int], Place]


def bind(
    settings: Settings,
    zones: Mapping[Name, Zone],
    places: Mapping[Name, RRsetPlaces] = MappingProxyType({}),
) -> tuple[tuple[Pool, ...], tuple[Problem, ...]]:
    """The pools without an error, and the problems of all, in order.

    `places` says, by apex, where the RRsets of a zone stand in its file; warnings about an RRset
    that it lacks point to the pool.
    """
    pools: list[Pool] = []
    problems: list[Problem] = []
    for written in settings.pools:
        zone = find_zone(zones, written.owner, RRType.A)
        if zone is None:
            problems.append(_no_zone(written, zones))
            continue
        rrsets = _addresses(zone.find(written.owner, RRType.ANY), written.owner)
        pool = _pool(written, rrsets)
        found = [
            *_pool_problems(written, pool, zone),
            *_long_lived(written, rrsets, places.get(zone.apex, {})),
        ]
        problems.extend(found)
        if not errors_in(found):
            pools.append(pool)
    return tuple(pools), tuple(sorted(problems))


def _addresses(outcome: Outcome, owner: Name) -> tuple[RRset, ...]:
    """The A and AAAA RRsets of exactly this owner name, in this order."""
    match outcome:
        case FoundAny(rrsets):
            by_type = {rrset.rtype: rrset for rrset in rrsets if rrset.owner == owner}
            return tuple(by_type[rtype] for rtype in ADDRESS_TYPES if rtype in by_type)
    return ()


def _pool(written: PoolSettings, rrsets: tuple[RRset, ...]) -> Pool:
    return Pool(
        owner=written.owner,
        members=tuple(_members(written, rrsets)),
        checks=written.checks,
        require=written.require,
        policy=written.policy,
        all_down=written.all_down,
        last_good_s=written.last_good_s,
        min_up=written.min_up,
        ttl_s=max((rrset.ttl for rrset in rrsets), default=0),
        ttl_floor_s=written.ttl_floor_s,
        covered_weight=written.covered_weight,
    )


def _members(written: PoolSettings, rrsets: tuple[RRset, ...]) -> Iterator[Member]:
    for rrset in rrsets:
        for rdata in rrset.rdatas:
            address = ip_address(rdata)
            attributes = written.members.get(address)
            if attributes is None:
                yield Member(address)
            else:
                yield Member(address, attributes.name, attributes.weight, attributes.backup)


def _pool_problems(written: PoolSettings, pool: Pool, zone: Zone) -> Iterator[Problem]:
    if not pool.members:
        yield _no_addresses(written, zone)
        return
    known = [member.address for member in pool.members]
    owner = to_text(written.owner)
    for address, attributes in written.members.items():
        if address not in known:
            what = f"the zone has no address {address} at {owner}"
            mend = (
                f"it has {listed(map(str, known))}; mend or remove it here, or add it to the zone"
            )
            yield Problem(attributes.place, what, mend)
    if pool.ttl_floor_s is not None and pool.ttl_floor_s >= pool.ttl_s:
        ttl = "so is" if pool.ttl_floor_s == pool.ttl_s else f"only {pool.ttl_s} s is"
        what = f"ttl_floor is {pool.ttl_floor_s} s, and {ttl} the TTL of {owner} in the zone"
        yield Problem(written.place, what, "write less, or remove it", Severity.WARNING)
    regular = [member for member in pool.members if not member.backup]
    most = max(sum(m.address.version == version for m in regular) for version in (4, 6))
    if written.min_up > most > 0:
        what = f"min_up is {written.min_up}, but {owner} has {most} members of a family at most"
        yield Problem(written.place, what, "write a smaller min_up: every order would be refused")
    if not regular:
        what = f"all members of {owner} are backups"
        yield Problem(written.place, what, "leave at least one without 'backup: true'")


def _no_zone(written: PoolSettings, zones: Mapping[Name, Zone]) -> Problem:
    what = f"no zone holds the name {to_text(written.owner)}"
    mend = f"the zones are {listed(map(to_text, zones))}; mend the name, or add its zone to 'zones'"
    return Problem(written.place, what, mend)


def _no_addresses(written: PoolSettings, zone: Zone) -> Problem:
    """Why the zone gives this pool no member."""
    owner, apex = to_text(written.owner), to_text(zone.apex)
    what = f"zone {apex} has no A or AAAA records at {owner}"
    mend = "write them into the zone, or mend the name"
    match zone.find(written.owner, RRType.ANY):
        case Delegation(cut):
            what = f"{owner} is delegated to other name servers by the NS records of"
            what = f"{what} {to_text(cut.owner)}"
            mend = "they answer for it, so configure the pool there"
        case Redirection(dname):
            what = f"{owner} is redirected by the DNAME record of {to_text(dname.owner)}"
            mend = "name the pool for where that leads"
        case FoundAny(rrsets) if rrsets[0].owner != written.owner:
            source = to_text(rrsets[0].owner)
            what = f"{owner} exists by the wildcard {source} only"
            mend = f"name the pool {source}, or write A or AAAA records for {owner}"
        case FoundAny(rrsets):
            aliases = [rrset for rrset in rrsets if rrset.rtype == RRType.CNAME]
            if aliases:
                target = to_text(Name(aliases[0].rdatas[0]))
                what, mend = f"{owner} is an alias of {target}", f"name the pool {target}"
    return Problem(written.place, what, mend)


def _long_lived(
    written: PoolSettings, rrsets: tuple[RRset, ...], places: RRsetPlaces
) -> Iterator[Problem]:
    for rrset in rrsets:
        if rrset.ttl > MAX_TTL_S:
            place = places.get((rrset.owner, rrset.rtype), written.place)
            rtype = RRType(rrset.rtype).name
            what = f"the {rtype} records of pool {to_text(rrset.owner)} have a TTL of {rrset.ttl} s"
            mend = f"caches keep a dead address that long, so write {MAX_TTL_S} or less"
            yield Problem(place, what, mend, Severity.WARNING)
