"""Who is examined: a configuration, the host it is for, and the server if it runs."""

from dataclasses import dataclass

from rrdns.load import Loaded
from rrdns.status.agreed import Report

from .seen import Host, Rights


@dataclass(frozen=True, slots=True)
class Patient:
    """All that an examination is told.

    `report` is the running server's, None where none answers for the reason in `silence`; `is_here`
    is whether its process is one of this host. `own` are the rights of this process, `serving` of
    whoever serves: the running server, else the service, else this process.
    """

    loaded: Loaded
    host: Host
    own: Rights
    serving: Rights
    report: Report | None = None
    silence: str = ""
    is_here: bool = False
