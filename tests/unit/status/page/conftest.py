"""Views as `status/view.py` makes them, of servers that do not run."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

View = dict[str, Any]
MakeView = Callable[..., View]

AT = "2026-01-01T00:00:00.000Z"
POOL = "www.linux.example."

MEMBER: View = {
    "address": "192.0.2.1",
    "name": "marconi",
    "backup": False,
    "state": "up",
    "suspect": False,
    "restored": False,
    "since": AT,
    "duty": {"order": "ready", "since": None, "until": None, "reason": None, "safe_at": None},
    "drill_until": None,
    "cover": None,
    "checks": [
        {
            "name": "web",
            "outcome": "pass",
            "reason": "200 OK in 1.2 ms",
            "at": AT,
            "elapsed_ms": 1.2,
            "rise_needed": 2,
            "recent": [[1_767_225_600_000, "pass", 1.2]],
        }
    ],
    "in_rotation": True,
    "first_share": 0.5,
}
INCIDENT: View = {
    "pool": POOL,
    "member": "192.0.2.1",
    "name": "marconi",
    "drill": False,
    "reason": "web: connection refused (2 of 2)",
    "last_pass": AT,
    "first_failure": AT,
    "down_at": AT,
    "left_at": AT,
    "safe_at": AT,
    "up_at": "2026-01-01T00:01:05.000Z",
    "measured_s": 61.5,
    "budget_s": 63.5,
}


COVER: View = {
    "state": "covered",
    "owner": "marconi",
    "by": "hertz",
    "reason": "owner does not answer",
    "since": AT,
    "weight": None,
}


def member(**other: Any) -> View:
    """A member on which all is well, but for `other`."""
    return copy.deepcopy(MEMBER) | other


def pool(*members: View, **other: Any) -> View:
    """A pool that hands out those of `members` that say so."""
    addresses = [each["address"] for each in members if each["in_rotation"]]
    family = {"ttl": 60, "ttl_full": 60, "in_rotation": addresses, "fallback": None}
    return {
        "ttl": 60,
        "in_rotation": addresses,
        "fallback": None,
        "min_up": 1,
        "budget_s": 63.5,
        "families": {"A": family},
        "members": list(members),
        **other,
    }


@pytest.fixture
def make_view() -> MakeView:
    """Makes views in which all is well, but for what is given."""

    def make(**other: Any) -> View:
        pools = other.setdefault("pools", {POOL: pool(member())})
        return {
            "version": "0.1.0",
            "pid": 4711,
            "ready": True,
            "player": "c",
            "uptime_s": 12.3,
            "reload": {"begun": 0, "accepted": 0, "rejected": 0, "last_at": None, "problems": []},
            "state": {
                "file": None,
                "saved_at": None,
                "restored_from": None,
                "problem": None,
                "lost": None,
            },
            "vantage": None,
            "takeover": None,
            "warnings": [],
            "zones": {
                "linux.example.": {
                    "serial": 7,
                    "file": "linux.example.zone",
                    "loaded_at": AT,
                    "problems": [],
                }
            },
            "incidents_open": 0,
            "at": AT,
            "started_at": AT,
            "wanted": "",
            "mood": {"level": "well", "word": "all well", "text": "All is well"},
            "totals": {
                "pools": len(pools),
                "matching": len(pools),
                "members": 1,
                "up": 1,
                "down": 0,
                "unknown": 0,
                "covered": 0,
                "contested": 0,
                "ordered": 0,
            },
            "hidden": {"pools": 0, "calm": True},
            "incidents": [],
        } | other

    return make
