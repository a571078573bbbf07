"""A good rrdns.yaml becomes settings in the server's own terms, with the documented defaults."""

from ipaddress import ip_address
from pathlib import Path

import pytest

from rrdns.config import settings as settings_module
from rrdns.config.read import read_contact
from rrdns.config.settings import (
    ControlSettings,
    Identity,
    Listen,
    PlayerChoice,
    Settings,
    StateSettings,
    TakeoverSettings,
    TcpLimits,
)
from rrdns.health.check import CommandCheck, HttpCheck, IcmpCheck, TcpCheck
from rrdns.health.vantage import Vantage
from rrdns.pool.member import DEFAULT_ANSWERS, Order, Policy, Require, Rung
from rrdns.zone.name import Name, from_text

from .conftest import Read

EXAMPLE = """\
dns:
  listen: ["127.0.0.1:5353", "[::1]:5353"]     # UDP and TCP on each
status:
  listen: "127.0.0.1:8053"
zones:
  linux.example: linux.example.zone            # apex: standard master file
checks:
  alive: {type: icmp, interval: 2s, timeout: 1s, fall: 2, rise: 2}
  web:   {type: http, port: 80, path: /, host: www.linux.example, status: [200-399]}
pools:
  www.linux.example:
    checks: [alive, web]
    order: cyclic        # cyclic | balanced | random | fixed
    hold: 1              # answers before the head moves to the bottom
    answers: all         # or a number
    all_down: [all]      # last-good, backup, all, nodata
    members:             # optional attributes for addresses that the zone has
      192.0.2.1: {name: marconi}
"""


def name(text: str) -> Name:
    return from_text(text)


def listens(settings: Settings) -> list[str]:
    return [str(address) for address in settings.dns.listen]


def with_check(text: str) -> str:
    return f"zones: {{a: a}}\nchecks:\n  it: {{{text}}}\npools: {{a: {{checks: [it]}}}}\n"


def test_the_example_of_the_readme(read: Read) -> None:
    settings = read(EXAMPLE)
    assert listens(settings) == ["127.0.0.1:5353", "[::1]:5353"]
    assert str(settings.status) == "127.0.0.1:8053"
    assert settings.zones == {name("linux.example"): Path.cwd() / "linux.example.zone"}
    (pool,) = settings.pools
    assert pool.owner == name("www.linux.example")
    assert str(pool.place) == "rrdns.yaml:11:3"
    assert pool.checks == (
        IcmpCheck(name="alive"),
        HttpCheck(name="web", port=80, host="www.linux.example"),
    )
    assert pool.policy == Policy(Order.CYCLIC, hold=1, answers=None)
    assert pool.all_down == (Rung.ALL,)
    member = pool.members[ip_address("192.0.2.1")]
    assert (member.name, member.weight, member.backup) == ("marconi", 1, False)
    assert str(member.place) == "rrdns.yaml:18:7"
    assert settings.warnings == ()


def test_the_smallest_file_has_only_zones(read: Read) -> None:
    settings = read("zones: {linux.example: linux.example.zone}\n")
    assert listens(settings) == ["0.0.0.0:53", "[::]:53"]
    assert str(settings.status) == "127.0.0.1:8053"
    assert settings.dns.workers is None
    assert settings.dns.player is PlayerChoice.AUTO
    assert settings.dns.cookies is True
    assert settings.dns.tcp == TcpLimits(idle_s=30, connections=1000, per_client=50)
    assert settings.dns.identity == Identity(version=None, hostname=None, nsid=None)
    assert settings.vantage == Vantage(anchors=())
    assert settings.takeover == TakeoverSettings(status=())
    assert settings.pools == ()
    assert settings.path == Path("rrdns.yaml")


def test_a_pool_without_keys_has_the_defaults(read: Read) -> None:
    (pool,) = read("zones: {a: a}\npools:\n  a:\n").pools
    assert pool.checks == ()
    assert pool.require is Require.ALL
    assert pool.policy == Policy(Order.CYCLIC, hold=1, answers=DEFAULT_ANSWERS)
    assert pool.all_down == (Rung.ALL,)
    assert pool.members == {}


