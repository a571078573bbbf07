"""What has to fit together in takeover.yaml: hosts, addresses, witnesses, timers.

The rules look at every part that is right by itself, so that what they find is told together with
the mistakes in the other parts.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from pydantic import Field, ValidationError

from rrdns.errors import Problem
from rrdns.health.check import Address

from .document import key_problems
from .fields import MistakenError, mistake, naming
from .source import Document
from .source import Path as KeyPath
from .takeover_fields import MAX_INTERFACE_OCTETS, UNICAST
from .takeover_keys import HostEntry, TakeoverKeys, VipKeys
from .timer_keys import contradictions
from .wording import quoted

_OF_ENTRIES = ("hosts", "vips", "checks")


class _Parts(TakeoverKeys):
    """The keys where no part has to be."""

    hosts: dict[str, HostEntry] = Field(default={})
    vips: dict[str, VipKeys] = Field(default={})


@dataclass(frozen=True, slots=True)
class Parts:
    """What is right in a file by itself; `broken` are the parts that are not, and left out."""

    document: Document
    keys: TakeoverKeys
    broken: frozenset[KeyPath]

    @property
    def mains(self) -> dict[Address, str]:
        """Whose each main address is: the first host's, where several have it."""
        return {host.address: name for name, host in reversed(self.keys.hosts.items())}

    def is_whole(self, *sections: str) -> bool:
        """Whether nothing is left out of these sections."""
        return not any(path[0] in sections for path in self.broken)

    def interface(self, host: str) -> str | None:
        """The interface of that host; None where it, or the host, is not known."""
        written = self.keys.hosts.get(host)
        return (written.interface or self.keys.interface) if written else None

    def runs_agent(self, host: str) -> bool:
        """Whether that host is known to run the agent."""
        written = self.keys.hosts.get(host)
        return written is not None and written.agent


def parts_of(document: Document, names: Mapping[str, Collection[str]]) -> Parts:
    """The parts of the document that are right; `names` are as for `checked`."""
    data = document.data()
    if not isinstance(data, dict):
        return Parts(document, _Parts(), frozenset((section,) for section in _Parts.model_fields))
    try:
        return Parts(document, _Parts.model_validate(data, context=names), frozenset())
    except ValidationError as error:
        locs = [details["loc"] for details in error.errors(include_url=False)]
    broken = frozenset(loc[: 2 if loc[0] in _OF_ENTRIES else 1] for loc in locs)
    for section, *entry in broken:
        within, key = (data[section], entry[0]) if entry else (data, section)
        del within[key]
    return Parts(document, _Parts.model_validate(data, context=names), broken)


def misfits(parts: Parts) -> Iterator[Problem]:
    """Everything that does not fit together."""
    yield from key_problems(parts.document, ("hosts",), naming("a host"))
    yield from key_problems(parts.document, ("checks",), naming("a check"))
    yield from _host_problems(parts)
    yield from _witness_problems(parts)
    yield from _quorum_problems(parts)
    yield from _vip_address_problems(parts)
    for address, vip in parts.keys.vips.items():
        yield from _candidate_problems(parts, address, vip)
        yield from _label_problems(parts, address, vip)
    yield from _timer_problems(parts)


def label_of(interface: str, written: str) -> str:
    """The whole alias: `eth0:marc`, written so or as `marc`."""
    return f"{interface}:{written.rpartition(':')[2]}"


def _host_problems(parts: Parts) -> Iterator[Problem]:
    document, keys = parts.document, parts.keys
    mains = parts.mains
    for name, host in keys.hosts.items():
        if parts.interface(name) is None and parts.is_whole("interface"):
            what = f"{quoted(name)} has no 'interface', nor has the file one for all hosts"
            place = document.key_place(("hosts", name))
            yield Problem(place, what, "write for example interface: eth0 at the top of the file")
        if mains[host.address] != name:
            whose = f"the main address of {quoted(mains[host.address])}"
            what = f"{quoted(str(host.address))} is {whose} already"
            place = document.value_place(("hosts", name, "address"))
            yield Problem(place, what, "write an address that this host alone has")


