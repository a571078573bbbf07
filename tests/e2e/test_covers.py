"""A server that asks the mirrors' takeover agents sends visitors elsewhere while a mirror's address
is another host's, and says so; without an answer it is as if there were no takeover.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.agents import Agent, agents
from harness.awaiting import until
from harness.site import ADDRESSES, NAME, ONE, POOL, THREE, TWO, Site, site
from rrdns.config.settings import PlayerChoice

TAKEOVER = 'takeover: {{status: ["{}", "{}"], interval: 100ms, timeout: 5s}}\n'
ALL = set(ADDRESSES)


@dataclass(frozen=True, slots=True)
class Scene:
    """A site whose first mirror is marconi; hertz has the second one, and may cover the first."""

    lab: Site
    marconi: Agent
    hertz: Agent

    def hold(self, *, by: str) -> None:
        """Has the agents say who has marconi's address, if anybody."""
        self.marconi.say(ONE, "marconi", holds=by == "marconi")
        reason = "owner does not answer" if by == "hertz" else ""
        self.hertz.say(ONE, "marconi", rank=1, holds=by == "hertz", reason=reason)
        self.hertz.say(TWO, "hertz", holds=True)

    def await_cover(self, state: str) -> None:
        until(lambda: (self.lab.member(ONE)["cover"] or {}).get("state") == state)

    def await_answer(self, *addresses: str) -> None:
        until(lambda: self.lab.answer() == set(addresses))

    def agents(self) -> list[dict[str, Any]]:
        """What the server reports of each."""
        asked: list[dict[str, Any]] = self.lab.report()["takeover"]["agents"]
        return asked

    def explained(self) -> str:
        return self.lab.rrdns("explain", NAME).stdout


@contextmanager
def scene(folder: Path, more: str = "", player: str = "auto") -> Iterator[Scene]:
    with agents("marconi", "hertz") as (marconi, hertz):
        takeover = TAKEOVER.format(marconi.url, hertz.url)
        with site(folder, more, takeover, player=player) as lab:
            found = Scene(lab, marconi, hertz)
            found.hold(by="marconi")
            found.await_cover("held")
            yield found


def test_a_covered_mirror_leaves_and_comes_back(tmp_path: Path, player: PlayerChoice) -> None:
    named = f", members: {{{ONE}: {{name: marconi}}}}"
    with scene(tmp_path, named, player=player) as found:
        lab = found.lab
        assert lab.answer() == ALL
        found.marconi.stop()
        found.hold(by="hertz")
        found.await_answer(TWO, THREE)
        member = lab.member(ONE)
        assert (member["state"], member["in_rotation"]) == ("up", False)
        cover = member["cover"]
        assert (cover["by"], cover["owner"]) == ("hertz", "marconi")
        assert lab.member(TWO)["cover"]["state"] == "held"
        assert f"{ONE} (marconi) is left out, as others may serve: covered by hertz" in (
            found.explained()
        )
        assert "up, covered by hertz" in lab.rrdns("status").stdout
        assert f"vip={ONE} COVERED by hertz, for marconi: owner does not answer" in lab.server.log

        found.marconi.start()
        found.hold(by="marconi")
        found.await_answer(*ALL)
        assert "left out" not in found.explained()
        until(lambda: f"vip={ONE} held by its own host, marconi" in lab.server.log)
        assert not [line for line in lab.server.log.splitlines() if "CONTESTED" in line]


def test_a_covered_mirror_is_handed_out_with_its_weight(tmp_path: Path) -> None:
    members = f"{{{TWO}: {{weight: 5}}, {THREE}: {{weight: 4}}}}"
    with scene(tmp_path, f", covered_weight: 1, members: {members}") as found:
        found.hold(by="hertz")
        found.await_cover("covered")
        until(lambda: found.lab.member(ONE)["cover"]["weight"] == 1)
        firsts = Counter(found.lab.ask().answer[0][0].address for _ in range(30))
        assert firsts == {ONE: 3, TWO: 15, THREE: 12}
        assert f"{ONE} is handed out with weight 1" in found.explained()


def test_where_all_are_covered_all_are_handed_out(tmp_path: Path) -> None:
    with scene(tmp_path) as found:
        lab = found.lab
        lab.mirrors.kill(THREE)
        lab.await_state("down", THREE)
        found.hold(by="hertz")
        found.await_answer(TWO)
        found.hertz.say(TWO, "hertz", holds=False)
        found.marconi.say(TWO, "hertz", rank=1, holds=True)
        found.await_answer(ONE, TWO)
        assert lab.pool()["fallback"] is None
        assert f"{ONE} is handed out all the same: covered by hertz" in found.explained()