def test_sections_whose_keys_are_all_commented_out_have_the_defaults(read: Read) -> None:
    empty = "dns:\nstatus:\nvantage:\ntakeover:\nchecks:\npools:\nzones: {a: a}\n"
    assert read(empty) == read("zones: {a: a}\n")
    assert read("dns: {tcp: , identity: }\nzones: {a: a}\n") == read("zones: {a: a}\n")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("192.0.2.53", "192.0.2.53:53"),
        ("192.0.2.53:5353", "192.0.2.53:5353"),
        ("0.0.0.0:0", "0.0.0.0:0"),
        ("::", "[::]:53"),
        ("2001:db8::53", "[2001:db8::53]:53"),
        ("[::1]", "[::1]:53"),
        ("[::1]:5353", "[::1]:5353"),
        ("fe80::1%lo", "[fe80::1%lo]:53"),
    ],
)
def test_an_address_to_listen_on(read: Read, written: str, expected: str) -> None:
    assert listens(read(f'zones: {{a: a}}\ndns: {{listen: ["{written}"]}}')) == [expected]


@pytest.mark.parametrize(("written", "expected"), [("auto", None), ("1", 1), ("64", 64)])
def test_a_number_of_workers(read: Read, written: str, expected: int | None) -> None:
    assert read(f"zones: {{a: a}}\ndns: {{workers: {written}}}").dns.workers == expected


@pytest.mark.parametrize("choice", PlayerChoice)
def test_a_player(read: Read, choice: PlayerChoice) -> None:
    assert read(f"zones: {{a: a}}\ndns: {{player: {choice}}}").dns.player is choice


def test_cookies_may_be_done_without(read: Read) -> None:
    assert read("zones: {a: a}\ndns: {cookies: false}").dns.cookies is False


@pytest.mark.parametrize(
    "written",
    ["listen: [127.0.0.1]", "workers: 2", "player: python", "cookies: false", "tcp: {idle: 1s}"],
)
def test_a_running_server_can_not_change_how_its_sockets_are_served(
    read: Read, written: str
) -> None:
    before = read("zones: {a: a}")
    assert read(f"zones: {{a: a}}\ndns: {{{written}}}").sockets() != before.sockets()


def test_a_running_server_can_change_what_it_tells_of_itself(read: Read) -> None:
    before = read("zones: {a: a}")
    after = read("zones: {a: a}\ndns: {identity: {nsid: ns1}}")
    assert after.sockets() == before.sockets()


def test_where_it_remembers_and_takes_orders_is_relative_to_the_file(
    read: Read, tmp_path: Path
) -> None:
    settings = read(
        "state: {file: s/state.json, max_age: 1m}\n"
        "control: {socket: c.sock, token_file: /etc/token}\nzones: {a: a}\n"
    )
    assert settings.state == StateSettings(tmp_path / "s/state.json", 60.0)
    assert settings.control == ControlSettings(tmp_path / "c.sock", Path("/etc/token"))
    assert settings.state.kept_in == tmp_path / "s/state.json"
    assert settings.control.listens_at == tmp_path / "c.sock"


def test_unless_written_it_remembers_and_takes_orders_where_there_is_a_folder_for_it(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = read("zones: {a: a}\n")
    monkeypatch.setattr(settings_module, "DEFAULT_STATE_FILE", tmp_path / "not" / "state.json")
    monkeypatch.setattr(settings_module, "DEFAULT_CONTROL_SOCKET", tmp_path / "control.sock")
    assert settings.state.kept_in is None
    assert settings.control.listens_at == tmp_path / "control.sock"


def test_status_may_leave_the_loopback_and_has_its_own_default_port(read: Read) -> None:
    settings = read("zones: {a: a}\nstatus: {listen: 0.0.0.0}")
    assert settings.status == Listen(ip_address("0.0.0.0"), 8053)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("status: {listen: 127.0.0.1:80}\nzones: 5\n", "127.0.0.1:80"),
        ("status:\nzones: {a..b: c}\n", "127.0.0.1:8053"),
        ("status: {listen: here}\n", "127.0.0.1:8053"),
        ("- 1\n", "127.0.0.1:8053"),
        ("[", "127.0.0.1:8053"),
    ],
)
def test_the_status_address_is_found_in_a_file_with_mistakes(
    tmp_path: Path, written: str, expected: str
) -> None:
    path = tmp_path / "rrdns.yaml"
    path.write_text(written)
    assert str(read_contact(path).status) == expected


