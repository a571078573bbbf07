"""What the running server shows of itself over HTTP, and where orders come in."""
