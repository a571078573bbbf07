"""Record data from words to wire format, every type that dnspython knows, and RFC 3597 for others.

The result is uncompressed, with names folded in the types that RFC 4034 section 6.2 lists.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import dns.exception
import dns.ipv4
import dns.ipv6
import dns.name
import dns.rdata
import dns.rdataclass
import dns.tokenizer
from dns.rdatatype import RdataType

from .findings import FaultError, Spot
from .lexer import Word
from .mends import broken_data, ends_early

MAX_RDATA_OCTETS = 65535  # RDLENGTH has 16 bits (RFC 1035 section 3.2.1)

# Types that dnspython lacks, and one with the same presentation and wire format.
_WRITTEN_LIKE = {
    RdataType.MD: RdataType.PTR,
    RdataType.MF: RdataType.PTR,
    RdataType.MB: RdataType.PTR,
    RdataType.MG: RdataType.PTR,
    RdataType.MR: RdataType.PTR,
    RdataType.MINFO: RdataType.RP,
}

# What dnspython itself does for these, without the objects around it: most records are addresses.
_PACKED: Mapping[RdataType, Callable[[str], bytes]] = {
    RdataType.A: dns.ipv4.inet_aton,
    RdataType.AAAA: dns.ipv6.inet_aton,
}


class _Words(dns.tokenizer.Tokenizer):
    """The words of one entry, in place of dnspython's own reading of characters."""

    def __init__(self, words: Sequence[Word], end: Spot) -> None:
        super().__init__("", idna_codec=dns.name.IDNA_2008_Practical)
        self._words = words
        self._end = Word(dns.tokenizer.EOL, "\n", end, spaced=True)
        self._next = 0
        self._past_space = False

    def get(self, want_leading: bool = False, want_comment: bool = False) -> dns.tokenizer.Token:
        """The next token, as the base class promises; comments are left out before."""
        token, self.ungotten_token = self.ungotten_token, None
        if token is not None and (want_leading or not token.is_whitespace()):
            return token
        word = self._words[self._next] if self._next < len(self._words) else self._end
        if want_leading and word.spaced and not self._past_space:
            self._past_space = True
            return dns.tokenizer.Token(dns.tokenizer.WHITESPACE, " ")
        self._past_space = False
        self._next += 1
        return word

    def blamed(self) -> Word | None:
        """The word that reading stopped at; None where the end came too early."""
        at_end = self._next > len(self._words)
        if at_end and self.ungotten_token is None:
            return None
        return self._words[min(self._next, len(self._words)) - 1] if self._words else None


def rdata_wire(rtype: RdataType, words: Sequence[Word], end: Spot, origin: dns.name.Name) -> bytes:
    """The data that `words` write for `rtype`; `end` is the spot after them. Raises FaultError."""
    packed = _PACKED.get(rtype)
    if packed is not None and len(words) == 1 and words[0].is_identifier():
        with suppress(dns.exception.SyntaxError):
            return packed(words[0].value)
    tokens = _Words(words, end)
    try:
        rdata = dns.rdata.from_text(
            dns.rdataclass.IN,
            _WRITTEN_LIKE.get(rtype, rtype),
            tokens,
            origin,
            relativize=False,
        )
        wire = rdata.to_digestable(origin)
    except (dns.exception.DNSException, ValueError) as error:
        word = tokens.blamed()
        if word is None:
            raise ends_early(rtype, end) from None
        raise broken_data(error, rtype, word, generic=words[0].value == r"\#") from None
    if len(wire) > MAX_RDATA_OCTETS:
        raise FaultError(
            f"the data takes {len(wire)} octets, and a record holds {MAX_RDATA_OCTETS}",
            "split it over several records",
            words[0].spot,
        )
    return wire
