"""How long resolvers may keep a pool's answers: as long as it has been calm, within bounds.

A TTL that shrinks while a member is suspect has the caches ask again soon after it is dropped. It
grows back by doubling, so that a pool in trouble is compiled a few times and not every second.
"""

from math import inf

TROUBLE = -inf  # as `calm_s`: the trouble is now


def calm_ttl(floor: int, full: int, calm_s: float) -> int:
    """The TTL, in seconds, after so many seconds without trouble: `floor`, twice that once it has
    been calm for as long, and so on up to `full`."""
    ttl = floor
    while ttl * 2 <= calm_s and ttl < full:
        ttl *= 2
    return min(ttl, full)


def grows_in(floor: int, full: int, calm_s: float) -> float:
    """The seconds after which `calm_ttl` is larger, if it stays calm; infinite at `full`."""
    ttl = calm_ttl(floor, full, calm_s)
    return inf if ttl >= full or calm_s == TROUBLE else ttl * 2 - calm_s
