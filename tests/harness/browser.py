"""A headless Chromium, driven by the DevTools protocol over two pipes: no port, no other program.

https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from .awaiting import until

NAMES = ("chromium", "chromium-browser", "google-chrome")
# As root it runs only without its sandbox; it is to stay within this machine, and to be quick.
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-pipe",
)
READS, WRITES = 3, 4  # the descriptors that Chromium has for these pipes
FREE_FROM = 10  # ours must not be among those


class Browser:
    """One Chromium with one page."""

    def __init__(self, to_it: int, from_it: int) -> None:
        self._to_it, self._from_it = to_it, from_it
        self._came = bytearray()
        self._calls = 0
        self._session: str | None = None
        self.errors: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Accessibility"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What Chromium replies to a command."""
        self._calls += 1
        message: dict[str, Any] = {"id": self._calls, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to_it, json.dumps(message).encode() + b"\0")
        while (said := self._next()).get("id") != self._calls:
            self._note(said)
        assert "error" not in said, f"{method}: {said['error']}"
        result: dict[str, Any] = said["result"]
        return result

    def open(self, url: str) -> None:
        """Shows the page at `url`, and waits until it is loaded."""
        failure = self.call("Page.navigate", url=url).get("errorText")
        assert not failure, f"{url}: {failure}"
        until(lambda: self.value("document.readyState") == "complete")

    def value(self, expression: str) -> Any:
        """What `expression` is worth in JavaScript, also where the page may run none."""
        said = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def text(self, selector: str = "body") -> str:
        """The text of an element as it is shown; empty where there is none."""
        return str(self.value(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def press(self, key: str, code: int, text: str = "") -> None:
        """Presses a key and lets it go."""
        pressed = {"key": key, "windowsVirtualKeyCode": code, "text": text}
        self.call("Input.dispatchKeyEvent", type="keyDown", **pressed)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def look(self, *, width: int, scheme: str = "light", height: int = 900) -> None:
        """Has the page shown `width` pixels wide, in a light or dark colour scheme."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.call("Emulation.setScrollbarsHidden", hidden=True)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=features)

    def picture(self, file: Path) -> None:
        """Writes what is shown, the whole length of it, as PNG."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {**size, "scale": 1}
        shot = self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(shot["data"]))

    def accessible(self) -> list[tuple[str, str]]:
        """Role and name of all that assistive technology is told of."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [
            (str(node["role"]["value"]), str(node.get("name", {}).get("value", "")))
            for node in nodes
            if not node["ignored"]
        ]

    def _next(self) -> dict[str, Any]:
        while (end := self._came.find(b"\0")) < 0:
            octets = os.read(self._from_it, 1 << 16)
            assert octets, "Chromium has ended"
            self._came += octets
        said: dict[str, Any] = json.loads(self._came[:end])
        del self._came[: end + 1]
        return said

    def _note(self, said: dict[str, Any]) -> None:
        """Keeps what the page does that it should not."""
        if said.get("method") == "Runtime.exceptionThrown":
            self.errors.append(str(said["params"]["exceptionDetails"]))
        elif said.get("method") == "Log.entryAdded":
            self.errors.append(str(said["params"]["entry"]["text"]))


@contextmanager
def browser(folder: Path, wrapper: tuple[str, ...] = ()) -> Iterator[Browser]:
    """A Chromium with its files in `folder`. `wrapper` goes before its command.

    Where there is none the test is skipped; in CI that is a failure.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        assert not os.environ.get("CI"), "Chromium is to be there in CI"
        pytest.skip("Chromium is not installed")
    with ExitStack() as undo:
        its_input, ours = _pipe(undo)
        from_it, its_output = _pipe(undo)
        redirect = f'exec "$@" {READS}<&{its_input} {WRITES}>&{its_output}'
        options = [*OPTIONS, f"--user-data-dir={folder / 'chromium'}"]
        log = undo.enter_context((folder / "chromium.log").open("wb"))
        process = subprocess.Popen(
            ["bash", "-c", redirect, "bash", *wrapper, program, *options, "about:blank"],
            pass_fds=(its_input, its_output),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        undo.callback(_end, process)
        os.close(its_output)  # so that its end is seen
        shown = Browser(ours, from_it)
        try:
            yield shown
        except BaseException:
            with suppress(AssertionError, OSError):
                print(f"the page:\n{shown.text()}\nits errors: {shown.errors}", file=sys.stderr)
            raise


def _pipe(undo: ExitStack) -> list[int]:
    """The ends to read and to write, neither of them where Chromium expects its own."""
    ends = []
    for end in os.pipe():
        ends.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, FREE_FROM))
        os.close(end)
        undo.callback(_close, ends[-1])
    return ends


def _close(descriptor: int) -> None:
    with suppress(OSError):  # it is closed already
        os.close(descriptor)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends Chromium and all that it has started: they are a process group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
