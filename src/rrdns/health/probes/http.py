"""HTTP and HTTPS: GET answers with a wanted status, and body if asked.

The connection goes to the member's address, written as a literal; `host` appears only in the Host
header, in the SNI and in what the certificate must bear. Nothing is ever looked up in the DNS.
"""

import re
import ssl
import time

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from rrdns import __version__
from rrdns.health.check import Address, HttpCheck
from rrdns.health.result import Result
from rrdns.health.verdict import Outcome

from . import faults
from .prober import Prober, milliseconds, no_answer, since, within

BODY_OCTETS = 64 << 10
HEADERS = {"User-Agent": f"rrdns/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}


class HttpProber(Prober[HttpCheck]):
    """A new connection per probe: no redirect, proxy, cookie or cache takes part."""

    def __init__(self) -> None:
        self._trust: ssl.SSLContext | None = None
        self._session = open_session()

    async def probe(self, check: HttpCheck, address: Address) -> Result:
        started = time.monotonic()
        try:
            return await within(check.timeout_s, self._get(check, address, started))
        except TimeoutError:
            return since(started, Outcome.FAIL, no_answer(check.timeout_s))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return judge(error, started)

    async def aclose(self) -> None:
        await self._session.close()

    async def _get(self, check: HttpCheck, address: Address, started: float) -> Result:
        async with self._session.get(
            _url(check, address),
            headers={"Host": check.host} if check.host else None,
            server_hostname=check.host,
            ssl=self._trusted() if check.tls and check.verify else False,
            allow_redirects=False,
        ) as response:
            answer = f"{response.status} {response.reason or ''}".strip()
            if not any(low <= response.status <= high for low, high in check.status):
                wanted = ", ".join(_range_text(*pair) for pair in check.status)
                return since(started, Outcome.FAIL, f"status {response.status}, wanted {wanted}")
            if check.body is not None or check.body_regex is not None:
                missing = _missing(check, await _body(response))
                if missing:
                    return since(started, Outcome.FAIL, f"{answer}, but {missing}")
            return since(started, Outcome.PASS, f"{answer} in {milliseconds(started)}")

    def _trusted(self) -> ssl.SSLContext:
        """The system's certificate authorities, read when the first HTTPS probe needs them."""
        if self._trust is None:
            self._trust = ssl.create_default_context()
        return self._trust


def open_session() -> aiohttp.ClientSession:
    """A client with a new connection for each request, which has to be bounded in time. No proxy,
    cookie or cache takes part, and nothing is looked up."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, force_close=True, resolver=_NoResolver()),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        headers=HEADERS,
        auto_decompress=False,
        trust_env=False,
    )


class _NoResolver(AbstractResolver):
    """Holds the promise that nobody asks the DNS, whatever the library comes to do."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        raise OSError(f"nothing is to look up {host!r}")

    async def close(self) -> None:
        """Holds nothing."""


def _url(check: HttpCheck, address: Address) -> URL:
    host = f"[{address}]" if address.version == 6 else str(address)
    return URL(f"{'https' if check.tls else 'http'}://{host}:{check.port}{check.path}")


def _range_text(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"


async def _body(response: aiohttp.ClientResponse) -> str:
    """The first `BODY_OCTETS` of the body."""
    body = bytearray()
    while len(body) < BODY_OCTETS:
        piece = await response.content.read(BODY_OCTETS - len(body))
        if not piece:
            break
        body += piece
    return body.decode(errors="replace")


def _missing(check: HttpCheck, body: str) -> str:
    """What was asked of the body and is not there; empty if nothing."""
    if check.body is not None and check.body not in body:
        return f"the body lacks {check.body!r}"
    if check.body_regex is not None and not re.search(check.body_regex, body):
        return f"the body does not match {check.body_regex!r}"
    return ""


def judge(error: aiohttp.ClientError | OSError | ValueError, started: float) -> Result:
    """Whose fault it is. TLS comes before OSError, whose errno it fills with its own numbers."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            reason = f"certificate: {_certificate_text(error.certificate_error)}"
        case aiohttp.ClientSSLError() | ssl.SSLError():
            cause = error.os_error if isinstance(error, aiohttp.ClientSSLError) else error
            reason = f"TLS: {_tls_text(cause)}"
        case aiohttp.ServerDisconnectedError():
            reason = "the connection was closed without an answer"
        case aiohttp.ClientResponseError():
            reason = f"not a valid HTTP answer: {error.message}"
        case ValueError():
            mend = "look at the check's host and path"
            return since(started, Outcome.ERROR, f"not a valid HTTP request: {error}; {mend}")
        case OSError():
            return faults.judge(error, started)
        case _:
            reason = f"not a valid HTTP answer: {error}"
    return since(started, Outcome.FAIL, reason)


def _tls_text(error: OSError) -> str:
    reason = getattr(error, "reason", None)  # such as WRONG_VERSION_NUMBER
    return reason.replace("_", " ").lower() if isinstance(reason, str) else str(error)


def _certificate_text(error: Exception) -> str:
    return getattr(error, "verify_message", None) or str(error)
