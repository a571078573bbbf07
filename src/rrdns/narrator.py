"""What the log says: one line for each thing that an operator would want to know."""

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from rrdns.answer.snapshot import RRKey
from rrdns.config.settings import PlayerChoice
from rrdns.health.check import Address
from rrdns.health.vantage import View
from rrdns.health.verdict import State
from rrdns.load import Loaded
from rrdns.pool.cover import Agent, Cover, Covers, CoverState
from rrdns.pool.duty import Assignment
from rrdns.pool.judge import Judge
from rrdns.pool.member import Member, Pool, Rung
from rrdns.pool.rotation import Rotation
from rrdns.pool.standing import Change
from rrdns.publisher import families
from rrdns.zone import name as names
from rrdns.zone.changes import changes
from rrdns.zone.name import Name
from rrdns.zone.presentation import type_text
from rrdns.zone.tree import Zone

log = logging.getLogger("rrdns")

MOST_NAMED = 12  # addresses in one line


class Narrator:
    """Tells members' and pools' changes, reloads, and what is served."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._rungs: dict[RRKey, Rung] = {}
        self._covers: dict[Address, Cover] = {}

    def serving(self, loaded: Loaded, addresses: Iterable[str]) -> None:
        """The server is ready."""
        for problem in loaded.all_warnings():
            log.warning("%s", problem)
        members = sum(len(pool.members) for pool in loaded.pools)
        log.info(
            "serving %s on %s: %s, %s",
            counted(len(loaded.zones), "zone"),
            ", ".join(addresses),
            counted(len(loaded.pools), "pool"),
            counted(members, "member"),
        )

    def trusting(self, age_s: float) -> None:
        """The server starts from saved verdicts."""
        log.info(
            "starting from what was known %d s ago; a round of probes confirms it meanwhile", age_s
        )

    def playing(self, choice: PlayerChoice, workers: int) -> None:
        """What plays the answers, and on how many threads for each address."""
        if choice is PlayerChoice.C:
            log.info("the C player answers, %s for each address", counted(workers, "UDP thread"))
        else:
            log.info("the Python player answers; the one in C, where it is built, is faster")

    def member_changed(self, change: Change, *, quietly: bool = False) -> None:
        """A member is up or down, with the reason and the count that decided it.

        That a new member is up is what one expects, and told to those who ask for more, as is
        what is to be said `quietly`.
        """
        if quietly:
            level = logging.DEBUG
        elif change.after is State.DOWN:
            level = logging.WARNING
        else:
            level = logging.DEBUG if change.before is None else logging.INFO
        log.log(
            level,
            "pool=%s member=%s %s: %s",
            names.to_text(change.pool.owner),
            _member_text(change.member),
            change.after.upper(),
            self._judge.reason(change.pool, change.member) or "no check",
        )

    def vantage(self, view: View | None) -> None:
        """This host is cut off from its anchors, or no longer; None: it has none any more."""
        if view is None:
            log.info("there are no anchors any more; verdicts are no longer frozen")
        elif view.cut_off:
            log.error("cut off: no anchor answers (%s); verdicts are frozen", view.reason)
        else:
            log.info("an anchor answers again: %s", view.reason)

    def agent_silent(self, url: str, agent: Agent) -> None:
        """A takeover agent does not tell who has which address."""
        log.warning("takeover agent %s does not tell who has which address: %s", url, agent.problem)

    def agent_tells(self, url: str, agent: Agent) -> None:
        """It does again."""
        host = agent.word.host if agent.word is not None else "nobody"
        log.info("takeover agent %s tells again, on %s", url, host)

    def covers(self, pool: Pool, covers: Covers) -> None:
        """Somebody else has the address of a member, or two have."""
        if not covers.known and not self._covers:
            return
        for member in pool.members:
            address = member.address
            before, after = self._covers.get(address), covers.of(address)
            if before == after:
                continue
            if after is None:
                del self._covers[address]
            else:
                self._covers[address] = after
            log.log(_cover_level(before, after), "vip=%s %s", address, _cover_text(before, after))

    def ordered(self, pool: Pool, member: Member, assignment: Assignment) -> None:
        """An operator has given an order."""
        until = "" if assignment.until is None else f" until {clock_text(assignment.until)}"
        reason = f": {assignment.reason}" if assignment.reason else ""
        self._say_of(pool, member, f"ordered {assignment.duty}{until}{reason}")

    def order_ended(self, pool: Pool, member: Member) -> None:
        """An order has ended by itself."""
        self._say_of(pool, member, "the order has ended: ready")

    def order_dropped(self, owner: Name, address: Address, assignment: Assignment) -> None:
        """An order has ended because an edit has taken its member away."""
        log.warning(
            "pool=%s member=%s is no member any more: the order %s has ended",
            names.to_text(owner),
            address,
            assignment.duty,
        )

    def drilled(self, pool: Pool, member: Member, until: float) -> None:
        """A fire drill begins."""
        self._say_of(pool, member, f"fire drill until {clock_text(until)}")

    def _say_of(self, pool: Pool, member: Member, what: str) -> None:
        owner = names.to_text(pool.owner)
        log.info("pool=%s member=%s %s", owner, _member_text(member), what)

    def rotations(self, pool: Pool, rotations: Mapping[RRKey, Rotation]) -> None:
        """A rung of the ladder is stepped on or left."""
        for key in families(pool):
            rotation = rotations[key]
            if rotation.rung is self._rungs.get(key):
                continue
            owner, rtype = key
            where = f"pool={names.to_text(owner)} type={type_text(rtype)}"
            if rotation.rung is None:
                del self._rungs[key]
                log.info("%s: members are up again, rotation as usual", where)
            else:
                self._rungs[key] = rotation.rung
                addresses = [str(member.address) for member in rotation.members[:MOST_NAMED]]
                more = ["..."] if len(rotation.members) > MOST_NAMED else []
                handed_out = ", ".join(addresses + more) or "nothing"
                log.error(
                    "%s: no member is up; %s: handing out %s", where, rotation.rung, handed_out
                )

    def forget_all_but(self, pools: Iterable[Pool]) -> None:
        """Drops what is known of pools and members that are gone."""
        pools = tuple(pools)
        kept = {key for pool in pools for key in families(pool)}
        for key in self._rungs.keys() - kept:
            del self._rungs[key]
        addresses = {member.address for pool in pools for member in pool.members}
        for address in self._covers.keys() - addresses:
            del self._covers[address]

    def reloaded(self, before: Loaded, after: Loaded) -> None:
        """What a reload changed in terms of answers, and what it rejected.

        Takes its time with large zones, and may be called from another thread.
        """
        for problem in after.rejected:
            log.error("%s", problem)
        if after.rejected:
            log.error("rejected: what was served before is served on, until this is mended")
        elif not after.differs_from(before):
            log.info("reload: nothing has changed")
        for apex, version in after.zones.items():
            old = before.zones.get(apex)
            if old is None or old.loaded is not version.loaded:
                _tell_of_zone(old.loaded.zone if old else None, version.loaded.zone)
        for apex in before.zones.keys() - after.zones.keys():
            log.info("zone %s: no longer served", names.to_text(apex))
        if after.settings != before.settings:
            log.info("configuration: loaded, %s", counted(len(after.pools), "pool"))
        if after.settings.sockets() != before.settings.sockets():
            log.warning(
                "dns, status.listen, control.socket or state.file has changed: restart for that"
            )
        for problem in set(after.all_warnings()) - set(before.all_warnings()):
            log.warning("%s", problem)


def _cover_level(before: Cover | None, after: Cover | None) -> int:
    """That an owner has its own address is what one expects."""
    if CoverState.CONTESTED in (before and before.state, after and after.state):
        return logging.WARNING
    is_usual = before is None and after is not None and after.state is CoverState.HELD
    return logging.DEBUG if is_usual else logging.INFO


def _cover_text(before: Cover | None, after: Cover | None) -> str:
    contested = before is not None and before.state is CoverState.CONTESTED
    was = "no longer CONTESTED: " if contested else ""
    if after is None:
        return f"{was}no takeover agent is asked any more"
    reason = f": {after.reason}" if after.reason else ""
    match after.state:
        case CoverState.HELD:
            return f"{was}held by its own host, {after.by}{reason}"
        case CoverState.COVERED:
            return f"{was}COVERED by {after.by}, for {after.owner}{reason}"
        case CoverState.CONTESTED:
            return f"CONTESTED{reason}"
        case CoverState.NOBODY:
            return f"{was}held by nobody{reason}"
        case CoverState.UNKNOWN:
            return f"{was}nobody tells who has it{reason}"


def _tell_of_zone(before: Zone | None, after: Zone) -> None:
    """What an edit changed, and whether secondaries will notice."""
    zone = names.to_text(after.apex)
    log.info("zone %s: loaded, serial %d", zone, after.serial)
    if before is None:
        return
    lines = changes(before, after)
    for line in lines:
        log.info("zone %s: %s", zone, line)
    if lines and before.serial == after.serial:
        log.warning(
            "zone %s: changed without a new serial (still %d); raise it in the SOA",
            zone,
            after.serial,
        )


def _member_text(member: Member) -> str:
    return f"{member.address} ({member.name})" if member.name else str(member.address)


def clock_text(at: float) -> str:
    """A time of day as it is written to logs: `2026-01-01 12:34:56Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def counted(number: int, noun: str) -> str:
    """`1 zone`, `2 zones`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
