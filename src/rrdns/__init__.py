"""rrdns: an authoritative DNS server whose round robin knows who is alive."""

__version__ = "0.1.0"
