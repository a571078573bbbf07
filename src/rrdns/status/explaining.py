"""Why a question is answered as it is: the report behind `rrdns explain` and `GET /explain`."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from rrdns.answer.explain import Explanation, Outcome, explain
from rrdns.answer.reference import Transport
from rrdns.health.check import Address
from rrdns.health.verdict import State
from rrdns.pool.cover import CoverState
from rrdns.pool.duty import Duty
from rrdns.zone import name as names
from rrdns.zone.presentation import rrset_lines, type_from_text, type_text

from .agreed import Report
from .observed import Observed
from .pools import PoolReports
from .text import WIDTH, cover_text, pool_lines, printable


def explanation(observed: Observed, name: str, rtype: str = "A", client: str = "") -> Report:
    """What a question would be answered now, and why. ValueError says what is wrong with it.

    No turn is taken by asking. `client` is an address; it makes no difference to the answer.
    """
    qname, qtype = names.from_text(name), type_from_text(rtype)
    asker: Address | None = ip_address(client) if client else None
    publisher = observed.steward.publisher
    found = explain(
        publisher.publication.edition.snapshot, publisher.cursors, qname, qtype, Transport.UDP
    )
    reports = PoolReports(observed, recent=True)
    answer = found.answer
    return {
        "question": {"name": names.to_text(qname), "type": type_text(qtype)},
        "client": str(asker) if asker else None,
        "zone": names.to_text(found.zone) if found.zone is not None else None,
        "outcome": found.outcome,
        "way": [
            {
                "name": names.to_text(step.name),
                "wildcard": names.to_text(step.wildcard) if step.wildcard else None,
            }
            for step in found.way
        ],
        "rcode": answer.rcode.name,
        "answer": [line for rrset in answer.answer for line in rrset_lines(rrset)],
        "authority": [line for rrset in answer.authority for line in rrset_lines(rrset)],
        "ttl": found.ttl,
        "turn": _turn_report(found),
        "note": answer.note.text if answer.note else None,
        "truncated": found.is_truncated,
        "octets": len(found.reply),
        "pools": {
            names.to_text(pool.owner): {
                "order": pool.policy.order,
                "require": pool.require,
                **reports.of(pool),
            }
            for pool in observed.loaded.pools
            if any(owner == pool.owner for owner, _ in answer.touched)
        },
    }


def render_explanation(report: Report, width: int = WIDTH) -> str:
    """An explanation as lines that a person reads in a terminal."""
    return "\n".join(map(printable, _lines(report, width))) + "\n"


def _turn_report(found: Explanation) -> Report | None:
    turn = found.turn
    if turn is None:
        return None
    owner, rtype = turn.key
    return {
        "name": names.to_text(owner),
        "type": type_text(rtype),
        "number": None if turn.number is None else turn.number + 1,
        "turns": turn.turns,
    }


def _lines(report: Report, width: int) -> Iterator[str]:
    question = report["question"]
    yield f"{question['name']} {question['type']}: {report['rcode']}, {_outcome(report)}"
    for line in (*report["answer"], *report["authority"]):
        yield f"  {line}"
    yield ""
    yield from _way(report["way"])
    yield from _reply(report)
    for name, pool in report["pools"].items():
        yield ""
        yield from pool_lines(name, pool, width)
        yield f"order {pool['order']}, {pool['require']} of a member's checks must pass"
        yield from _covers(pool["members"])


def _covers(members: list[Report]) -> Iterator[str]:
    """What it means for members that another host has their addresses."""
    for member in members:
        cover = member["cover"]
        if cover is None or not CoverState(cover["state"]).gives_way:
            continue
        consequence = _consequence(member)
        if consequence:
            name = f" ({member['name']})" if member["name"] else ""
            reason = f" ({cover['reason']})" if cover["reason"] else ""
            why = f"{cover_text(cover)}{reason}; it is the address of {cover['owner']}"
            yield f"{member['address']}{name} is {consequence}: {why}"


def _consequence(member: Report) -> str:
    """What comes of it that `member` gives way to others; empty where it would be left out without
    that."""
    if member["in_rotation"]:
        weight = member["cover"]["weight"]
        return "handed out all the same" if weight is None else f"handed out with weight {weight}"
    is_ready = member["duty"]["order"] == Duty.READY and not member["backup"]
    return "left out, as others may serve" if is_ready and member["state"] != State.DOWN else ""


def _way(way: list[Report]) -> Iterator[str]:
    """How the name asked led to the records."""
    for before, step in zip([None, *way], way, strict=False):
        if before is not None:
            yield f"{before['name']} is an alias of {step['name']}"
        if step["wildcard"]:
            yield f"{step['name']} does not exist; the wildcard {step['wildcard']} answers for it"


def _reply(report: Report) -> Iterator[str]:
    """What is to be known of the reply beside its records."""
    turn = report["turn"]
    if turn is not None:
        which = "drawn" if turn["number"] is None else f"{turn['number']} of {turn['turns']}"
        yield f"turn of {turn['name']} {turn['type']}: {which}; the next query takes it, not this"
    if report["ttl"] is not None:
        yield f"caches may keep it for {report['ttl']} s{_shrunk(report)}"
    if report["note"]:
        yield f"clients with EDNS are told: {report['note']}"
    if report["truncated"]:
        yield "it does not fit into a datagram: the client is told to come by TCP"
    if report["client"]:
        yield f"{report['client']} is answered as everybody else is"


def _shrunk(report: Report) -> str:
    """Why the TTL is less than the zone has, where a pool has shrunk it."""
    rtype = report["question"]["type"]
    families = [
        pool["families"][rtype] for pool in report["pools"].values() if rtype in pool["families"]
    ]
    full = [family["ttl_full"] for family in families if family["ttl"] < family["ttl_full"]]
    return f", and {min(full)} s once all has been well for a while" if full else ""


def _outcome(report: dict[str, Any]) -> str:
    where = f"zone {report['zone']}" if report["zone"] else "no zone of this server has that name"
    if report["outcome"] == Outcome.REFUSED and report["zone"]:
        return f"zone {report['zone']} does not answer that"
    return where if report["outcome"] == Outcome.REFUSED else f"{report['outcome']} in {where}"
