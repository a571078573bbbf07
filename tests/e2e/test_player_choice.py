"""Without the extension the Python player serves, says so, and nobody gets C who asked for it."""

import shutil
import subprocess
import sys
from pathlib import Path

import dns.message
import pytest

import rrdns
from harness.process import serving
from harness.wire import UdpClient

CONFIG = """
dns: {listen: ["127.0.0.1:$DNS_PORT"], player: $PLAYER}
status: {listen: "127.0.0.1:$STATUS_PORT"}
zones: {lab.example: lab.example.zone}
"""
ZONE = "$TTL 60\n@ SOA ns1 hostmaster 1 3600 900 604800 60\n@ NS ns1\nns1 A 127.0.0.1\n"


@pytest.fixture(autouse=True)
def not_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server runs from a copy of the package that has no extension."""
    source = Path(rrdns.__file__).parent
    ignored = shutil.ignore_patterns("_player.*", "__pycache__")
    shutil.copytree(source, tmp_path / "copy" / "rrdns", ignore=ignored)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "copy"))


def test_asking_for_c_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "lab.example.zone").write_text(ZONE)
    (tmp_path / "rrdns.yaml").write_text("dns: {player: c}\nzones: {lab.example: lab.example.zone}")
    command = [sys.executable, "-m", "rrdns", "serve", "-c", str(tmp_path / "rrdns.yaml")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "dns.player is c, but the C player was not built" in ended.stderr
    assert "apt install gcc python3-dev" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("player", ["auto", "python"])
def test_the_python_player_answers_and_says_so(tmp_path: Path, player: str) -> None:
    with serving(tmp_path, CONFIG, {"lab.example.zone": ZONE}, player=player) as server:
        with UdpClient("127.0.0.1", server.dns_port) as client:
            reply = client.ask(dns.message.make_query("ns1.lab.example", "A").to_wire())
        assert dns.message.from_wire(reply).answer
        assert "the Python player answers" in server.log
