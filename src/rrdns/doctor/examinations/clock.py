"""Is the clock right? Certificates, cookies (RFC 9018 section 4.3) and all times rest on it."""

from collections.abc import Iterator

from rrdns.narrator import clock_text

from ..finding import Finding, failure, note, ok, warning
from ..patient import Patient
from ..seen import Clock

SLACK_S = 60.0  # between the clocks of two hosts that share files

SYNCHRONISE = "have it kept right: `timedatectl set-ntp true`, or install chrony"


def examine(patient: Patient) -> Iterator[Finding]:
    """The clock against what can not be later than now."""
    stamps = patient.loaded.stamps
    modified = {str(file): stamp.modified_ns / 1e9 for file, stamp in stamps.items() if stamp}
    yield from judge(patient.host.clock(), modified)


def judge(clock: Clock, modified: dict[str, float]) -> Iterator[Finding]:
    """`modified` says when each of the server's files was saved."""
    now = clock_text(clock.now)
    late = {file: at for file, at in modified.items() if at > clock.now + SLACK_S}
    mend = "set the clock, then " + SYNCHRONISE
    if clock.installed_at > clock.now + SLACK_S:
        installed = clock_text(clock.installed_at)
        yield failure(f"the clock says {now}, before rrdns was installed ({installed})", mend)
    for file, at in sorted(late.items()):
        what = f"the clock says {now}, but {file} was saved at {clock_text(at)}"
        yield warning(what, f"{mend}; if the clock is right, save the file again")
    if clock.is_synchronised is None:
        yield note(f"the clock says {now}; whether it is kept right can not be seen")
    elif not clock.is_synchronised:
        yield warning(f"the clock says {now}, and nothing keeps it right", SYNCHRONISE)
    elif not late and clock.installed_at <= clock.now + SLACK_S:
        yield ok(f"the clock says {now}, and is kept right")
