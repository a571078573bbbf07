"""What the server promises of a mirror of the lab that dies, and a zone with its mirrors."""

from .lab import HTTP_PORT

INTERVAL_S, FAST_S, TIMEOUT_S, FALL = 1.0, 0.25, 0.5, 2
BOUND_S = INTERVAL_S + (FALL - 1) * FAST_S + TIMEOUT_S + 0.2
SLACK_S = 1.0  # for a machine that is busy with something else; far below another interval x fall

WEB_CHECK = f"""\
  web: {{type: http, port: {HTTP_PORT}, interval: {INTERVAL_S}s, fast_interval: {FAST_S}s,
        timeout: {TIMEOUT_S}s, fall: {FALL}, rise: 2}}
"""

ZONE = """
$TTL 60
@    SOA ns1 hostmaster ( 1 3600 900 604800 60 )
@    NS  ns1
ns1  A   127.0.0.1
www  A   10.77.1.2
www  A   10.77.2.2
www  A   10.77.3.2
"""
