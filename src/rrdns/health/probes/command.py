"""Command: a program of the operator decides. Exit status 0, 1, other: PASS, FAIL, ERROR."""

import time

from rrdns.health.check import Address, CommandCheck
from rrdns.health.result import Result
from rrdns.health.verdict import Outcome

from . import faults
from .prober import Prober, milliseconds, since, within
from .program import how_it_ended, run, why_not_started


class CommandProber(Prober[CommandCheck]):
    """A process per probe. A program that exceeds the timeout has failed: so the check says."""

    async def probe(self, check: CommandCheck, address: Address) -> Result:
        started = time.monotonic()
        program = check.argv[0]
        running = run(_argv(check, address), {"RRDNS_ADDRESS": str(address)})
        try:
            status, said = await within(check.timeout_s, running)
        except TimeoutError:
            return since(
                started, Outcome.FAIL, f"{program} did not end within {check.timeout_s:g} s"
            )
        except OSError as error:
            reason = why_not_started(program, error)
            if reason is None:
                return faults.judge(error, started)
            return since(started, Outcome.ERROR, reason)
        return _result(program, status, said, started)


def _result(program: str, status: int, said: str, started: float) -> Result:
    if status == 0:
        return since(started, Outcome.PASS, said or f"exit 0 in {milliseconds(started)}")
    if status == 1:
        return since(started, Outcome.FAIL, said or f"{program} exited with 1")
    text = f"{program} {how_it_ended(status)}; it must exit with 0 (pass) or 1 (fail)"
    return since(started, Outcome.ERROR, text + (f": {said}" * bool(said)))


def _argv(check: CommandCheck, address: Address) -> list[str]:
    argv = [word.replace("{address}", str(address)) for word in check.argv]
    return argv if tuple(argv) != check.argv else [*argv, str(address)]
