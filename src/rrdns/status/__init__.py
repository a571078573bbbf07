"""What the running server shows of itself over HTTP: reads everything, changes nothing."""
