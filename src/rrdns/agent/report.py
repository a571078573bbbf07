"""What the agent says of itself: JSON, for name servers and commands."""

import time

from rrdns import __version__
from rrdns.status.agreed import Report, time_text

from .agent import Agent
from .sentry import Sentry


def report(agent: Agent) -> Report:
    """The whole report, as of now."""
    plan, senses = agent.plan, agent.senses
    return {
        "host": plan.here.name,
        "version": __version__,
        "dry_run": agent.dry_run,
        "uptime_s": round(max(0.0, time.time() - agent.started_at), 1),
        "interface": plan.here.interface,
        "unfit": senses.unfit,
        "cut_off": senses.cut_off,
        "witnesses": {
            str(address): {
                "state": health.verdict.state,
                "reason": health.last.reason if health.last else None,
            }
            for address, health in senses.witnesses.items()
        },
        "agents": {host: round(ago_s, 1) for host, ago_s in senses.agents().items()},
        "differences": {host: list(told) for host, told in senses.differences.items() if told},
        "vips": {str(address): vip_report(agent.sentries[address]) for address in agent.sentries},
    }


def vip_report(sentry: Sentry) -> Report:
    """One address, as far as this host has to do with it."""
    post, rivals = sentry.post, sentry.contested()
    return {
        "owner": sentry.vip.owner.name,
        "candidates": [host.name for host in sentry.vip.candidates],
        "rank": post.rank,
        "state": post.state,
        "reason": post.reason,
        "since": time_text(sentry.since),
        "holds": sentry.holds,
        "order": sentry.order,
        "contested": ", ".join(rivals) or None,
        "takeovers": sentry.flaps,
    }