@pytest.mark.parametrize(
    ("written", "expected_s"),
    [("500ms", 0.5), ("2s", 2), ("1m", 60), ("1h", 3600), ("3", 3), ("0.5", 0.5), ("1.5m", 90)],
)
def test_a_duration(read: Read, written: str, expected_s: float) -> None:
    (pool,) = read(with_check(f"type: icmp, interval: {written}")).pools
    assert pool.checks[0].interval_s == pytest.approx(expected_s)


def test_fast_interval_follows_a_shorter_interval(read: Read) -> None:
    (pool,) = read(with_check("type: icmp, interval: 200ms")).pools
    assert pool.checks[0].fast_interval_s == pytest.approx(0.2)


def test_every_type_of_check_with_its_defaults(read: Read) -> None:
    settings = read(
        """\
zones: {a: a}
checks:
  ping: {type: icmp}
  ssh: {type: tcp, port: 22}
  web: {type: http}
  tls: {type: https}
pools:
  a: {checks: [ping, ssh, web, tls]}
"""
    )
    assert settings.pools[0].checks == (
        IcmpCheck(name="ping"),
        TcpCheck(name="ssh", port=22),
        HttpCheck(name="web", port=80),
        HttpCheck(name="tls", port=443, tls=True),
    )


def test_every_key_of_an_https_check(read: Read) -> None:
    check = """\
type: https, port: 8443, path: "/ok?a=b", host: WWW.Bücher.example., verify: false,
status: [200, 300-302], body: 404, body_regex: "a|b", interval: 4s, timeout: 2s,
fast_interval: 1s, fall: 3, rise: 4, flap_window: 5m, rise_cap: 8,
tripwire: true, down_interval: 2s"""
    (pool,) = read(with_check(check)).pools
    assert pool.checks == (
        HttpCheck(
            name="it",
            port=8443,
            path="/ok?a=b",
            host="www.xn--bcher-kva.example",
            tls=True,
            verify=False,
            status=((200, 200), (300, 302)),
            body="404",
            body_regex="a|b",
            interval_s=4,
            timeout_s=2,
            fast_interval_s=1,
            fall=3,
            rise=4,
            flap_window_s=300,
            rise_cap=8,
            tripwire=True,
            down_interval_s=2.0,
        ),
    )


def test_every_key_of_the_vantage(read: Read) -> None:
    source = (
        "zones: {a: a}\nvantage: {anchors: [192.0.2.254, '2001:db8::1'], interval: 1s, timeout: 2s}"
    )
    anchors = (ip_address("192.0.2.254"), ip_address("2001:db8::1"))
    assert read(source).vantage == Vantage(anchors, interval_s=1.0, timeout_s=2.0)
    source = "zones: {a: a}\nvantage: {anchors: [192.0.2.254]}"
    assert read(source).vantage == Vantage(anchors[:1])