def _witness_problems(parts: Parts) -> Iterator[Problem]:
    mains = parts.mains
    for at, witness in enumerate(parts.keys.witnesses):
        if witness in mains:
            whose = f"the main address of {quoted(mains[witness])}"
            what = f"{quoted(str(witness))} is {whose}, which can not be its own witness"
            place = parts.document.value_place(("witnesses", at))
            yield Problem(place, what, "name an address of another machine, such as the gateway's")


def _quorum_problems(parts: Parts) -> Iterator[Problem]:
    if not parts.is_whole("witnesses", "quorum"):
        return
    document, quorum, count = parts.document, parts.keys.quorum, len(parts.keys.witnesses)
    if quorum and not count:
        what = "there are no 'witnesses', without which a host that is cut off can not know it"
        mend = 'write for example witnesses: ["192.0.2.254"], or quorum: 0 to do without'
        yield Problem(document.key_place(("witnesses",)), what, mend)
    elif quorum > count:
        what = f"{quorum} witnesses can not answer where there are {count}"
        place = document.value_place(("quorum",))
        yield Problem(place, what, f"write at most {count}, or name more witnesses")


def _vip_address_problems(parts: Parts) -> Iterator[Problem]:
    taken = {witness: "a witness" for witness in parts.keys.witnesses}
    taken |= {
        address: f"the main address of {quoted(name)}" for address, name in parts.mains.items()
    }

    def vip_address(text: str) -> Address:
        address = cast(Address, UNICAST.read(text))
        if address in taken:
            raise mistake(f"{quoted(text)} is {taken[address]}", "write another address")
        return address

    yield from key_problems(parts.document, ("vips",), vip_address)


def _candidate_problems(parts: Parts, address: str, vip: VipKeys) -> Iterator[Problem]:
    for at, name in enumerate(vip.candidates):
        host = parts.keys.hosts.get(name)
        if host and not host.agent:
            what = f"{quoted(name)} has 'agent: false', so that it can only own"
            place = parts.document.value_place(("vips", address, "candidates", at))
            yield Problem(place, what, "name another host, or run the agent there")


def _label_problems(parts: Parts, address: str, vip: VipKeys) -> Iterator[Problem]:
    if vip.label is None:
        return
    place = parts.document.value_place(("vips", address, "label"))
    if _is_ipv6(address):
        yield Problem(place, "an IPv6 address has no label", "remove it")
        return
    hosts = [name for name in (vip.owner, *vip.candidates) if parts.runs_agent(name)]
    interfaces = {name: found for name in hosts if (found := parts.interface(name)) is not None}
    above, _, alias = vip.label.rpartition(":")
    for name, interface in interfaces.items():
        if above not in ("", interface):
            whose = f"{interface}, the interface of {quoted(name)}"
            what = f"{quoted(vip.label)} is no alias of {whose}"
            yield Problem(place, what, f"write {alias}, which each host puts behind its interface")
            return
    aliases = [label_of(interface, vip.label) for interface in interfaces.values()]
    longest = max(aliases, key=len, default="")
    too_many = len(longest) - MAX_INTERFACE_OCTETS
    if too_many > 0:
        what = f"{quoted(longest)} has {len(longest)} characters"
        room = len(alias) - too_many
        yield Problem(place, what, f"write a label of at most {room}" if room > 0 else "remove it")


def _is_ipv6(address: str) -> bool:
    try:
        return cast(Address, UNICAST.read(address)).version == 6
    except MistakenError:
        return False


def _timer_problems(parts: Parts) -> Iterator[Problem]:
    keys = parts.keys
    if keys.timers is not None and parts.is_whole("timers", "profile"):
        for at, what, mend in contradictions(keys.profile, keys.timers):
            yield Problem(parts.document.value_place(("timers", *at)), what, mend)
