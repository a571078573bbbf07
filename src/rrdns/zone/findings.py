"""What is wrong with a zone, gathered while its files are read to the end."""

from rrdns.errors import Place, Problem, Severity

MAX_FINDINGS = 100  # of each severity: nobody mends more in one go, and memory stays bounded

Spot = tuple[int, int]  # line and column, both from 1


class FaultError(Exception):
    """One mistake, raised where it is found; `at` is its spot, if that is known better there."""

    def __init__(self, what: str, mend: str, at: Spot | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend
        self.at = at


class TooManyErrorsError(Exception):
    """`MAX_FINDINGS` errors are gathered; reading on is of no use."""


class Findings:
    """The problems of one zone; `file` is named where a problem is not of one line."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._errors: list[Problem] = []
        self._warnings: list[Problem] = []
        self._unlisted_warnings = 0

    @property
    def failed(self) -> bool:
        """Whether there is an error, so that the zone can not be used."""
        return bool(self._errors)

    def error(self, place: Place, what: str, mend: str) -> None:
        """Adds an error. Raises TooManyErrorsError once the list is full."""
        self._errors.append(Problem(place, what, mend))
        if len(self._errors) >= MAX_FINDINGS:
            raise TooManyErrorsError

    def warning(self, place: Place, what: str, mend: str) -> None:
        """Adds a warning, or only counts it once the list is full."""
        if len(self._warnings) < MAX_FINDINGS:
            self._warnings.append(Problem(place, what, mend, Severity.WARNING))
        else:
            self._unlisted_warnings += 1

    def problems(self) -> tuple[Problem, ...]:
        """Everything found, by place, and a word on what is left out."""
        found = self._errors + self._warnings
        if len(self._errors) >= MAX_FINDINGS:
            what = f"reading stopped after {MAX_FINDINGS} errors"
            found.append(Problem(Place(self._file), what, "mend these and check again"))
        if self._unlisted_warnings:
            what = f"{self._unlisted_warnings} more warnings are not listed"
            mend = "mend these and check again"
            found.append(Problem(Place(self._file), what, mend, Severity.WARNING))
        return tuple(sorted(found))
