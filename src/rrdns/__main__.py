"""`python -m rrdns` is the command `rrdns`."""

from rrdns.cli import main

main()
