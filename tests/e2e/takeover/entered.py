"""What is tested runs in this process, with its sockets at a host of the segment."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.lab import inside
from harness.namespaces import enter, enter_at


@contextmanager
def entered(namespace: str) -> Iterator[None]:
    """What this thread opens meanwhile, in whichever task, is open there, and stays so."""
    with Path("/proc/thread-self/ns/net").open() as home:
        enter(namespace)
        try:
            yield
        finally:
            enter_at(Path(f"/proc/self/fd/{home.fileno()}"))


def with_capabilities(namespace: str, capabilities: str, program: str) -> str:
    """What a Python program prints that has no capabilities but these, `+net_raw,+net_admin` say.

    Whatever Python has to complain of counts too: unclosed sockets, tasks that nobody awaited.
    """
    bounds = ["setpriv", "--inh-caps", "-all", "--bounding-set", f"-all{capabilities}"]
    words = [*bounds, sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(
        inside(namespace, words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60
    )
    return done.stdout.decode()
