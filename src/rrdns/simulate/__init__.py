"""The server's own machinery on virtual time, over what probes have found or are said to find."""

LONGEST_S = 1_000_000.0  # asyncio's timers stop where a nanosecond is no longer told in a float
