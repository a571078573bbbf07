"""Are the addresses there that the configuration listens on, and which ones are they?"""

from collections.abc import Iterator, Sequence
from itertools import chain

from rrdns.config.settings import Listen
from rrdns.health.check import Address
from rrdns.load import Loaded

from ..finding import Finding, failure, note, ok, warning
from ..patient import Patient
from ..seen import Local

MOST_NAMED = 12  # addresses in one line


def examine(patient: Patient) -> Iterator[Finding]:
    """Each of dns.listen, and the members of pools that are this very host."""
    local = patient.host.local()
    for listen in patient.loaded.settings.dns.listen:
        if listen.host.is_unspecified:
            yield judge_wildcard(listen, local)
        else:
            yield judge_address(listen, local, is_there=patient.host.has(listen.host))
    yield from judge_members(patient.loaded, local)


def judge_wildcard(listen: Listen, local: Sequence[Local]) -> Finding:
    """Which addresses answer; for IPv6, whether there is any."""
    mine = [each for each in local if each.address.version == listen.host.version]
    if listen.host.version == 6 and not mine:
        mend = f'remove "{listen}" from dns.listen, or enable IPv6 (net.ipv6.conf.all.disable_ipv6)'
        return failure(f"{listen} is listened on, but this host has no IPv6", mend)
    outside = [each for each in mine if each.is_reachable]
    if not outside:
        what = f"{listen} answers on this host alone, on {named(mine) or 'no address'}"
        return note(what, "give an interface an address, or leave it at that")
    return ok(f"{listen} answers on {named(mine)}")


def judge_address(listen: Listen, local: Sequence[Local], *, is_there: bool) -> Finding:
    """One address; `is_there` is what the system says when it is asked for it."""
    having = [each for each in local if each.address == listen.host]
    if any(each.is_up for each in having):
        return ok(f"{listen.host} is on {', '.join(each.label for each in having)}")
    if having:
        label = having[0].label
        mend = f"`ip link set {label.split(':')[0]} up`"
        return warning(f"{listen.host} is on {label}, which is down", mend)
    if listen.host.is_loopback and is_there:
        return ok(f"{listen.host} is on the loopback")
    if is_there:
        mend = "mind that queries reach it only if they are routed to this host"
        return note(f"{listen.host} can be listened on, but no interface has it", mend)
    others = named([each for each in local if each.is_reachable]) or "none but the loopback's"
    return failure(
        f"no interface of this host has {listen.host}; there are {others}",
        f"`ip address add {listen.host}/{listen.host.max_prefixlen} dev INTERFACE`, or correct"
        " dns.listen",
    )


def judge_members(loaded: Loaded, local: Sequence[Local]) -> Iterator[Finding]:
    """Members that are this host: their checks tell nothing of the network."""
    here = {each.address: each for each in local}
    members: set[Address] = {
        member.address
        for member in chain.from_iterable(pool.members for pool in loaded.pools)
        if member.address in here and not member.address.is_loopback
    }
    if members:
        listed = named([here[address] for address in sorted(members, key=int)])
        what = f"this very host is a member of a pool: {listed}"
        yield note(what, "its own checks never see its network fail; have another host check too")


def named(local: Sequence[Local]) -> str:
    """The addresses with their labels, not too many."""
    more = len(local) - MOST_NAMED
    rest = f" and {more} more" if more > 0 else ""
    return ", ".join(map(str, local[:MOST_NAMED])) + rest
