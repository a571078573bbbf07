"""The links and addresses that are present on this host, as far as the kernel has told."""

import re
from dataclasses import dataclass, field

from rrdns.health.check import Address

TAG = 201  # the protocol of our addresses (IFA_PROTO); iproute2 names 1 to 3
TAGS_SINCE = (5, 18)  # the Linux that keeps it


@dataclass(frozen=True, slots=True)
class Held:
    """An address with our tag; `label` is its alias, None where it has none."""

    address: Address
    interface: str
    label: str | None


@dataclass(frozen=True, slots=True)
class Interface:
    """`carrier`: it is up, and connected."""

    name: str
    carrier: bool
    mac: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """What makes an address one of its own: on which interface, and in how large a network."""

    address: Address
    index: int
    prefix_length: int

    @classmethod
    def alone(cls, address: Address, index: int) -> "Place":
        """In no network, a /32 or /128: as those that we put there."""
        return cls(address, index, address.max_prefixlen)


@dataclass(frozen=True, slots=True)
class Mark:
    """How who has put an address there has marked it; `tag` 0: not at all."""

    tag: int
    label: str | None


@dataclass(slots=True)
class Present:
    """Interfaces by their index, and addresses. To set or forget one says if that is a change."""

    interfaces: dict[int, Interface] = field(default_factory=dict)
    addresses: dict[Place, Mark] = field(default_factory=dict)

    def set_interface(self, index: int, interface: Interface) -> bool:
        before, self.interfaces[index] = self.interfaces.get(index), interface
        return before != interface

    def forget_interface(self, index: int) -> bool:
        """Its addresses go with it."""
        self.addresses = {at: mark for at, mark in self.addresses.items() if at.index != index}
        return self.interfaces.pop(index, None) is not None

    def set_address(self, place: Place, mark: Mark) -> bool:
        before, self.addresses[place] = self.addresses.get(place), mark
        return before != mark

    def forget_address(self, place: Place) -> bool:
        return self.addresses.pop(place, None) is not None

    def index(self, name: str) -> int | None:
        """The index of the interface of that name."""
        return next((index for index, each in self.interfaces.items() if each.name == name), None)

    def carrier(self, name: str) -> bool:
        index = self.index(name)
        return index is not None and self.interfaces[index].carrier

    def macs(self) -> frozenset[str]:
        """Of all interfaces: what is said from there is said by this host."""
        return frozenset(each.mac for each in self.interfaces.values() if each.mac)

    def is_ours(self, place: Place) -> bool:
        """Whether the address is there, and we have put it there."""
        mark = self.addresses.get(place)
        return (
            mark is not None
            and mark.tag == TAG
            and place == Place.alone(place.address, place.index)
        )

    def others(self, address: Address) -> list[Place]:
        """Where somebody else has put it."""
        places = [place for place in self.addresses if place.address == address]
        return [place for place in places if not self.is_ours(place)]

    def held(self) -> list[Held]:
        """All that is ours."""
        found = []
        for place, mark in self.addresses.items():
            interface = self.interfaces.get(place.index)
            if interface is not None and self.is_ours(place):
                # Without a label the kernel has the interface's name there.
                label = None if mark.label == interface.name else mark.label
                found.append(Held(place.address, interface.name, label))
        return found

    def keeps_tags(self, release: str) -> bool:
        """Whether the kernel of this release does; any tag that is there proves it."""
        version = tuple(map(int, re.findall(r"\d+", release)[:2]))
        return any(mark.tag for mark in self.addresses.values()) or version >= TAGS_SINCE
