"""Sends one packet over and over and reads no reply: `python flooder.py HOST PORT PACKET`, in hex.

Run as a program, so that it does not share the interpreter with the test.
"""

import socket
import sys
from contextlib import suppress


def main() -> None:
    host, port, packet = sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((host, port))
        while True:
            with suppress(BlockingIOError, ConnectionRefusedError):
                sock.send(packet)


if __name__ == "__main__":
    main()
