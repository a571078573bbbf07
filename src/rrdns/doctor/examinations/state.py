"""Can what a restart is to know be written, and can orders come in?"""

from collections.abc import Iterator

from ..finding import Finding, note, ok, warning
from ..patient import Patient
from ..seen import Host

FORGETS = "nothing is remembered over a restart: not who is up, whose turn it is, nor any order"
NO_ORDERS = "there is no control socket: orders (drain, maint, ready) come in by no unix socket"


def examine(patient: Patient) -> Iterator[Finding]:
    """The file of the state, and the folder of the control socket."""
    settings = patient.loaded.settings
    state, control = settings.state.kept_in, settings.control.listens_at
    if state is None:
        yield note(FORGETS, "make the folder /var/lib/rrdns, or set state.file")
    elif patient.report is not None and "state" in patient.report:
        yield judge_saving(str(state), patient.report["state"]["problem"])
    else:
        yield _judge_folder(patient, str(state), str(state.parent))
    if control is None:
        yield note(NO_ORDERS, "make the folder /run/rrdns, or set control.socket")
    elif patient.report is None:  # a server that runs has made it, or has said why not
        yield _judge_folder(patient, str(control), str(control.parent))


def judge_saving(file: str, problem: str | None) -> Finding:
    """What the running server says of its own saving."""
    if problem is None:
        return ok(f"the running server keeps its state in {file}")
    mend = f"let the server's user write to the folder of {file}"
    return warning(f"the running server can not keep its state: {problem}", mend)


def _judge_folder(patient: Patient, file: str, folder: str) -> Finding:
    if patient.serving is not patient.own:
        return note(f"whether {patient.serving.who} may write {file} is seen when it runs")
    return judge_folder(patient.host, file, folder)


def judge_folder(host: Host, file: str, folder: str) -> Finding:
    """Whether this process, which would serve, may make `file` in `folder`."""
    may = host.may_write(folder)
    if may is None:
        return warning(f"{file} can not be written: there is no folder {folder}", f"make {folder}")
    if not may:
        mend = f"`chown USER {folder}`, with the user who runs `rrdns serve`"
        return warning(f"{file} can not be written: we may not write to {folder}", mend)
    return ok(f"{file} can be written")
