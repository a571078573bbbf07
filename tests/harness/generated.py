"""Worlds and questions that nobody would think of: what property tests draw from.

The names are made of few labels, so that owners, targets, wildcards, cuts and questions meet.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from hypothesis import strategies as st

from rrdns.answer.reference import Transport
from rrdns.answer.sharded import Sharded
from rrdns.answer.snapshot import RRKey, Snapshot
from rrdns.config.settings import Identity
from rrdns.pool.member import Order, Policy
from rrdns.pool.turns import InfoCode, Note, Turns, turns_of
from rrdns.zone.name import WILDCARD_LABEL, Name, from_text, parent, wildcard_of
from rrdns.zone.tree import ADDRESS_TYPES, Node, RRset, RRType, Zone

from .names import from_labels

APEX = from_text("z.example")
CHILD_APEX = from_text("b.z.example")
OUTSIDE = from_text("host.elsewhere.test")
LABELS = (b"a", b"b", b"*", b"ns", b"_s")
ODD_LABELS = (b"a\0b", b"l" * 63)
OPTION_COOKIE = 10
TYPE_TXT = 16
TYPE_UNKNOWN = 65280
QTYPES = (*RRType, TYPE_TXT, TYPE_UNKNOWN, 0, 41, 249, 251, 252, 253, 65535)

_labels = st.lists(st.sampled_from(LABELS), max_size=3)
_some_labels = st.lists(st.sampled_from((*LABELS, b"c", b"dd")), min_size=1, max_size=2)
_any_labels = st.lists(st.sampled_from((*LABELS * 8, *ODD_LABELS)), max_size=4)
_ttls = st.sampled_from((0, 60, 3600))


_TTLS_AND_NOTES = (
    *((None, None),) * 3,
    *((0, None), (30, None), (86400, None)),
    (None, Note(InfoCode.OTHER, "no member is up")),
    (30, Note(InfoCode.STALE_ANSWER, "\N{SNOWMAN}" * 100)),
    (0, Note(InfoCode.STALE_ANSWER, "")),
)


def below(apex: Name) -> st.SearchStrategy[Name]:
    """Names at or below `apex`."""
    return _labels.map(lambda labels: from_labels(labels, apex))


_targets = st.one_of(below(APEX), st.just(OUTSIDE))
_few_addresses = st.lists(st.integers(1, 6), min_size=1, max_size=5, unique=True)
_many_addresses = st.sampled_from((40, 90)).map(range)  # beyond plain UDP, and beyond any
_addresses = st.one_of(_few_addresses, _few_addresses, _few_addresses, _many_addresses)

_RDATAS: dict[int, st.SearchStrategy[tuple[bytes, ...]]] = {
    RRType.A: _addresses.map(lambda last: tuple(bytes((192, 0, 2, at)) for at in last)),
    RRType.AAAA: _addresses.map(lambda last: tuple(bytes(15) + bytes((at,)) for at in last)),
    RRType.NS: st.lists(_targets, min_size=1, max_size=3, unique=True).map(tuple),
    RRType.PTR: st.lists(_targets, min_size=1, max_size=2, unique=True).map(tuple),
    RRType.CNAME: _targets.map(lambda target: (target,)),
    RRType.DNAME: _targets.map(lambda target: (target,)),
    RRType.MX: st.lists(_targets, min_size=1, max_size=3, unique=True).map(
        lambda targets: tuple(b"\0\x0a" + target for target in targets)
    ),
    RRType.SRV: st.lists(_targets, min_size=1, max_size=2, unique=True).map(
        lambda targets: tuple(bytes(6) + target for target in targets)
    ),
    RRType.DS: st.just((bytes(36),)),
    TYPE_TXT: st.integers(1, 40).map(
        lambda count: tuple(bytes((60, at)) + b"t" * 59 for at in range(count))
    ),
    TYPE_UNKNOWN: st.just((b"\xc0\x0c", b"")),
}


@st.composite
def nodes(draw: st.DrawFn, owner: Name) -> list[RRset]:
    """The RRsets of one name: an alias alone, or a few other types."""
    if draw(st.integers(0, 4)) == 0:
        types = [int(RRType.CNAME)]
    else:
        others = [rtype for rtype in _RDATAS if rtype != RRType.CNAME]
        types = draw(st.lists(st.sampled_from(others), max_size=3, unique=True))
    return [RRset(owner, rtype, draw(_ttls), draw(_RDATAS[rtype])) for rtype in types]


@st.composite
def zones(draw: st.DrawFn, apex: Name) -> Zone:
    """A zone with up to a dozen names below its apex, and wildcards; the names of its SOA are to be
    found anywhere, or nowhere."""
    names = st.one_of(below(apex), _targets)
    times = struct.pack("!5I", 1, 7200, 900, 1209600, draw(st.sampled_from((0, 300))))
    rrsets = [
        RRset(apex, RRType.SOA, 3600, (draw(names) + draw(names) + times,)),
        RRset(apex, RRType.NS, 3600, (draw(names),)),
        RRset(apex, RRType.A, 60, draw(_RDATAS[RRType.A])),
    ]
    wildcards = draw(st.lists(below(apex).map(wildcard_of), max_size=2))
    owners = draw(st.lists(below(apex), max_size=10))
    for owner in dict.fromkeys((*owners, *wildcards)):
        if owner != apex:
            rrsets += draw(nodes(owner))
    return Zone.of(apex, rrsets)


@st.composite
def turns(draw: st.DrawFn, rrset: RRset) -> Turns:
    """Turns of some of the addresses of `rrset`, perhaps of all or none, under any policy."""
    order = draw(st.sampled_from(Order))
    policy = Policy(order, draw(st.integers(1, 3)), draw(st.sampled_from((None, 1, 2))))
    some = st.lists(st.sampled_from(rrset.rdatas), unique=True)
    rdatas = draw(st.one_of(some, st.just(list(rrset.rdatas))))
    weights = draw(st.lists(st.integers(1, 4), min_size=len(rdatas), max_size=len(rdatas)))
    ttl, note = draw(st.sampled_from(_TTLS_AND_NOTES))
    return replace(turns_of(rdatas, policy, Random(0), weights), ttl=ttl, note=note)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """One zone or two, one below the other, and turns for some of their addresses."""
    found = {APEX: draw(zones(APEX))}
    if draw(st.booleans()):
        found[CHILD_APEX] = draw(zones(CHILD_APEX))
    drawn = {
        key: draw(turns(rrset))
        for zone in found.values()
        for key, rrset in address_rrsets(zone).items()
        if len(rrset.rdatas) > 1 or draw(st.booleans())
    }
    identity = draw(st.sampled_from((Identity(), Identity("v", "h", "n"))))
    return Snapshot(found, Sharded(drawn), identity)


@st.composite
def changes(draw: st.DrawFn, snapshot: Snapshot) -> Snapshot:
    """`snapshot` with other turns for some of its RRsets."""
    if not snapshot.turns:
        return snapshot
    changed = draw(st.lists(st.sampled_from(sorted(snapshot.turns)), unique=True))
    rrsets = {k: v for zone in snapshot.zones.values() for k, v in address_rrsets(zone).items()}
    renewed = {key: draw(turns(rrsets[key])) for key in changed}
    return replace(snapshot, turns=snapshot.turns.updated(renewed))


def address_rrsets(zone: Zone) -> dict[RRKey, RRset]:
    """The A and AAAA RRsets of `zone`."""
    return {
        (owner, rtype): node[rtype]
        for owner, node in zone.nodes.items()
        for rtype in ADDRESS_TYPES
        if rtype in node
    }


@dataclass(frozen=True, slots=True)
class Asked:
    """A packet, and what carries it."""

    packet: bytes
    transport: Transport


_cookies = st.tuples(
    st.just(OPTION_COOKIE), st.sampled_from((8,) * 15 + (16, 24, 24, 24, 40, 7, 12)).map(bytes)
)
_other_options = st.tuples(
    st.sampled_from((3, 3, 8, 11, 12, 65001)),
    st.one_of(st.binary(max_size=8), st.sampled_from((bytes(480), bytes(700)))),
)
_option = st.one_of(_cookies, _other_options).map(
    lambda option: struct.pack("!HH", option[0], len(option[1])) + option[1]
)


@st.composite
def opts(draw: st.DrawFn) -> bytes:
    """An OPT record, mostly well-formed."""
    payload = draw(st.sampled_from((0, 512, 600, 800, 1232, 4096, 65535)))
    ttl = draw(st.sampled_from((0,) * 40 + (0x8000,) * 20 + (0x4000, 0x10000, 0x1FF8000)))
    data = b"".join(draw(st.lists(_option, max_size=2)))
    return b"\0" + struct.pack("!HHIH", 41, payload, ttl, len(data)) + data


def _as_it_is(name: bytes) -> bytes:
    return name


def _upper_case(name: bytes) -> bytes:
    """`name` in capitals; the octets of length, 63 at most, are no letters."""
    return name.upper()


_SPELLINGS: tuple[Callable[[bytes], bytes], ...] = (_as_it_is, _as_it_is, _upper_case)


@st.composite
def questions(draw: st.DrawFn, snapshot: Snapshot) -> bytes:
    """A question for what exists, for a name that does, for one below, or for one like theirs, in
    any letter case."""
    rrsets = [(owner, rtype) for owner, node in nodes_of(snapshot) for rtype in node]
    owners = [owner for owner, _ in nodes_of(snapshot)]
    below_wildcards = [
        (parent(owner), rtype) for owner, rtype in rrsets if owner.startswith(WILDCARD_LABEL)
    ]
    names = st.sampled_from(owners)
    below_theirs = st.tuples(_some_labels, names).map(lambda name: from_labels(*name))
    elsewhere = st.sampled_from((APEX, CHILD_APEX, OUTSIDE))
    like_theirs = st.tuples(_any_labels, elsewhere).map(lambda name: from_labels(*name))
    rtypes = st.one_of(st.sampled_from((1, 28)), st.sampled_from(QTYPES))
    of_any_type = st.tuples(st.one_of(names, below_theirs, like_theirs), rtypes)
    some = [st.sampled_from(rrsets), of_any_type, of_any_type]
    if below_wildcards:
        some.append(
            st.tuples(_some_labels, st.sampled_from(below_wildcards)).map(
                lambda drawn: (from_labels(drawn[0], drawn[1][0]), drawn[1][1])
            )
        )
    qname, qtype = draw(st.one_of(some))
    spelling: Callable[[bytes], bytes] = draw(st.sampled_from(_SPELLINGS))
    qclass = draw(st.sampled_from((1,) * 98 + (3, 255)))
    return spelling(qname) + struct.pack("!HH", qtype, qclass)


@st.composite
def queries(draw: st.DrawFn, snapshot: Snapshot) -> Asked:
    """A well-formed query over either transport."""
    flags = draw(st.sampled_from((0, 0, 0x0100, 0x0100, 0x0110, 0x07F0)))
    additional = draw(st.one_of(st.just(b""), opts()))
    header = struct.pack("!6H", draw(st.integers(0, 0xFFFF)), flags, 1, 0, 0, bool(additional))
    packet = header + draw(questions(snapshot)) + additional
    return Asked(packet, draw(st.sampled_from(Transport)))


@st.composite
def mutations(draw: st.DrawFn, packet: bytes) -> bytes:
    """`packet` with some octets changed, cut off, or added."""
    spoilt = bytearray(packet)
    for at in draw(st.lists(st.integers(0, len(packet) - 1), max_size=4)):
        spoilt[at] ^= 1 << draw(st.integers(0, 7))
    cut = draw(st.one_of(st.just(len(spoilt)), st.integers(0, len(spoilt))))
    return bytes(spoilt[:cut]) + draw(st.one_of(st.just(b""), st.binary(max_size=20)))


def nodes_of(snapshot: Snapshot) -> list[tuple[Name, Node]]:
    """Every name that exists in the zones, and what it has there."""
    return [node for zone in snapshot.zones.values() for node in zone.nodes.items()]
