"""A small web server in a process of its own: ADDRESS PORT FOLDER DELAY_S."""

import sys
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


class _Handler(SimpleHTTPRequestHandler):
    delay_s = 0.0

    def do_GET(self) -> None:
        time.sleep(self.delay_s)
        super().do_GET()


if __name__ == "__main__":
    address, port, folder, delay = sys.argv[1:]
    _Handler.delay_s = float(delay)
    with ThreadingHTTPServer((address, int(port)), partial(_Handler, directory=folder)) as server:
        server.serve_forever()
