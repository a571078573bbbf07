"""Does a server run, and is it content?"""

from collections.abc import Iterator

from rrdns import __version__

from ..finding import Finding, note, ok, warning
from ..patient import Patient


def examine(patient: Patient) -> Iterator[Finding]:
    """What its status says of the server that runs, if one does."""
    report = patient.report
    if report is None:
        yield note(patient.silence)
        return
    if not patient.is_here:
        mend = "have the doctor look there: `docker exec CONTAINER rrdns doctor`"
        yield note("the server that answers is in another container or host than this", mend)
    who = f"rrdns {report['version']} (pid {report['pid']})"
    if report["version"] != __version__:
        yield warning(f"{who} runs, but rrdns {__version__} is installed", "restart the service")
    elif not report["ready"]:
        mend = "wait; the first round of probes takes as long as the longest timeout"
        yield note(f"{who} runs and does not answer queries yet", mend)
    else:
        yield ok(f"{who} runs and is ready")
    for problem in report["reload"]["problems"]:
        yield warning("it serves an older version of a file", str(problem))
