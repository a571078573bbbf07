"""Are there enough file descriptors for all clients and all probes at once?"""

from collections.abc import Iterator

from rrdns.health.check import IcmpCheck
from rrdns.load import Loaded

from ..finding import Finding, failure, ok
from ..patient import Patient
from ..seen import Rights

OTHERS = 100  # sockets of UDP's threads, status, files, event loops


def examine(patient: Patient) -> Iterator[Finding]:
    """The hard limit, to which the server raises its own, against what can be open at once."""
    tcp = patient.loaded.settings.dns.tcp
    yield judge(patient.serving, tcp.connections, probes_of(patient.loaded))


def probes_of(loaded: Loaded) -> int:
    """How many targets take a descriptor each time they are probed; pings share theirs."""
    return len(
        {
            target.question
            for pool in loaded.pools
            for target in pool.all_targets()
            if not isinstance(target.check, IcmpCheck)
        }
    )


def judge(serving: Rights, connections: int, probes: int) -> Finding:
    """Whether `serving` may open as many as it can come to need."""
    needed = connections + probes + OTHERS
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
