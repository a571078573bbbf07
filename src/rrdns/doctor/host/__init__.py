"""What looks at the system: /proc, sockets, the clock, the DNS. Decides nothing."""