def test_a_contested_address_is_an_alarm_and_handed_out_last(tmp_path: Path) -> None:
    with scene(tmp_path) as found:
        lab = found.lab
        found.marconi.say(ONE, "marconi", holds=True, contested="02:aa:bb:cc:dd:ee")
        found.await_answer(TWO, THREE)
        warning = f"WARNING vip={ONE} CONTESTED: marconi hears 02:aa:bb:cc:dd:ee hold it too"
        until(lambda: warning in lab.server.log)
        assert b'rrdns_vip_contested{address="%s",owner="marconi"} 1.0' % ONE.encode() in (
            lab.server.get("/metrics")
        )
        mood = json.loads(lab.server.get("/view"))["mood"]
        assert (mood["level"], mood["word"]) == ("down", "1 contested")
        status = lab.rrdns("status").stdout
        assert status.index("CONTESTED: two hosts") < status.index(f"pool {POOL}")

        asked = found.marconi.asked
        until(lambda: found.marconi.asked > asked + 3)
        assert lab.server.log.count("CONTESTED") == 1
        found.hold(by="marconi")
        found.await_answer(*ALL)
        until(lambda: f"WARNING vip={ONE} no longer CONTESTED: held by its own" in lab.server.log)


def test_two_agents_that_both_hold_it_contest_it(tmp_path: Path) -> None:
    with scene(tmp_path) as found:
        found.hertz.say(ONE, "marconi", rank=1, holds=True)
        found.await_cover("covered")  # as in a hand-over, for which it may be
        found.await_cover("contested")
        assert "both say that they hold it" in found.lab.member(ONE)["cover"]["reason"]
        found.await_answer(TWO, THREE)


def test_what_agents_that_are_gone_have_said_is_forgotten(tmp_path: Path) -> None:
    with agents("marconi", "hertz") as (marconi, hertz):
        takeover = TAKEOVER.format(marconi.url, hertz.url).replace("5s", "1s")
        with site(tmp_path, extra=takeover) as lab:
            found = Scene(lab, marconi, hertz)
            found.hold(by="hertz")
            found.await_answer(TWO, THREE)
            marconi.stop()
            hertz.stop()
            found.await_answer(*ALL)
            assert lab.member(ONE)["cover"]["state"] == "unknown"
            until(lambda: not any(each["tells"] for each in found.agents()))
            assert {each["problem"] for each in found.agents()} == {"connection refused"}
            until(lambda: f"takeover agent {hertz.url} does not tell" in lab.server.log)
            assert b'rrdns_takeover_agent_telling{url="%s"} 0.0' % hertz.url.encode() in (
                lab.server.get("/metrics")
            )
            hertz.start()
            found.await_answer(TWO, THREE)


@pytest.mark.parametrize("body", [b"<html>", b'{"host": "hertz"}', b" " * 100_000])
def test_nonsense_is_shown_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    with scene(tmp_path) as found:
        monkeypatch.setattr(Agent, "body", lambda _: body)
        until(
            lambda: all(
                (each["problem"] or "").startswith("not an agent's status: ")
                for each in found.agents()
            )
        )
        assert found.lab.answer() == ALL
        assert "not an agent's status: " in found.lab.rrdns("status").stdout


def test_a_save_begins_and_ends_the_asking(tmp_path: Path) -> None:
    with agents("marconi", "hertz") as (marconi, hertz), site(tmp_path) as lab:
        found = Scene(lab, marconi, hertz)
        found.hold(by="hertz")
        plain = lab.server.config.read_text()
        assert lab.report()["takeover"] is None
        lab.server.config.write_text(plain + TAKEOVER.format(marconi.url, hertz.url))
        found.await_answer(TWO, THREE)
        lab.server.config.write_text(plain + TAKEOVER.format(marconi.url, "ftp://192.0.2.1/"))
        until(lambda: lab.report()["reload"]["problems"])
        assert lab.answer() == {TWO, THREE}
        lab.server.config.write_text(plain)
        until(lambda: lab.report()["reload"]["accepted"] == 2)
        assert lab.report()["takeover"] is None
        assert lab.answer() == ALL
        assert lab.rrdns("check").returncode == 0  # for as long as it takes to end a question
        asked = marconi.asked, hertz.asked
        assert lab.rrdns("check").returncode == 0  # for several intervals
        assert (marconi.asked, hertz.asked) == asked
