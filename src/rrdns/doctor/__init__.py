"""The doctor: what stands in the way of a name server on this host, and how to mend it."""
