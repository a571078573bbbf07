"""dnslib's own DNSServer with the plainest resolver: `dnslib_server.py HOST PORT ZONE_FILE...`."""

import sys
from collections import defaultdict, deque
from pathlib import Path

from dnslib import QTYPE, RCODE, RR, DNSRecord
from dnslib.server import BaseResolver, DNSHandler, DNSLogger, DNSServer


class RotatingResolver(BaseResolver):  # type: ignore[misc]  # dnslib is untyped
    """Answers what its zone files hold, an RRset in another order each time."""

    def __init__(self, zone_texts: list[str]) -> None:
        self._rrsets: defaultdict[tuple[str, int], deque[RR]] = defaultdict(deque)
        self._soa_of: dict[str, RR] = {}
        for record in (record for text in zone_texts for record in RR.fromZone(text)):
            name = str(record.rname).lower()
            self._rrsets[name, record.rtype].append(record)
            if record.rtype == QTYPE.SOA:
                self._soa_of[name] = record
        self._names = {name for name, _ in self._rrsets}

    def resolve(self, request: DNSRecord, handler: DNSHandler) -> DNSRecord:
        """The RRset asked for, or a negative answer with the SOA above the name."""
        reply = request.reply(ra=0)
        name = str(request.q.qname).lower()
        rrset = self._rrsets.get((name, request.q.qtype))
        if rrset:
            rrset.rotate(-1)
            reply.add_answer(*rrset)
            return reply
        apex = next((apex for apex in self._soa_of if name.endswith(f".{apex}")), name)
        if apex in self._soa_of:
            reply.add_auth(self._soa_of[apex])
            if name not in self._names:
                reply.header.rcode = RCODE.NXDOMAIN
        else:
            reply.header.rcode = RCODE.REFUSED
        return reply


def main() -> None:
    host, port, *files = sys.argv[1:]
    resolver = RotatingResolver([Path(file).read_text() for file in files])
    silent = DNSLogger(logf=lambda line: None)
    server = DNSServer(resolver, address=host, port=int(port), logger=silent)
    server.server.serve_forever()


if __name__ == "__main__":
    main()
