"""A copy of rrdns whose C player runs under AddressSanitizer and UndefinedBehaviourSanitizer."""

import shutil
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from .compiling import BINDING, CORE, PACKAGE, compiled, gcc, python_include, ran

FLAGS = ("-shared", "-fPIC", "-O1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined")
STRICT = ("-fno-sanitize-recover=all",)
REPORTS = ("AddressSanitizer", "runtime error:", "UndefinedBehaviorSanitizer")


def sanitized(folder: Path) -> Mapping[str, str]:
    """Makes the copy in `folder`; the environment in which Python runs it."""
    compiler, headers = gcc(), python_include()
    copy = folder / PACKAGE.name
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    extension = copy / "serve" / f"_player{sysconfig.get_config_var('EXT_SUFFIX')}"
    compiled(compiler, extension, [*CORE, *BINDING], FLAGS + STRICT, [headers])
    environment = {
        "PYTHONPATH": str(folder),
        "LD_PRELOAD": ran([compiler, "-print-file-name=libasan.so"]).stdout.strip(),
        "PYTHONMALLOC": "malloc",  # so that each object is watched by itself
        "ASAN_OPTIONS": "detect_leaks=0",  # Python's own are many; tests/fuzz looks for ours
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    assert _extension_used(environment) == str(extension)
    return environment


def assert_clean(text: str) -> None:
    """No sanitizer has reported anything in `text`."""
    assert not any(report in text for report in REPORTS), text


def _extension_used(environment: Mapping[str, str]) -> str:
    told = "import rrdns.serve._player as player; print(player.__file__)"
    settings = [f"{name}={value}" for name, value in environment.items()]
    done = ran(["env", *settings, sys.executable, "-c", told])
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
