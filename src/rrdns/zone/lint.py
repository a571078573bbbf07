"""What is wrong with a zone whose records are each well written.

An error is what makes answers wrong and what NSD or Knot refuse as well; what is only suspicious
is a warning. Nothing is called missing in a draft that is torn.
"""

from collections.abc import Iterable, Iterator

from rrdns.errors import Place

from .draft import Draft, Record
from .findings import Findings
from .mends import type_text
from .name import ROOT, WILDCARD_LABEL, Name, ancestry, is_at_or_below, labels, parent, to_text
from .tree import (
    ADDRESS_TYPES,
    Alias,
    Delegation,
    Found,
    NxDomain,
    Redirection,
    RRset,
    RRType,
    Zone,
)

_KEY, _SIG, _NXT, _RRSIG, _NSEC = 25, 24, 30, 46, 47
_BESIDE_CNAME = {RRType.CNAME, _KEY, _SIG, _NXT, _RRSIG, _NSEC}  # RFC 2181 10.1, RFC 4035 2.5
_AT_A_CUT = {RRType.NS, RRType.DS, _RRSIG, _NSEC}  # RFC 4035 section 2.6
_TARGET_OFFSET = {RRType.NS: 0, RRType.CNAME: 0, RRType.MX: 2, RRType.SRV: 6}


_SOA_MEND = "begin it with '{} SOA ns1 hostmaster 1 1h 15m 1w 5m'"


def lint(draft: Draft, rrsets: Iterable[RRset], findings: Findings, file: Place) -> None:
    """Adds what is wrong with the zone as a whole; `file` is the place of what it lacks."""
    _check_apex(draft, findings, file)
    for owner, node in draft.nodes.items():
        if RRType.CNAME in node or RRType.DNAME in node:
            _check_alias(draft, owner, findings)
    zone = Zone.of(draft.apex, _with_soa(draft.apex, rrsets))
    _check_targets(draft, zone, findings)
    _check_cut_names(draft, findings)
    _check_below_dnames(draft, findings)


def _with_soa(apex: Name, rrsets: Iterable[RRset]) -> Iterator[RRset]:
    """The RRsets, with an SOA to look things up with where there is none."""
    yield RRset(apex, RRType.SOA, 0, (bytes(22),))
    yield from (rrset for rrset in rrsets if rrset.rtype != RRType.SOA)


def _check_apex(draft: Draft, findings: Findings, file: Place) -> None:
    apex, name = draft.nodes.get(draft.apex, {}), to_text(draft.apex)
    if not draft.nodes and not draft.torn:
        findings.error(file, "there is no record in this file", _SOA_MEND.format(name))
        return
    if RRType.SOA not in apex and not draft.torn:
        findings.error(file, f"the zone {name} has no SOA record", _SOA_MEND.format(name))
    if RRType.NS not in apex and not draft.torn:
        mend = f"add '{name} NS' with the name of each name server"
        findings.error(file, f"the zone {name} has no NS record at its apex", mend)
    for owner, record in draft.records(RRType.SOA):
        if owner != draft.apex:
            what = f"{to_text(owner)} has an SOA record, which only the apex {name} has"
            findings.error(record.place, what, "remove it, or give it a zone file of its own")
        elif record.rdata != apex[RRType.SOA][0].rdata:
            what = f"the zone has several SOA records, the first at {apex[RRType.SOA][0].place}"
            findings.error(record.place, what, "keep one of them")
        if record.rdata is not None and b"@" in _mailbox(record.rdata):
            what = "the mail address of the SOA record has an '@'"
            findings.warning(record.place, what, "write a dot in its place")


def _mailbox(soa: bytes) -> bytes:
    """RNAME, which follows MNAME (RFC 1035 section 3.3.13)."""
    position = 0
    while soa[position]:
        position += 1 + soa[position]
    return soa[position + 1 : -20]


# Aliases


def _check_alias(draft: Draft, owner: Name, findings: Findings) -> None:
    node = draft.nodes[owner]
    name = to_text(owner)
    for alias in (RRType.CNAME, RRType.DNAME):
        records = node.get(alias, [])
        for other in records[1:]:
            if other.rdata != records[0].rdata:
                what = f"{name} has several {alias.name} records, the first at {records[0].place}"
                findings.error(other.place, what, "keep one of them")
    if RRType.CNAME in node:
        for rtype in node.keys() - _BESIDE_CNAME:
            what = f"{name} has a CNAME record, and {type_text(rtype)} beside it"
            mend = "keep either the CNAME or the other data"
            findings.error(node[rtype][0].place, what, mend)
    elif RRType.NS in node and owner != draft.apex:
        what = f"{name} has a DNAME record, and NS beside it"
        mend = "keep the DNAME or the delegation (RFC 6672 section 2.3)"
        findings.error(node[RRType.NS][0].place, what, mend)


def _check_below_dnames(draft: Draft, findings: Findings) -> None:
    dnames = {owner for owner, _ in draft.records(RRType.DNAME)}
    for owner, above in _below(draft, dnames):
        what = f"{to_text(owner)} is below the DNAME record at {to_text(above)}, which replaces it"
        mend = "remove it, or the DNAME (RFC 6672 section 2.4)"
        findings.error(_first(draft, owner).place, what, mend)


# What records point to