def test_every_key_of_takeover(read: Read) -> None:
    source = "zones: {{a: a}}\ntakeover: {{status: ['http://192.0.2.1:8056/']{}}}"
    agents = ("http://192.0.2.1:8056/",)
    assert read(source.format("")).takeover == TakeoverSettings(agents, 1.0, 1.0)
    found = read(source.format(", interval: 200ms, timeout: 500ms")).takeover
    assert found == TakeoverSettings(agents, interval_s=0.2, timeout_s=0.5)
    assert found.good_for_s == pytest.approx(1.1)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("curl", "curl"), ("/bin/true", "/bin/true"), ("./judge", "{folder}/judge")],
)
def test_a_program_named_by_path_is_relative_to_the_file(
    read: Read, written: str, expected: str
) -> None:
    (pool,) = read(with_check(f'type: command, argv: [{written}, -p, 80, yes, ""]')).pools
    program = expected.format(folder=Path.cwd())
    assert pool.checks == (CommandCheck(name="it", argv=(program, "-p", "80", "yes", "")),)


def test_names_are_text_whatever_yaml_1_1_makes_of_them(read: Read) -> None:
    settings = read(
        """\
zones: {on: off, no: 2024-01-01, 1: null.zone}
checks: {yes: {type: icmp}}
pools:
  on: {checks: [yes], members: {192.0.2.1: {name: 1:30}, 192.0.2.2: {name: 0777}}}
"""
    )
    assert settings.zones == {
        name("on"): Path.cwd() / "off",
        name("no"): Path.cwd() / "2024-01-01",
        name("1"): Path.cwd() / "null.zone",
    }
    (pool,) = settings.pools
    assert pool.owner == name("on")
    assert pool.checks == (IcmpCheck(name="yes"),)
    assert [member.name for member in pool.members.values()] == ["1:30", "0777"]


def test_internationalised_escaped_wildcard_and_root_names(read: Read) -> None:
    settings = read(
        "zones: {Bücher.example: b, .: root, '_tcp.a\\.b.example': e}\n"
        "pools: {'*.Bücher.example': }"
    )
    assert list(settings.zones) == [
        name("xn--bcher-kva.example"),
        name("."),
        name("_tcp.a\\.b.example"),
    ]
    assert settings.pools[0].owner == name("*.xn--bcher-kva.example")


def test_one_file_may_serve_two_zones_and_paths_may_be_absolute(read: Read) -> None:
    settings = read("zones: {a: /srv/any.zone, b: /srv/any.zone}")
    assert set(settings.zones.values()) == {Path("/srv/any.zone")}


def test_aliases_repeat_what_stands_above(read: Read) -> None:
    settings = read(
        """\
zones: {a: a}
checks: {alive: {type: icmp}}
pools:
  a: &like {checks: [alive], hold: 3}
  b.a: *like
"""
    )
    assert [pool.policy.hold for pool in settings.pools] == [3, 3]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[last-good]", (Rung.LAST_GOOD, Rung.ALL)),
        ("[backup, last-good]", (Rung.BACKUP, Rung.LAST_GOOD, Rung.ALL)),
        ("[last-good, nodata]", (Rung.LAST_GOOD, Rung.NODATA)),
    ],
)
def test_a_ladder_that_could_run_out_ends_in_all(
    read: Read, written: str, expected: tuple[Rung, ...]
) -> None:
    members = "{192.0.2.1: {backup: true}}"
    source = f"zones: {{a: a}}\npools: {{a: {{all_down: {written}, members: {members}}}}}"
    assert read(source).pools[0].all_down == expected


def test_what_is_hardly_meant_is_a_warning(read: Read) -> None:
    settings = read(
        """\
zones: {a: a}
checks: {alive: {type: icmp}}
pools: {a: {members: {192.0.2.1: {backup: true}}}}
"""
    )
    assert [str(problem) for problem in settings.warnings] == [
        "rrdns.yaml:2:10: warning: no pool uses the check 'alive';"
        " name it in the 'checks' of a pool, or remove it",
        "rrdns.yaml:3:23: warning: this backup is never handed out, as 'all_down' has no rung"
        " 'backup'; write for example all_down: [backup, all]",
    ]


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(read: Read) -> None:
    plain = "zones:\n  a: a\npools:\n  a:\n"
    assert read(b"\xef\xbb\xbf" + plain.replace("\n", "\r\n").encode()) == read(plain)
