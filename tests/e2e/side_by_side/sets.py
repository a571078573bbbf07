"""The sets of tricky zones: each is a folder, and one server has all of its zones at a time."""

from collections.abc import Mapping
from pathlib import Path

SETS = {folder.name: folder for folder in sorted((Path(__file__).parent / "zones").iterdir())}


def zones_in(folder: Path) -> dict[str, Path]:
    """The zones of a set by apex: what its master files are named for."""
    files = sorted(folder.glob("*.zone"))
    return {"." if file.stem == "root" else file.stem: file for file in files}


def configuration(zones: Mapping[str, Path]) -> str:
    """What rrdns.yaml says to serve `zones`; the harness fills in the ports and the player."""
    entries = "".join(f'  "{apex}": {file.name}\n' for apex, file in zones.items())
    return (
        'dns: {listen: ["127.0.0.1:$DNS_PORT"], player: $PLAYER}\n'
        'status: {listen: "127.0.0.1:$STATUS_PORT"}\n'
        f"zones:\n{entries}"
    )


def texts(zones: Mapping[str, Path]) -> dict[str, str]:
    """The master files of `zones` by name."""
    return {file.name: file.read_text() for file in zones.values()}
