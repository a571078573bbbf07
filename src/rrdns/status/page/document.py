"""The live view as HTML: one rendering for the page as it is loaded and for what is new later.

All names and reasons come from strangers. Jinja escapes them; nothing is marked as safe here but
the fragments that Jinja made, and our own style and script.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from itertools import islice
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from rrdns.pool.cover import CoverState
from rrdns.status.agreed import Report
from rrdns.status.text import (
    cautions,
    contested,
    cover_text,
    duration_text,
    moment_text,
    silent_agents,
)
from rrdns.status.view import Level

from . import strip

FEW_POOLS = 12  # are all unfolded, and need no search
MOST_MEMBERS = 64  # of one pool; each is some 3 KB of HTML
MOST_ZONES = 50
MOST_PROBLEMS = 30  # of one kind

SHAPES = {
    Level.WELL: '<circle cx="8" cy="8" r="7" fill="#2e8b57"/>',
    Level.DOUBT: '<path d="M8 1l7.5 14H.5z" fill="#c77700"/>',
    Level.DOWN: '<path d="M1 1h14v14H1z" fill="#c62828"/>'
    '<path d="M4.5 4.5l7 7m0-7l-7 7" stroke="#fff" stroke-width="2"/>',
}


@dataclass(frozen=True, slots=True)
class Frame:
    """All that changes on the page: HTML by the id of its element; `pools` are ids, in order."""

    at: str
    title: str
    icon: str
    pools: tuple[str, ...]
    fragments: dict[str, str]


class Renderer:
    """Draws views. Of pools that have not changed since the last frames it keeps the HTML."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FunctionLoader(_source),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "clock": moment_text,
            "strip": strip.draw,
            "percent": _percent,
            "seconds": _seconds,
            "lasted": _lasted,
            "passes_needed": _passes_needed,
            "cover": cover_text,
        }
        self._environment.globals["strip_width"] = strip.WIDTH
        self._environment.globals["strip_size"] = f"{strip.WIDTH} {strip.HEIGHT}"
        self._style, self._script = _source("style.css"), _source("live.js")
        self.digest = _digest(self._style + self._script)
        self._drawn: dict[str, tuple[Report, str]] = {}

    @property
    def policy(self) -> str:
        """The Content-Security-Policy: our own style and script, and nothing else that runs."""
        return "; ".join(
            (
                "default-src 'none'",
                f"style-src 'sha256-{_digest(self._style)}'",
                f"script-src 'sha256-{_digest(self._script)}'",
                "connect-src 'self'",
                "img-src data:",
                "form-action 'self'",
                "base-uri 'none'",
                "frame-ancestors 'none'",
            )
        )

    def document(self, view: Report) -> str:
        """The whole page."""
        frame = self._frame(view, {})
        fragments = {id_: Markup(html) for id_, html in frame.fragments.items()}  # noqa: S704
        return self._environment.get_template("page.html").render(
            frame={"title": frame.title, "icon": frame.icon, "pools": frame.pools}
            | {"fragments": fragments},
            now=view["at"],
            wanted=view["wanted"],
            many=view["wanted"] or view["totals"]["pools"] > FEW_POOLS,
            digest=self.digest,
            style=Markup(self._style),  # noqa: S704
            script=Markup(self._script),  # noqa: S704
        )

    def frames(self, views: dict[str, Report]) -> dict[str, Frame]:
        """The frame of each view. What has not changed is the very same text as the last time."""
        drawn: dict[str, tuple[Report, str]] = {}
        frames = {wanted: self._frame(view, drawn) for wanted, view in views.items()}
        self._drawn = drawn
        return frames

    def _frame(self, view: Report, drawn: dict[str, tuple[Report, str]]) -> Frame:
        """The frame of `view`; notes in `drawn` which pools it has, and how they look."""
        mood = view["mood"]
        pools = {f"pool:{name}": (name, pool) for name, pool in view["pools"].items()}
        unfold = len(pools) <= FEW_POOLS
        for id_, (name, pool) in pools.items():
            known = drawn.get(id_, self._drawn.get(id_))
            shown = {"pool": pool, "unfold": unfold}
            if known is None or known[0] != shown:
                known = shown, self._pool(id_, name, pool, unfold=unfold)
            drawn[id_] = known
        zones = view["zones"]
        return Frame(
            at=view["at"],
            title=f"{mood['word']} - rrdns",
            icon=_icon(mood["level"]),
            pools=tuple(pools),
            fragments={
                "summary": self._render("summary", view),
                "alerts": self._render(
                    "alerts",
                    view,
                    cautions=cautions(view),
                    contested=contested(view["takeover"]),
                    silent_agents=silent_agents(view["takeover"]),
                    most_problems=MOST_PROBLEMS,
                ),
                "more": self._render("more", view),
                "incidents": self._render("incidents", view),
                "zones": self._render(
                    "zones",
                    zones=list(islice(zones.items(), MOST_ZONES)),
                    hidden=max(0, len(zones) - MOST_ZONES),
                ),
                "about": self._render("about", view),
                **{id_: drawn[id_][1] for id_ in pools},
            },
        )

    def _pool(self, id_: str, name: str, pool: Report, *, unfold: bool) -> str:
        level = _level(pool)
        members = pool["members"]
        if len(members) > MOST_MEMBERS:
            members = sorted(members, key=_is_well)[:MOST_MEMBERS]
        return self._render(
            "pool",
            id=id_,
            name=name,
            pool=pool,
            level=level,
            members=members,
            hidden=len(pool["members"]) - len(members),
            full_ttl=min((f["ttl_full"] for f in pool["families"].values()), default=None),
            is_open=unfold or level is not Level.WELL,
        )

    def _render(self, name: str, /, *views: Report, **more: Any) -> str:
        return self._environment.get_template(f"{name}.html").render(*views, **more).strip()


def _level(pool: Report) -> Level:
    """How a pool is doing. Who is under maintenance is no trouble."""
    members = [member for member in pool["members"] if member["duty"]["order"] != "maint"]
    down = any(member["state"] == "down" for member in members)
    unknown = any(member["state"] == "unknown" and member["checks"] for member in members)
    covers = {member["cover"]["state"] for member in members if member["cover"]}
    if pool["fallback"] or CoverState.CONTESTED in covers:
        return Level.DOWN
    return Level.DOUBT if down or unknown or CoverState.COVERED in covers else Level.WELL


def _is_well(member: Report) -> bool:
    """Whether there is no trouble with a member, by its checks and its address."""
    cover = member["cover"]
    return member["state"] == "up" and not (cover and CoverState(cover["state"]).gives_way)


def _icon(level: str) -> str:
    shape = SHAPES[Level(level)]
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">{shape}</svg>'
    return f"data:image/svg+xml,{quote(svg)}"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _seconds(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds < 100 else duration_text(seconds)


def _lasted(incident: Report) -> str:
    down, up = (datetime.fromisoformat(incident[key]) for key in ("down_at", "up_at"))
    return duration_text((up - down).total_seconds())


def _passes_needed(member: Report) -> str:
    """What brings a member back that is down."""
    needed = max((check["rise_needed"] or 1 for check in member["checks"]), default=1)
    return "1 pass" if needed == 1 else f"{needed} passes in a row"


def _digest(text: str) -> str:
    """As a Content-Security-Policy has it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _source(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
