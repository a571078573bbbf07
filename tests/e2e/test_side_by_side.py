"""Where NSD and Knot give the same reply, rrdns gives it too, but for a table of differences.

The zones lie in `side_by_side/zones`, a folder for each set that one server has at a time. The
questions are generated: every name and type that a zone has, and the names around them.
"""

from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path

import pytest

from e2e.side_by_side.comparison import Comparison, Server
from e2e.side_by_side.differences import DIFFERENCES
from e2e.side_by_side.questions import questions_about, questions_elsewhere
from e2e.side_by_side.sets import SETS, configuration, texts, zones_in
from harness import peers
from harness.process import serving
from rrdns.config.settings import PlayerChoice

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        bool(peers.missing_programs()),
        reason=f"not installed: {', '.join(peers.missing_programs())}",
    ),
]

FEWEST = 200  # questions of each set of zones on which NSD and Knot agree in whole
MOST_SHOWN = 30


def _compared(zones: dict[str, Path], folder: Path, player: PlayerChoice) -> Comparison:
    """All questions about `zones`, asked of the three servers."""
    result = Comparison()
    with ExitStack() as stack:
        ours = stack.enter_context(
            serving(folder, configuration(zones), texts(zones), player=player)
        )
        addresses = stack.enter_context(peers.running(zones, folder))
        servers = [
            stack.enter_context(closing(Server(address)))
            for address in (("127.0.0.1", ours.dns_port), addresses["nsd"], addresses["knot"])
        ]
        about = (questions_about(apex, file) for apex, file in zones.items())
        result.compare(chain(*about, questions_elsewhere()), *servers)
    return result


@pytest.fixture(scope="module")
def comparisons(
    tmp_path_factory: pytest.TempPathFactory, player: PlayerChoice
) -> dict[str, Comparison]:
    """What came out for each set of zones, by its name."""
    return {
        name: _compared(zones_in(folder), tmp_path_factory.mktemp(name), player)
        for name, folder in SETS.items()
    }


def test_rrdns_agrees_wherever_nsd_and_knot_agree(comparisons: dict[str, Comparison]) -> None:
    unintended = [found for each in comparisons.values() for found in each.unintended]
    shown = "\n".join(map(str, unintended[:MOST_SHOWN]))
    assert not unintended, f"{len(unintended)} disagreements, the first of them:\n{shown}"


def test_every_difference_listed_is_met(comparisons: dict[str, Comparison]) -> None:
    met = set().union(*(each.intended for each in comparisons.values()))
    assert [difference.what for difference in DIFFERENCES if difference not in met] == []


def test_enough_questions_are_compared(
    comparisons: dict[str, Comparison], capsys: pytest.CaptureFixture[str]
) -> None:
    for name, each in comparisons.items():
        with capsys.disabled():
            print(
                f"\nside by side, zones '{name}': {each.compared} questions,"
                f" NSD and Knot agree in whole on {each.agreed_by_peers}, in parts on the others;"
                f" intended differences of rrdns: {len(each.disagreements)}"
            )
        assert each.agreed_by_peers >= FEWEST
