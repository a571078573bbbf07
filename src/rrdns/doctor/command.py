"""`rrdns doctor`: brings the patient in, has it examined, and tells what was found."""

from pathlib import Path

from rich.console import Console

from rrdns.config.fields import MistakenError, endpoint
from rrdns.config.schema import DNS_PORT
from rrdns.config.settings import Contact, Listen
from rrdns.load import load
from rrdns.status.agreed import Report, pid_namespace
from rrdns.status.client import NoServerError, fetch_report

from .examine import examine, stands_in_the_way
from .host import rights
from .host.this import ThisHost
from .patient import Patient
from .seen import Host, Rights
from .show import show


def doctor(config: Path, resolver: Listen | None = None) -> bool:
    """Examines this host for `config` and prints what was found; whether nothing failed.

    `resolver` is asked in place of the system's. Raises BadInputError.
    """
    found = examine(admit(config, ThisHost(resolver)))
    show(found, Console())
    return not stands_in_the_way(found)


def admit(config: Path, host: Host) -> Patient:
    """The configuration, its server if it runs, and who may do what. Raises BadInputError."""
    loaded = load(config)
    own = rights.of_process("self", "this user")
    report, silence = _report(Contact(loaded.settings.status, loaded.settings.control))
    is_here = report is not None and report["pid_namespace"] == pid_namespace()
    running = _rights_of_server(report["pid"]) if report is not None and is_here else None
    serving = running or _rights_of_service(config) or own
    return Patient(loaded, host, own, serving, report, silence, is_here)


def _report(contact: Contact) -> tuple[Report | None, str]:
    try:
        return fetch_report(contact), ""
    except NoServerError as error:
        return None, str(error)


def _rights_of_server(pid: int) -> Rights | None:
    try:
        return rights.of_process(pid, f"the running server (pid {pid})")
    except OSError:  # it has just ended, or processes of others are hidden
        return None


def _rights_of_service(config: Path) -> Rights | None:
    try:
        return rights.of_service(config)
    except (OSError, ValueError):  # of no use to us; systemd will say what is wrong with it
        return None


def read_resolver(text: str) -> Listen:
    """An address, with a port unless it is 53. ValueError says what is wrong."""
    try:
        found = endpoint(DNS_PORT).read(text)
    except MistakenError as error:
        raise ValueError(
            ", ".join(f"{each.what}; {each.mend}" for each in error.mistakes)
        ) from None
    assert isinstance(found, Listen)  # noqa: S101 - what an endpoint is
    return found
