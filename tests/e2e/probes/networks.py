"""Where a child may run: in a network of its own, or without a privilege."""

import os
import shutil
import subprocess

import pytest

NEW_NETWORK = ("unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
WITHOUT_RAW = ("setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-all")


def can_make_networks() -> bool:
    if os.geteuid() or not all(map(shutil.which, ("unshare", "ip", "setpriv"))):
        return False
    words = [*NEW_NETWORK, "test", "-w", "/proc/sys/net/ipv4/ping_group_range"]
    return subprocess.run(words, capture_output=True).returncode == 0


needs_networks = pytest.mark.skipif(
    not can_make_networks(), reason="needs root, and unshare, ip and setpriv"
)
