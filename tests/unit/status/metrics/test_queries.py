"""What was asked and how it was answered is counted."""

import dns.message

from harness.direct import CLIENT
from rrdns.answer.reference import Transport

from ..conftest import ZONE, MakeServer, Server
from .scraping import POOL, ask, families, value

CHAOS = dns.message.make_query("version.bind", "TXT", "CH").to_wire()


async def test_queries_are_told_by_protocol_and_rcode(server: Server) -> None:
    for _ in range(3):
        ask(server, "www.linux.example")
    ask(server, "nowhere.linux.example")
    ask(server, "elsewhere.example", over=Transport.TCP)
    server.answerers[Transport.UDP].answer(b"no header", CLIENT)
    assert value(server, "rrdns_queries_total", protocol="udp", rcode="NOERROR") == 3
    assert value(server, "rrdns_queries_total", protocol="udp", rcode="NXDOMAIN") == 1
    assert value(server, "rrdns_queries_total", protocol="tcp", rcode="REFUSED") == 1
    assert value(server, "rrdns_unanswered_total", protocol="udp") == 1
    assert value(server, "rrdns_unanswered_total", protocol="tcp") == 0


async def test_what_the_table_does_not_hold_is_told_and_what_was_lost(server: Server) -> None:
    ask(server, "www.linux.example")
    for _ in range(2):
        ask(server, "www.linux.example", "TXT", over=Transport.TCP)
        server.answerers[Transport.TCP].answer(CHAOS, CLIENT)
    tally = server.answerers[Transport.UDP].tally
    tally.overflowed, tally.unsent = 5, 7
    told = {
        name: [value(server, f"rrdns_{name}_total", protocol=over.value) for over in Transport]
        for name in ("left_queries", "overflowed_queries", "unsent_replies")
    }
    assert told == {
        "left_queries": [0, 2],
        "overflowed_queries": [5, 0],
        "unsent_replies": [7, 0],
    }


async def test_who_came_first_is_told_of_pools_only(make_server: MakeServer) -> None:
    server = make_server(zone=ZONE + "plain A 192.0.2.8\n A 192.0.2.9\n")
    await server.start()
    for over in Transport:
        for _ in range(4):
            ask(server, "www.linux.example", over=over)
            ask(server, "plain.linux.example", over=over)
    ask(server, "www.linux.example", "AAAA")
    counted = {
        (s.labels["pool"], s.labels["type"], s.labels["address"]): s.value
        for s in families(server)["rrdns_first_answers"].samples
    }
    assert counted == {
        (POOL, "A", "192.0.2.1"): 4,
        (POOL, "A", "192.0.2.2"): 4,
        (POOL, "AAAA", "2001:db8::1"): 1,
    }