def _check_targets(draft: Draft, zone: Zone, findings: Findings) -> None:
    for rtype in _TARGET_OFFSET:
        for owner, record in draft.records(rtype):
            target = _target(rtype, record)
            if target is None or target == ROOT or not is_at_or_below(target, zone.apex):
                continue
            if _is_address(target):
                what = f"the {rtype.name} record points to a name that looks like an address"
                mend = "give the address a name with an A or AAAA record, and point to that"
                findings.warning(record.place, f"{what}, {to_text(target)}", mend)
            elif rtype == RRType.CNAME:
                _check_cname(draft, zone, target, record, findings)
            elif owner == zone.apex or not zone.is_below_cut(parent(owner)):
                _check_host(draft, zone, owner, rtype, target, record, findings)


def _target(rtype: RRType, record: Record) -> Name | None:
    return None if record.rdata is None else Name(record.rdata[_TARGET_OFFSET[rtype] :])


def _is_address(target: Name) -> bool:
    numbers = [label for label in labels(target)[:4] if label.isdigit() and int(label) < 256]
    return len(numbers) == 4


def _check_cname(
    draft: Draft, zone: Zone, target: Name, record: Record, findings: Findings
) -> None:
    """Warns of a CNAME that leads nowhere; so does NXDOMAIN, which may be meant."""
    seen: set[Name] = set()
    name = target
    while name not in seen and is_at_or_below(name, zone.apex):
        seen.add(name)
        outcome = zone.find(name, RRType.A)
        if isinstance(outcome, NxDomain) and not draft.torn:
            what = f"the CNAME record leads to {to_text(name)}, which does not exist"
            findings.warning(record.place, what, _MISSING_TARGET_MEND)
        if not isinstance(outcome, Alias) or not outcome.rrset.rdatas:
            return
        name = Name(outcome.rrset.rdatas[0])
    if name in seen:
        what = f"the CNAME record leads in a circle through {to_text(name)}"
        findings.warning(record.place, what, "let it end at a name with data")


_MISSING_TARGET_MEND = "add it, correct it, or end it with a dot if it is a name elsewhere"


def _check_host(
    draft: Draft,
    zone: Zone,
    owner: Name,
    rtype: RRType,
    target: Name,
    record: Record,
    findings: Findings,
) -> None:
    """A host that NS, MX or SRV names must have an address here, and not be an alias."""
    say = findings.error if rtype == RRType.NS and not _is_wildcard(owner) else findings.warning
    pointer = f"the {rtype.name} record points to {to_text(target)}"
    at_cut = rtype == RRType.NS and owner != zone.apex
    if at_cut and is_at_or_below(target, owner):
        if not draft.torn and not any(zone.rrset(target, kind) for kind in ADDRESS_TYPES):
            mend = "add an A or AAAA record for that name (RFC 9471)"
            say(record.place, f"{pointer}, which has no glue address", mend)
        return
    outcomes = [zone.find(target, kind) for kind in ADDRESS_TYPES]
    if any(isinstance(outcome, Found | Delegation) for outcome in outcomes):
        return
    if any(isinstance(outcome, Alias | Redirection) for outcome in outcomes):
        mend = "point to the name that has the addresses (RFC 2181 section 10.3)"
        say(record.place, f"{pointer}, which is an alias", mend)
    elif not draft.torn:
        missing = "does not exist" if isinstance(outcomes[0], NxDomain) else "has no address here"
        say(record.place, f"{pointer}, which {missing}", _MISSING_TARGET_MEND)


# Zone cuts


def _check_cut_names(draft: Draft, findings: Findings) -> None:
    """Warns of data that a delegation hides, glue excepted, and of wildcard delegations."""
    cuts = {owner for owner, _ in draft.records(RRType.NS) if owner != draft.apex}
    servers = {_target(RRType.NS, record) for _, record in draft.records(RRType.NS)}
    for cut in cuts:
        node = draft.nodes[cut]
        if _is_wildcard(cut):
            what = f"{to_text(cut)} is a wildcard and has NS records"
            mend = "delegate each name (RFC 4592 section 4.2)"
            findings.warning(node[RRType.NS][0].place, what, mend)
        for rtype in node.keys() - _AT_A_CUT - {RRType.CNAME, RRType.DNAME}:
            if rtype not in ADDRESS_TYPES or cut not in servers:
                _warn_of_hidden(node[rtype][0], cut, cut, type_text(rtype), findings)
    for owner, cut in _below(draft, cuts):
        for rtype, records in draft.nodes[owner].items():
            if rtype not in ADDRESS_TYPES or owner not in servers:
                _warn_of_hidden(records[0], owner, cut, type_text(rtype), findings)


def _warn_of_hidden(
    record: Record, owner: Name, cut: Name, rtype_text: str, findings: Findings
) -> None:
    what = f"{to_text(owner)} {rtype_text} is never answered, as {to_text(cut)} is delegated"
    findings.warning(record.place, what, "put it into the delegated zone")


def _below(draft: Draft, tops: set[Name]) -> Iterator[tuple[Name, Name]]:
    """Every owner name strictly below one of `tops`, with the nearest such."""
    if not tops:
        return
    for owner in draft.nodes:
        if owner == draft.apex:
            continue
        for ancestor in ancestry(parent(owner)):
            if ancestor in tops:
                yield owner, ancestor
            if ancestor in tops or ancestor == draft.apex:
                break


def _first(draft: Draft, owner: Name) -> Record:
    return min((records[0] for records in draft.nodes[owner].values()), key=lambda r: r.place)


def _is_wildcard(name: Name) -> bool:
    return name.startswith(WILDCARD_LABEL)
