"""Ethernet addresses: octets in frames, elsewhere text in lower case, `02:00:00:00:00:01`."""

MAC_OCTETS = 6
BROADCAST = "ff:ff:ff:ff:ff:ff"
NOBODY = "00:00:00:00:00:00"


def mac_text(octets: bytes) -> str:
    return octets.hex(":")


def mac_octets(mac: str) -> bytes:
    """ValueError where `mac` is none."""
    octets = bytes.fromhex(mac.replace(":", ""))
    if len(octets) != MAC_OCTETS:
        raise ValueError(f"{mac!r} is no Ethernet address")
    return octets
