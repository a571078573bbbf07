"""May the pings be sent, of checks of type icmp and of anchors?"""

from collections.abc import Iterator, Set

from rrdns.health.check import IcmpCheck
from rrdns.load import Loaded

from ..finding import Finding, failure, note, ok, warning
from ..patient import Patient
from ..seen import Capability, Rights

PING_GROUPS = "net.ipv4.ping_group_range"  # of IPv6 too

GRANT = (
    "in the unit AmbientCapabilities=CAP_NET_RAW, as docker/rrdns.service has it; for other ways"
    f" of running it, {PING_GROUPS} with the group of its user"
)


def examine(patient: Patient) -> Iterator[Finding]:
    """Of this process it is tried; of a server or a service, what it may is known."""
    versions = pinged(patient.loaded)
    if not versions:
        yield ok("nothing to permit: no pool has a check of type icmp, and there is no anchor")
        return
    refused = [version for version in sorted(versions) if not patient.host.opens_icmp(version)]
    if patient.serving is patient.own:
        yield judge_own(refused, patient.own)
        return
    low, high = patient.host.kernel(PING_GROUPS)
    yield judge_serving(patient.serving, range(low, high + 1))
    if refused:
        yield note(f"{patient.own.who} may not send pings, which only matters to `rrdns serve`")


def pinged(loaded: Loaded) -> Set[int]:
    """The versions of IP over which members and anchors are pinged."""
    members = {
        target.address.version
        for pool in loaded.pools
        for target in pool.all_targets()
        if isinstance(target.check, IcmpCheck)
    }
    return members | {anchor.version for anchor in loaded.settings.vantage.anchors}


def judge_own(refused: list[int], own: Rights) -> Finding:
    """Whether this process, which would serve, may ping over all versions of IP."""
    if not refused:
        return ok(f"{own.who} may send pings")
    over = " and ".join(f"IPv{version}" for version in refused)
    return failure(f"{own.who} may not send pings over {over}; they prove nothing then", GRANT)


def judge_serving(serving: Rights, ping_groups: range) -> Finding:
    """Whether a server or a service may ping."""
    if Capability.NET_RAW in serving.capabilities:
        return ok(f"{serving.who} has CAP_NET_RAW for pings")
    if serving.groups is None and ping_groups:
        what = f"{serving.who} has no CAP_NET_RAW; whether {PING_GROUPS} admits it is not known"
        return warning(what, GRANT)
    if any(group in ping_groups for group in serving.groups or ()):
        return ok(f"{PING_GROUPS} admits the pings of {serving.who}")
    return failure(
        f"{serving.who} has no CAP_NET_RAW, and {PING_GROUPS} does not admit it: its pings prove"
        " nothing",
        GRANT,
    )
