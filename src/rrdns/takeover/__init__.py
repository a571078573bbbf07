"""Takeover: a dead host's virtual address is answered by its peer, and given back later."""
