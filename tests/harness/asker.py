"""Asks a server for A records at a steady rate, independent of its replies, and notes each reply.

Run as a program, so that it can be put into a network namespace:
`python asker.py HOST PORT NAME RATE FILE`. Each line of FILE is the time of the question
(time.monotonic, which all processes share), the RCODE, and the addresses in order.
"""

import selectors
import signal
import socket
import sys
import time
from pathlib import Path

import dns.flags
import dns.message
import dns.rdatatype

LONGEST_RUN_S = 120.0


def main() -> None:
    host, port, name, rate, file = sys.argv[1:]
    query = dns.message.make_query(name, dns.rdatatype.A)
    sent: dict[int, float] = {}
    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        selectors.DefaultSelector() as selector,
        Path(file).open("w", buffering=1) as notes,
    ):
        sock.connect((host, int(port)))
        sock.setblocking(False)
        selector.register(sock, selectors.EVENT_READ)
        begun = due = time.monotonic()
        number = 0
        while not stopping and time.monotonic() - begun < LONGEST_RUN_S:
            now = time.monotonic()
            if now >= due:
                number = (number + 1) % 65536
                query.id = number
                sock.send(query.to_wire())
                sent[number] = now
                due += 1 / float(rate)
            selector.select(max(0.0, due - time.monotonic()))
            while True:
                try:
                    reply = dns.message.from_wire(sock.recv(4096))
                except (BlockingIOError, ConnectionRefusedError):
                    break
                addresses = [
                    r.address for rrset in reply.answer for r in rrset if rrset.rdtype == 1
                ]
                print(sent.pop(reply.id), reply.rcode(), *addresses, sep="\t", file=notes)
        print("lost", sum(now - at > 1 for at in sent.values()), sep="\t", file=notes)


if __name__ == "__main__":
    main()
