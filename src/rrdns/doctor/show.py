"""What was found, for a person: a table on a terminal, one line a finding elsewhere."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rrdns.health.result import one_line
from rrdns.narrator import counted

from .examine import Found
from .finding import Level

STYLES = {
    Level.OK: "green",
    Level.NOTE: "cyan",
    Level.WARNING: "yellow",
    Level.FAILURE: "bold red",
}
MOST_CHARACTERS = 2000  # a finding with its mend is shorter


def show(found: Sequence[Found], console: Console) -> None:
    """Prints all of it, and how many things are in the way."""
    if console.is_terminal and not console.is_dumb_terminal:
        console.print(table(found))
    else:
        for line in lines(found):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(summary(found), markup=False, highlight=False, soft_wrap=True)


def lines(found: Sequence[Found]) -> Iterator[str]:
    """One line a finding: how grave, where, what; how to mend it."""
    for examination, finding in found:
        mend = f"; {finding.mend}" if finding.mend else ""
        yield one_line(f"{finding.level}: {examination}: {finding.what}{mend}", MOST_CHARACTERS)


def table(found: Sequence[Found]) -> Table:
    """A row a finding, with its mend below it."""
    drawn = Table(box=None, padding=(0, 1, 0, 0), show_header=False)
    drawn.add_column(no_wrap=True)
    drawn.add_column(no_wrap=True)
    drawn.add_column(overflow="fold")
    before = ""
    for examination, finding in found:
        said = Text(one_line(finding.what, MOST_CHARACTERS))
        if finding.mend:
            said.append("\n-> " + one_line(finding.mend, MOST_CHARACTERS), "dim")
        heading = "" if examination == before else examination
        drawn.add_row(Text(finding.level, STYLES[finding.level]), Text(heading, "bold"), said)
        before = examination
    return drawn


def summary(found: Sequence[Found]) -> str:
    """How many failures and warnings there are."""
    levels = [each.finding.level for each in found]
    numbers = {noun: levels.count(noun) for noun in (Level.FAILURE, Level.WARNING)}
    counts = [counted(number, noun) for noun, number in numbers.items() if number]
    verdict = "something stands" if numbers[Level.FAILURE] else "nothing stands"
    return f"{verdict} in the way" + (f" ({', '.join(counts)})" if counts else "")
