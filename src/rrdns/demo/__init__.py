"""The demo: an example zone, three small web mirrors and the real server, all on this machine."""
