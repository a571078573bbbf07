"""Answers each UDP datagram with itself and this host's name, from the address that was asked,
which the host need not hold yet: ADDRESS PORT NAME."""

import socket
import sys
from contextlib import suppress

LARGEST = 64
# Python has no names for these (linux/in.h, linux/in6.h).
FREEBIND = {socket.AF_INET: (socket.IPPROTO_IP, 15), socket.AF_INET6: (socket.IPPROTO_IPV6, 78)}

if __name__ == "__main__":
    address, port, name = sys.argv[1:]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(*FREEBIND[family], 1)
        sock.bind((address, int(port)))
        while True:
            question, client = sock.recvfrom(LARGEST)
            with suppress(OSError):  # it has lost the address meanwhile, or the way to the client
                sock.sendto(question + name.encode(), client)
