"""Does a reply leave from the address that was asked (RFC 2181 section 4.1)?"""

from collections.abc import Iterable, Iterator, Mapping

from rrdns.config.settings import DnsSettings, Listen
from rrdns.health.check import Address

from ..finding import Finding, failure, note, ok
from ..patient import Patient
from ..seen import Local

MOST_ASKED = 64  # addresses of a host


def examine(patient: Patient) -> Iterator[Finding]:
    """Asks the running server over each of its addresses."""
    if patient.report is None or not patient.report["ready"]:
        what = "not tried: no server answers queries here"
        mend = "run the doctor again when it does: it will ask over each address of this host"
        yield note(what, mend)
        return
    if not patient.is_here:
        yield note("not tried: the server is in another container or host")
        return
    asked = addresses_to_ask(patient.loaded.settings.dns, patient.host.local())
    zone = min(patient.loaded.zones)
    yield from judge(patient.host.sources(asked, zone))


def addresses_to_ask(dns: DnsSettings, local: Iterable[Local]) -> list[Listen]:
    """Where the server should be found; link-local addresses need a link, and are left out."""
    found: dict[Listen, None] = {}
    for listen in dns.listen:
        if listen.port == 0:
            continue
        if not listen.host.is_unspecified:
            found[listen] = None
            continue
        for each in local:
            is_asked = each.address.version == listen.host.version and each.is_up
            if is_asked and not each.address.is_link_local:
                found[Listen(each.address, listen.port)] = None
    return list(found)[:MOST_ASKED]


def judge(sources: Mapping[Listen, Address | None]) -> Iterator[Finding]:
    """`sources` says, for each that was asked, which address replied."""
    right = [str(asked) for asked, source in sources.items() if source == asked.host]
    silent = [str(asked) for asked, source in sources.items() if source is None]
    for asked, source in sources.items():
        if source not in (None, asked.host):
            yield failure(
                f"a query to {asked} was answered from {source}, and clients drop such replies",
                f'name the address in dns.listen: "{asked}"; look for rules that rewrite sources'
                " (`nft list ruleset`)",
            )
    if silent:
        mend = "restart the server if dns.listen was edited; look at `nft list ruleset`"
        yield failure(f"a query over UDP to {', '.join(silent)} was not answered", mend)
    if right:
        yield ok(f"a reply leaves from the address that was asked: {', '.join(right)}")
