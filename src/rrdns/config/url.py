"""URLs of other servers, which are asked without looking anything up in the DNS."""

import re
from urllib.parse import urlsplit

from .fields import ANCHOR, Kind, MistakenError, mistake
from .wording import found, quoted

SCHEMES = ("http", "https")

_MEND = "write for example http://192.0.2.1:8056/"
_VISIBLE = re.compile("[!-~]+")


def _read_url(value: object) -> str:
    """The URL as it will be asked. A password in it is not repeated."""
    if not isinstance(value, str) or not _VISIBLE.fullmatch(value):
        raise mistake(f"{found(value)} is not a URL", _MEND)
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        raise mistake("this URL has no valid host or port", _MEND) from None
    if "@" in url.netloc:
        raise mistake("this URL has credentials in it", "remove all that stands before the '@'")
    if url.scheme not in SCHEMES:
        raise mistake(f"{quoted(value)} begins with neither http:// nor https://", _MEND)
    if not url.hostname:
        raise mistake(f"{quoted(value)} has no host", _MEND)
    if port == 0:
        raise mistake(f"{quoted(value)} has port 0", "write 1 to 65535")
    if "#" in value:
        raise mistake(f"{quoted(value)} has a fragment", "remove it, from the '#' on")
    authority = _host(url.hostname) + ("" if port is None else f":{port}")
    query = f"?{url.query}" if url.query else ""
    return f"{url.scheme}://{authority}{url.path or '/'}{query}"


def _host(written: str) -> str:
    """The host as an address, in brackets where that needs them."""
    try:
        address = ANCHOR.read(written)
    except MistakenError as error:
        [(_, what, _)] = error.mistakes
        raise mistake(f"the host of this URL: {what}", _MEND) from None
    return f"[{address}]" if ":" in written else str(address)


URL = Kind(_read_url, {"type": "string", "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^@#]+$"})
