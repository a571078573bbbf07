"""What the report says of takeover: which agents tell, and who has which address."""

from rrdns.health.check import Address
from rrdns.pool.cover import Agent, Cover, Covers

from .agreed import Report, time_or_none, time_text


def takeover_report(covers: Covers) -> Report | None:
    """All there is to say; None where no agent is asked."""
    agents = covers.agents
    if not agents:
        return None
    return {
        "agents": [
            _agent_report(url, agent, tells=url not in covers.silent)
            for url, agent in agents.items()
        ],
        "vips": {
            str(address): cover_report(cover)
            for address, cover in sorted(covers.known.items(), key=_in_order)
        },
    }


def cover_report(cover: Cover) -> Report:
    """Who has one address."""
    return {
        "state": cover.state,
        "owner": cover.owner,
        "by": cover.by,
        "reason": cover.reason,
        "since": time_text(cover.since),
    }


def _agent_report(url: str, agent: Agent, *, tells: bool) -> Report:
    """`tells` is whether what it has said is still good; nobody has been asked before that."""
    asked = agent.at is not None or agent.problem is not None
    return {
        "url": url,
        "host": agent.word.host if agent.word is not None else None,
        "tells": tells if asked else None,
        "problem": agent.problem,
        "at": time_or_none(agent.at),
    }


def _in_order(known: tuple[Address, Cover]) -> tuple[int, bytes]:
    address, _ = known
    return address.version, address.packed
