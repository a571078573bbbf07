"""What the demo says of itself once it answers: what is there to try, ready to be pasted."""

import sys
from collections.abc import Iterable

from rrdns.config.settings import Settings

from .example import WWW, ZONE_FILE
from .mirrors import Mirror

TEXT = """\
rrdns demo: {www} has three web mirrors, all of them on this machine.

Ask for their addresses, several times, and look at the state:
    dig @{host} -p {port} {www}
    curl http://{status}/    # or open it in a browser
Stop a mirror: it leaves the answers within 4 s. Let it run on: it comes back.
{signals}
Edit the zone, a TTL perhaps, or add an address to www. To save it is enough:
    {zone}
The configuration beside it can be edited too, and tells commands whom to ask:
    {command} status -c {config}
{end}
"""
SIGNALS = "    kill -STOP {pid}    kill -CONT {pid}    # {name}, {url}"
BY_KEY = "Keys: 1, 2, 3 stop a mirror or let it run on; q ends the demo."
BY_SIGNAL = "Ctrl-C ends the demo and removes its files."


def what_to_try(settings: Settings, mirrors: Iterable[Mirror], *, has_keys: bool) -> str:
    """The text for a server with `settings`; `has_keys` is whether the terminal's keys work."""
    server = settings.dns.listen[0]
    return TEXT.format(
        www=WWW,
        host=server.host,
        port=server.port,
        status=settings.status,
        signals="\n".join(
            SIGNALS.format(pid=mirror.pid, name=mirror.name, url=mirror.url) for mirror in mirrors
        ),
        zone=settings.path.with_name(ZONE_FILE),
        config=settings.path,
        command=sys.argv[0] if sys.argv[0].endswith("/rrdns") else "rrdns",
        end=BY_KEY if has_keys else BY_SIGNAL,
    )
