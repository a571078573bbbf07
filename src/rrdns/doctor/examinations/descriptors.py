"""Are there enough file descriptors for all clients and all probes at once?"""

from collections.abc import Iterator

from rrdns.health.check import IcmpCheck
from rrdns.load import Loaded

from ..finding import Finding, failure, ok
from ..patient import Patient
from ..seen import Rights

OTHERS = 100  # status, files, event loops; workers where they are not counted
OF_A_WORKER = 2  # its socket, and a descriptor of its own for it


def examine(patient: Patient) -> Iterator[Finding]:
    """The hard limit, to which the server raises its own, against what can be open at once."""
    dns = patient.loaded.settings.dns
    clients = dns.tcp.connections
    workers = (dns.workers or 0) * len(dns.listen)  # as many as CPUs are no matter
    yield judge(patient.serving, clients, probes_of(patient.loaded), OF_A_WORKER * workers)


def probes_of(loaded: Loaded) -> int:
    """How many descriptors probes can take at once; pings share theirs, a tripwire has its own."""
    targets = {target for pool in loaded.pools for target in pool.all_targets()}
    asked = {target.question for target in targets if not isinstance(target.check, IcmpCheck)}
    return len(asked) + sum(target.check.tripwire for target in targets)


def judge(serving: Rights, connections: int, probes: int, of_workers: int = 0) -> Finding:
    """Whether `serving` may open as many as it can come to need."""
    needed = connections + probes + of_workers + OTHERS
    what = (
        f"{serving.who} may open {serving.most_files} files; {connections} TCP clients and"
        f" {probes} probes may need {needed}"
    )
    if serving.most_files >= needed:
        return ok(what)
    mend = (
        f"in the unit LimitNOFILE={needed} (`systemctl edit rrdns`), in a shell `ulimit -Hn`,"
        " or fewer dns.tcp.connections"
    )
    return failure(what, mend)
