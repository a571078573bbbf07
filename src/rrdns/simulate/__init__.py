"""The server's own machinery on virtual time, over what probes have found or are said to find."""
