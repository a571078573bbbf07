"""One web mirror of the demo, a process of its own: `python -m rrdns.demo.mirror SOCKET FOLDER`.

SOCKET is the number of an inherited listening socket, FOLDER what is shown. The mirror writes a
line once it answers, and ends with its standard input, a pipe from the demo: however the demo
ends, no mirror is left behind.
"""

import os
import socket
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


def main(listening: int, folder: str) -> None:
    """Serves `folder` on the socket `listening` until standard input ends."""
    Thread(target=_end_with_stdin, daemon=True).start()
    page = partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("", 0), page, bind_and_activate=False) as server:
        server.socket.close()
        server.socket = socket.socket(fileno=listening)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        server.serve_forever()


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
