"""Asks a responder at a steady rate, whether it answers or not: ADDRESS PORT PER_S.

A line on stdout for each reply: the number of the question, when it was sent, when the reply came
(both time.monotonic), the name in it.
"""

import os
import select
import socket
import struct
import sys
import time
from contextlib import suppress

LARGEST = 64
NUMBER = struct.Struct("!Qd")


def told(reply: bytes, came_at: float) -> bytes:
    number, sent_at = NUMBER.unpack_from(reply)
    host = reply[NUMBER.size :].decode()
    return f"{number} {sent_at:.6f} {came_at:.6f} {host}\n".encode()


if __name__ == "__main__":
    address, port, per_s = sys.argv[1:]
    period_s = 1 / int(per_s)
    server = (address, int(port))
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        number = 0
        began = time.monotonic()
        while True:
            now = time.monotonic()
            wait_s = began + number * period_s - now
            if wait_s > 0:
                if select.select([sock], [], [], wait_s)[0]:
                    os.write(1, told(sock.recv(LARGEST), time.monotonic()))
                continue
            with suppress(OSError):  # no way there now: lost
                sock.sendto(NUMBER.pack(number, now), server)
            number += 1
