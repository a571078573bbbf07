"""The secret with which orders come in by TCP."""

import hmac
import logging
import stat
from pathlib import Path

from rrdns.files import first_octets

log = logging.getLogger(__name__)

LEAST = 16  # characters; fewer could be guessed
MOST = 4096
SCHEME = "bearer"  # RFC 6750 section 2.1; in any letter case, by RFC 9110 section 11.1


class TokenError(Exception):
    """There is no secret in the file; the text says why, and what to do."""


def read_token(file: Path) -> bytes:
    """The secret in `file`, without the white space around it. Raises TokenError."""
    try:
        octets = first_octets(file, MOST + 1)
    except OSError as error:
        raise TokenError(f"control.token_file {file} can not be read: {error.strerror}") from None
    token = (octets or b"").strip()
    if not LEAST <= len(token) <= MOST:
        raise TokenError(
            f"control.token_file {file} has no secret of {LEAST} to {MOST} characters;"
            f" write one: openssl rand -hex 32"
        )
    return token


def is_given(authorization: str, token: bytes) -> bool:
    """Whether the header field Authorization has `token`; how long that takes tells nothing."""
    scheme, _, given = authorization.partition(" ")
    octets = given.strip().encode(errors="surrogateescape")
    return scheme.lower() == SCHEME and hmac.compare_digest(octets, token)


def warn_of(file: Path) -> None:
    """Says in the log what is wrong with the file: no order would come in, or anybody's could."""
    try:
        read_token(file)
        if file.stat().st_mode & stat.S_IROTH:
            log.warning("control.token_file %s can be read by everybody: chmod o-r", file)
    except (TokenError, OSError) as error:
        log.warning("%s; until then no order comes in by TCP", error)
