"""The page says what the view says, runs nothing that strangers wrote, and is drawn only once."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from rrdns.status.page import document
from rrdns.status.page.document import FEW_POOLS, MOST_MEMBERS, Renderer

from .conftest import AT, COVER, INCIDENT, POOL, MakeView, member, pool

HOSTILE = """</title></script></style>"'><img src=x onerror=alert(1)>{{ 7*7 }}&amp;`"""
VOID = {"meta", "link", "input"}


class Parsed(HTMLParser):
    """What a browser finds: elements with their attributes, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def ids(self) -> list[str]:
        return [str(attributes["id"]) for _, attributes in self.elements if "id" in attributes]

    def has(self, tag: str, **attributes: str) -> bool:
        return any(
            tag == found and attributes.items() <= has.items() for found, has in self.elements
        )


@pytest.fixture
def renderer() -> Renderer:
    return Renderer()


def fragment(renderer: Renderer, id_: str, view: dict[str, Any]) -> str:
    """The text of one fragment, as words with single spaces."""
    [frame] = renderer.frames({"": view}).values()
    return " ".join(Parsed(frame.fragments[id_]).text.split())


def hostile(value: Any) -> Any:
    """`value` with every text that is no time, state or the like made hostile."""
    if isinstance(value, dict):
        return {key: hostile(each) if key in STRANGERS else each for key, each in value.items()}
    if isinstance(value, list):
        return [hostile(each) for each in value]
    return HOSTILE


STRANGERS = {"name", "reason", "pool", "member", "file", "address", "by", "owner", "url", "problem"}


def test_the_whole_page_is_well_formed_and_each_id_is_one_element(
    renderer: Renderer, make_view: MakeView
) -> None:
    page = Parsed(renderer.document(make_view(incidents=[INCIDENT])))
    assert page.open == []
    assert len(page.ids()) == len(set(page.ids()))
    assert not [id_ for id_ in page.ids() if re.search(r"\s", id_)]
    named = [a["aria-labelledby"] for _, a in page.elements if "aria-labelledby" in a]
    assert set(named) <= set(page.ids())


def test_nothing_that_strangers_wrote_becomes_an_element(
    renderer: Renderer, make_view: MakeView
) -> None:
    bad_member = hostile(member()) | {"checks": [hostile(member()["checks"][0])]}
    bad_member["duty"] = hostile(
        {"order": "drain", "since": AT, "until": AT, "reason": "", "safe_at": AT}
    )
    bad_member["cover"] = hostile(COVER)
    contested = hostile(COVER) | {"state": "contested"}
    agent = hostile({"url": "", "host": None, "tells": False, "problem": "", "at": None})
    anchor = {"address": HOSTILE, "outcome": "fail", "reason": HOSTILE, "at": AT}
    zone = {"serial": 7, "file": HOSTILE, "loaded_at": AT, "problems": [HOSTILE]}
    parts = {
        "pools": {HOSTILE: pool(bad_member)},
        "incidents": [hostile(INCIDENT)],
        "zones": {HOSTILE: zone},
        "warnings": [HOSTILE],
        "wanted": HOSTILE,
        "vantage": {"cut_off": True, "since": AT, "anchors": [anchor]},
        "reload": {"accepted": 0, "rejected": 1, "problems": [f"{HOSTILE} rejected"]},
        "takeover": {"agents": [agent], "vips": {HOSTILE: contested}},
    }
    bad = Parsed(renderer.document(make_view(**parts)))
    assert bad.open == []
    assert not bad.has("img")
    assert not [
        name for _, attributes in bad.elements for name in attributes if name.startswith("on")
    ]
    assert len([tag for tag, _ in bad.elements if tag == "script"]) == 1
    assert bad.text.count(HOSTILE) >= len(parts) + 2
    assert bad.has("input", value=HOSTILE)


def test_the_policy_lets_run_just_what_is_ours(renderer: Renderer, make_view: MakeView) -> None:
    page = renderer.document(make_view())
    for tag in ("style", "script"):
        [text] = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in renderer.policy
    assert renderer.policy.startswith("default-src 'none';")
    assert "unsafe" not in renderer.policy
    assert not re.search(r"\son\w+=|\sstyle=|javascript:", page.replace(renderer._script, ""))
    assert not re.findall(r'(?:src|href)="(?!/|#|data:image/svg)', page)


def test_what_comes_later_is_what_the_page_has(renderer: Renderer, make_view: MakeView) -> None:
    view = make_view(incidents=[INCIDENT])
    [frame] = renderer.frames({"": view}).values()
    page = renderer.document(view)
    assert all(html in page for html in frame.fragments.values())
    assert all(Parsed(html).elements[0][1]["id"] == id_ for id_, html in frame.fragments.items())
    assert list(frame.pools) == [f"pool:{POOL}"]


def test_a_member_is_told_with_state_time_reason_strip_and_share(
    renderer: Renderer, make_view: MakeView
) -> None:
    view = make_view()
    said = fragment(renderer, f"pool:{POOL}", view)
    for words in ("1 of 1 in rotation", "TTL 60 s", "192.0.2.1 marconi", "up 2026-01-01", "50 %"):
        assert words in said
    [frame] = renderer.frames({"": view}).values()
    page = Parsed(frame.fragments[f"pool:{POOL}"])
    strip = "web: last probe, 1 passed in 1.2 to 1.2 ms"
    assert page.has("svg", role="img", **{"aria-label": strip})
    assert page.has("time", datetime=AT)
    assert page.has("tr", **{"data-says": f"marconi in {POOL} is up"})


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"state": "down", "in_rotation": False}, "back after 2 passes in a row"),
        ({"state": "down", "in_rotation": False}, "not handed out"),
        ({"state": "down"}, "handed out all the same"),
        ({"suspect": True}, "suspect"),
        ({"restored": True}, "from before the restart"),
        ({"backup": True}, "backup"),
        ({"cover": COVER}, "covered by hertz 2026-01-01 00:00:00Z: owner does not answer"),
        ({"cover": COVER | {"state": "contested"}}, "contested 2026-01-01 00:00:00Z: owner"),
        (
            {"cover": COVER | {"state": "nobody", "by": None, "reason": ""}},
            "held by nobody 2026-01-01 00:00:00Z",
        ),
        ({"drill_until": AT}, "fire drill, ends 2026-01-01 00:00:00Z"),
        ({"first_share": None}, "no answers yet"),
        ({"checks": []}, "unchecked"),
        (
            {
                "duty": {
                    "order": "drain",
                    "since": AT,
                    "until": AT,
                    "reason": "new disk",
                    "safe_at": AT,
                },
                "in_rotation": False,
            },
            "drain 2026-01-01 00:00:00Z, ends 2026-01-01 00:00:00Z: new disk"
            " gone from all caches 2026-01-01 00:00:00Z",
        ),
    ],
)
def test_what_is_out_of_the_ordinary_is_said_in_words(
    renderer: Renderer, make_view: MakeView, other: dict[str, Any], words: str
) -> None:
    view = make_view(pools={POOL: pool(member(**other))})
    assert words in fragment(renderer, f"pool:{POOL}", view)


def test_a_shrunken_ttl_and_a_rung_in_use_are_told(renderer: Renderer, make_view: MakeView) -> None:
    family = {"ttl": 10, "ttl_full": 60, "in_rotation": ["192.0.2.1"], "fallback": "last-good"}
    shown = pool(member(), ttl=10, fallback="last-good", families={"A": family})
    said = fragment(renderer, f"pool:{POOL}", make_view(pools={POOL: shown}))
    assert "TTL 10 s of 60 s" in said
    assert "all down (A): fallback last-good" in said


def test_incidents_are_held_against_their_budget(renderer: Renderer, make_view: MakeView) -> None:
    late = INCIDENT | {"measured_s": 90.0, "member": "192.0.2.2", "drill": True}
    going_on = INCIDENT | {"up_at": None, "measured_s": None, "member": "192.0.2.3"}
    said = fragment(
        renderer, "incidents", make_view(incidents=[INCIDENT, late, going_on], incidents_open=1)
    )
    assert "1 min 5 s 61.5 s of 63.5 s 2026" in said
    assert "drill web: connection refused (2 of 2) 1 min 5 s 90 s of 63.5 s over" in said
    assert said.endswith("open not over yet")


def test_rejected_files_are_told_whole_and_only_once(
    renderer: Renderer, make_view: MakeView
) -> None:
    problem = "/etc/rrdns/a.zone:3:7: '192.0.2.300' is not an IPv4 address; each part is 0 to 255"
    reload = {"accepted": 0, "rejected": 1, "problems": [problem]}
    said = fragment(renderer, "alerts", make_view(reload=reload, warnings=[problem, "mind that"]))
    assert said.count(problem) == 1
    assert said.endswith("Warnings mind that")


def test_very_many_problems_are_cut_short(renderer: Renderer, make_view: MakeView) -> None:
    problems = [f"a.zone:{line}:1: no" for line in range(1000)]
    reload = {"accepted": 0, "rejected": 1, "problems": problems}
    said = fragment(renderer, "alerts", make_view(reload=reload, warnings=["w"] * 1000))
    assert said.count(": no") == document.MOST_PROBLEMS
    assert f"and {1000 - document.MOST_PROBLEMS} more; rrdns check tells them all" in said


def test_being_cut_off_is_told_with_who_was_asked(renderer: Renderer, make_view: MakeView) -> None:
    anchor = {"address": "192.0.2.254", "outcome": "fail", "reason": "no answer", "at": AT}
    vantage = {"cut_off": True, "since": AT, "anchors": [anchor]}
    said = fragment(renderer, "alerts", make_view(vantage=vantage))
    assert said.startswith("Cut off 2026-01-01 00:00:00Z")
    assert "192.0.2.254 no answer" in said


@pytest.mark.parametrize("state", ["held", "unknown"])
def test_that_all_is_as_usual_needs_no_word(
    renderer: Renderer, make_view: MakeView, state: str
) -> None:
    usual = fragment(renderer, f"pool:{POOL}", make_view())
    shown = pool(member(cover=COVER | {"state": state}))
    assert fragment(renderer, f"pool:{POOL}", make_view(pools={POOL: shown})) == usual


@pytest.mark.parametrize(
    ("state", "level", "says"),
    [("covered", "doubt", "covered by hertz"), ("contested", "down", "contested")],
)
def test_who_has_an_address_is_told_of_the_pool_and_to_who_only_listens(
    renderer: Renderer, make_view: MakeView, state: str, level: str, says: str
) -> None:
    view = make_view(pools={POOL: pool(member(cover=COVER | {"state": state}))})
    page = Parsed(renderer.document(view))
    assert page.has("section", id=f"pool:{POOL}", **{"class": f"pool {level}"})
    assert page.has("tr", **{"data-says": f"marconi in {POOL} is up, {says}"})


def test_disputes_and_silent_agents_are_alerts(renderer: Renderer, make_view: MakeView) -> None:
    agent = {"url": "http://192.0.2.11:8056/", "tells": False, "problem": "no answer within 1 s"}
    well = {"url": "http://192.0.2.12:8056/", "tells": True, "problem": None}
    contested = COVER | {"state": "contested", "reason": "marconi and hertz both say so"}
    takeover = {"agents": [agent, well], "vips": {"192.0.2.1": contested, "192.0.2.2": COVER}}
    said = fragment(renderer, "alerts", make_view(takeover=takeover))
    assert "192.0.2.1 of marconi: marconi and hertz both say so" in said
    assert said.endswith("do not tell http://192.0.2.11:8056/: no answer within 1 s")
    assert "192.0.2.2" not in said


def test_how_many_are_covered_or_contested_stands_in_the_summary(
    renderer: Renderer, make_view: MakeView
) -> None:
    view = make_view()
    assert "Covered" not in fragment(renderer, "summary", view)
    view["totals"] |= {"covered": 2, "contested": 1}
    said = fragment(renderer, "summary", view)
    assert "Contested1 Covered2" in said


@pytest.mark.parametrize(("count", "unfolded"), [(FEW_POOLS, True), (FEW_POOLS + 1, False)])
def test_of_many_pools_only_those_in_trouble_are_unfolded_and_there_is_a_search(
    renderer: Renderer, make_view: MakeView, count: int, unfolded: bool
) -> None:
    pools = {f"p{number}.example.": pool(member()) for number in range(count - 1)}
    pools["bad.example."] = pool(member(state="down", in_rotation=False))
    page = renderer.document(make_view(pools=pools))
    assert page.count("<details open>") == (count if unfolded else 1)
    assert ('role="search"' in page) is not unfolded


def test_the_members_of_a_huge_pool_are_those_in_trouble_and_some_more(
    renderer: Renderer, make_view: MakeView
) -> None:
    members = [member(address=f"10.0.{n >> 8}.{n & 255}") for n in range(1000)]
    members[999]["state"] = "down"
    [frame] = renderer.frames({"": make_view(pools={POOL: pool(*members)})}).values()
    html = frame.fragments[f"pool:{POOL}"]
    assert html.count('<tr role="row" id=') == MOST_MEMBERS
    assert "10.0.3.231" in html
    assert f"{1000 - MOST_MEMBERS} more members" in html


def test_a_covered_member_of_a_huge_pool_is_among_those_in_trouble(
    renderer: Renderer, make_view: MakeView
) -> None:
    members = [member(address=f"10.0.{n >> 8}.{n & 255}") for n in range(1000)]
    members[999]["cover"] = COVER
    [frame] = renderer.frames({"": make_view(pools={POOL: pool(*members)})}).values()
    assert "10.0.3.231" in frame.fragments[f"pool:{POOL}"]


def test_pools_that_are_not_shown_are_counted(renderer: Renderer, make_view: MakeView) -> None:
    for calm, words in ((True, "all well"), (False, "not all of them well")):
        view = make_view(hidden={"pools": 7, "calm": calm})
        assert f"7 more pools, {words}" in fragment(renderer, "more", view)


@pytest.mark.parametrize("level", ["well", "doubt", "down"])
def test_title_and_icon_reflect_how_things_are(
    renderer: Renderer, make_view: MakeView, level: str
) -> None:
    mood = {"level": level, "word": "2 down", "text": "2 of 9 members are down"}
    [frame] = renderer.frames({"": make_view(mood=mood)}).values()
    assert frame.title == "2 down - rrdns"
    [well] = renderer.frames({"": make_view()}).values()
    assert (frame.icon == well.icon) is (level == "well")
    assert frame.icon.startswith("data:image/svg+xml,%3Csvg")


def test_what_has_not_changed_is_not_drawn_again(
    renderer: Renderer, make_view: MakeView, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = {"": make_view(), "www": make_view(wanted="www")}
    before = renderer.frames(views)[""].fragments[f"pool:{POOL}"]
    drawn: list[str] = []
    draw = Renderer._pool

    def noted(self: Renderer, id_: str, *args: Any, **more: Any) -> str:
        drawn.append(id_)
        return draw(self, id_, *args, **more)

    monkeypatch.setattr(Renderer, "_pool", noted)
    assert renderer.frames(views)[""].fragments[f"pool:{POOL}"] is before
    assert drawn == []
    changed = make_view(pools={POOL: pool(member(state="down"))})
    after = renderer.frames({"": changed, "www": changed})
    assert drawn == [f"pool:{POOL}"]
    assert after[""].fragments[f"pool:{POOL}"] != before
