"""What processes may do: this one, a running server, and the service that systemd would start."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..seen import Capability, Rights

UNIT = "rrdns.service"
UNIT_FOLDERS = (  # systemd.unit(5), those of the administrator first
    "etc/systemd/system",
    "run/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
)
SYSTEMD_FILES = 524288  # DefaultLimitNOFILE's hard limit, systemd-system.conf(5)

# Keys whose values add up; an empty one begins anew.
_LISTS = ("AmbientCapabilities", "CapabilityBoundingSet")


def of_process(pid: int | str, who: str) -> Rights:
    """Those of a process, or of this one for `self`. Raises OSError."""
    folder = Path("/proc", str(pid))
    return read_process((folder / "status").read_text(), (folder / "limits").read_text(), who)


def read_process(status_text: str, limits_text: str, who: str) -> Rights:
    """From its status and its limits as proc(5) has them."""
    status = dict(line.split(":", 1) for line in status_text.splitlines() if ":" in line)
    mask = int(status["CapEff"], 16)
    _, effective_uid, *_ = status["Uid"].split()
    _, effective_gid, *_ = status["Gid"].split()
    return Rights(
        who,
        frozenset(each for each in Capability if mask >> each & 1),
        _hard_limit(limits_text),
        int(effective_uid),
        frozenset(map(int, [effective_gid, *status.get("Groups", "").split()])),
    )


def _hard_limit(limits_text: str) -> int:
    name = "Max open files"
    [line] = [line for line in limits_text.splitlines() if line.startswith(name)]
    return _number(line.removeprefix(name).split()[1], "unlimited")


def of_service(config: Path, root: Path = Path("/")) -> Rights | None:
    """Those of the service, if there is one that serves this configuration. Raises OSError."""
    folders = [root / folder for folder in UNIT_FOLDERS]
    unit = next((folder / UNIT for folder in folders if (folder / UNIT).is_file()), None)
    if unit is None:
        return None
    changes = {
        path.name: path for folder in reversed(folders) for path in folder.glob(f"{UNIT}.d/*.conf")
    }
    texts = [path.read_text() for path in (unit, *(changes[name] for name in sorted(changes)))]
    keys = read_unit(texts)
    return rights_of_unit(keys) if str(config.absolute()) in keys.get("ExecStart", "") else None


def read_unit(texts: Iterable[str]) -> Mapping[str, str]:
    """The keys of a unit and of what is added to it, of all its sections."""
    keys: dict[str, str] = {}
    for line in "\n".join(texts).replace("\\\n", " ").splitlines():
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or key.startswith(("#", ";")):
            continue
        adds_up = key in _LISTS and value and key in keys
        keys[key] = f"{keys[key]} {value}" if adds_up else value
    return keys


def rights_of_unit(keys: Mapping[str, str]) -> Rights:
    """What systemd lets the service do: to root all that is not taken away, to others what is
    given (systemd.exec(5))."""
    every = frozenset(Capability)
    bounds = _capabilities(keys["CapabilityBoundingSet"]) if _LISTS[1] in keys else every
    is_root = keys.get("User", "root") in ("root", "0", "") and "DynamicUser" not in keys
    given = every if is_root else _capabilities(keys.get("AmbientCapabilities", ""))
    limit = keys.get("LimitNOFILE", str(SYSTEMD_FILES)).split(":")[-1]
    return Rights(UNIT, given & bounds, _number(limit, "infinity"))


def _capabilities(text: str) -> frozenset[Capability]:
    words = set(text.removeprefix("~").split())
    named = frozenset(each for each in Capability if f"CAP_{each.name}" in words)
    return frozenset(Capability) - named if text.startswith("~") else named


def _number(text: str, endless: str) -> int:
    return sys.maxsize if text == endless else int(text)
