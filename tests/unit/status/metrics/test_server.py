"""The server tells what it is, since when, and who is connected."""

from rrdns import __version__

from ..conftest import STARTED_AT, Server
from .scraping import value


async def test_the_server_tells_of_itself(server: Server) -> None:
    server.tcp_connections = 3
    assert value(server, "rrdns_build_info", version=__version__) == 1
    assert value(server, "rrdns_player_info", player="python") == 1
    assert value(server, "rrdns_ready") == 1
    assert value(server, "rrdns_udp_workers") == 1
    assert value(server, "rrdns_tcp_connections_limit") == 1000
    assert value(server, "rrdns_tcp_connections") == 3
    assert value(server, "rrdns_start_time_seconds") == STARTED_AT
    assert value(server, "rrdns_zone_serial", zone="linux.example.") == 7
    assert (value(server, "process_resident_memory_bytes") or 0) > 0
