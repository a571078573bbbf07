"""The page that a browser shows: the live view as HTML, with its own style and script."""
