"""What a scrape of a server gives."""

import dns.message
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from harness.awaiting import eventually
from harness.direct import CLIENT
from rrdns.answer.reference import Transport
from rrdns.status.metrics import Measured, in_words, taken_down

from ..conftest import Server

POOL = "www.linux.example."


def families(server: Measured) -> dict[str, Metric]:
    """All families by name; of counters, without `_total`."""
    text = in_words(filter(None, taken_down(server))).decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(server: Measured, sample_name: str, **labels: str) -> float | None:
    """The sample of that name and exactly those labels; None where there is none."""
    found = [
        sample.value
        for family in families(server).values()
        for sample in family.samples
        if sample.name == sample_name and sample.labels == labels
    ]
    assert len(found) <= 1
    return found[0] if found else None


async def until_told(server: Measured, name: str) -> None:
    """Returns once the family of that name has a sample."""
    await eventually(lambda: families(server)[name].samples)


def ask(server: Server, name: str, rtype: str = "A", over: Transport = Transport.UDP) -> None:
    """Has the server answer a question."""
    server.answerers[over].answer(dns.message.make_query(name, rtype).to_wire(), CLIENT)
