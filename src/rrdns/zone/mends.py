"""What is wrong with a word of a master file, and how to mend it, in words for who wrote it."""

import difflib
import ipaddress
import re
from collections.abc import Mapping

import dns.exception
import dns.name
import dns.rdatatype
from dns.rdatatype import RdataType

from .findings import FaultError, Spot
from .lexer import Word

_SHOWN_CHARACTERS = 60  # of a word in a message

_EXAMPLES = {
    RdataType.A: "192.0.2.1",
    RdataType.AAAA: "2001:db8::1",
    RdataType.CAA: '0 issue "ca.example"',
    RdataType.CNAME: "www",
    RdataType.DNAME: "other.example.",
    RdataType.DS: "12345 13 2 <hexadecimal digest>",
    RdataType.HTTPS: "1 . alpn=h2",
    RdataType.MX: "10 mail",
    RdataType.NS: "ns1",
    RdataType.PTR: "www.linux.example.",
    RdataType.SOA: "ns1 hostmaster 1 1h 15m 1w 5m",
    RdataType.SRV: "0 5 443 www",
    RdataType.SSHFP: "4 2 <hexadecimal fingerprint>",
    RdataType.TLSA: "3 1 1 <hexadecimal digest>",
    RdataType.TXT: '"some text"',
}
# Types of which only names with a meaning for a human are worth proposing.
_TYPE_NAMES = [rtype.name for rtype in RdataType if not rtype.name.startswith("TYPE")]


def quoted(text: str) -> str:
    """`text` in single quotes, cut to a length that a message bears, without control characters."""
    shown = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "..."
    return "'" + "".join(c if c.isprintable() else repr(c)[1:-1] for c in shown) + "'"


def type_text(rtype: int) -> str:
    """The name of a type, or TYPE and its number."""
    return dns.rdatatype.to_text(RdataType.make(rtype))


def bad_name(error: Exception, word: Word) -> FaultError:
    """For a word that is not a domain name."""
    what, mend = _name_mistake(error, word)
    return FaultError(f"{quoted(word.value)} {what}", mend, word.spot)


def _name_mistake(error: Exception, word: Word) -> tuple[str, str]:
    if _has_odd_space(word):
        return "has a space in it of an unusual kind", _ODD_SPACE_MEND
    if isinstance(error, dns.name.IDNAException):
        what = f"is not a valid internationalised name ({error})"
        return what, "correct it, or write its xn-- form"
    known = next((said for kind, said in _NAME_MISTAKES.items() if isinstance(error, kind)), None)
    return known or ("is not a domain name", "write it without quotes")


_NAME_MISTAKES: Mapping[type[Exception], tuple[str, str]] = {
    dns.name.LabelTooLong: (
        "has a label longer than 63 octets",
        "shorten the part between the dots",
    ),
    dns.name.NameTooLong: ("makes a name longer than 255 octets", "shorten it"),
    dns.name.EmptyLabel: ("has an empty label", "write one dot between two labels"),
    dns.name.BadEscape: (
        "has a broken escape",
        r"write \DDD with three digits, at most 255, or \ before the character itself",
    ),
}


def bad_type(word: Word, *, indented: bool) -> FaultError:
    """For a word that stands where the type must, and is none."""
    text = quoted(word.value)
    what = f"{text} is not a record type"
    version = _address_version(word.value)
    if _has_odd_space(word):
        mend = _ODD_SPACE_MEND
    elif version:
        mend = f"write {'A' if version == 4 else 'AAAA'} before the address"
    elif word.value.startswith("$"):
        mend = "begin the line with it, without white space, if it is a directive"
    elif word.is_quoted_string():
        mend = "write the type before the data"
    elif near := difflib.get_close_matches(word.value.upper(), _TYPE_NAMES, 1, 0.6):
        mend = f"write {near[0]} if you mean that"
    elif indented:
        mend = "remove the white space at the beginning of the line if it is the owner name"
    else:
        mend = "write 'owner TTL type data'; a type without a name of its own is TYPE and a number"
    return FaultError(what, mend, word.spot)


def bad_ttl(word: Word) -> FaultError:
    """For a word that begins with a digit where a TTL, a class or a type must stand."""
    mend = "write seconds, or numbers with units, like 60 or 1h30m"
    return FaultError(f"{quoted(word.value)} is not a TTL", mend, word.spot)


def ends_early(rtype: RdataType, end: Spot) -> FaultError:
    """For a record with too little data."""
    return FaultError(f"the {type_text(rtype)} record ends too early", _shape(rtype), end)


def broken_data(error: Exception, rtype: RdataType, word: Word, *, generic: bool) -> FaultError:
    """For data of `rtype`, in the `generic` form of RFC 3597 or not, refused at `word`."""
    cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
    text = quoted(word.value)
    reason = str(cause).rstrip(".")
    name = type_text(rtype)
    if reason.startswith("expected EOL"):
        what = f"{text} is more than the {name} record takes"
        return FaultError(what, "remove it, or write ';' before a comment", word.spot)
    if isinstance(cause, (*_NAME_MISTAKES, dns.name.IDNAException)):
        return bad_name(cause, word)
    if generic:
        what = rf"the octets after \# do not make {name} data ({reason})"
        return FaultError(what, "correct their number and content (RFC 3597)", word.spot)
    if rtype in (RdataType.A, RdataType.AAAA):
        return _bad_address(rtype, word)
    if reason == "expecting an integer":
        return FaultError(f"{text} is not a number", _shape(rtype), word.spot)
    if match := re.search(r"not an unsigned (\d+)-bit integer", reason):
        most = 2 ** int(match[1]) - 1
        return FaultError(f"{text} is too large", f"write at most {most}", word.spot)
    if reason == "string too long":
        mend = "split it into several quoted strings, one after the other"
        return FaultError("a text is longer than 255 octets", mend, word.spot)
    if reason.startswith("generic rdata does not start"):
        mend = r"write \#, the number of octets, and the octets in hexadecimal (RFC 3597)"
        return FaultError(f"the text form of {name} data is not known here", mend, word.spot)
    return FaultError(f"{text} does not fit {name} data ({reason})", _shape(rtype), word.spot)


_ODD_SPACE_MEND = "type an ordinary space there"


def _has_odd_space(word: Word) -> bool:
    """A no-break space and the like come with text copied from a web page."""
    return word.is_identifier() and any(character.isspace() for character in word.value)


def _shape(rtype: RdataType) -> str:
    """How data of the type is written."""
    if rtype in _EXAMPLES:
        return f"write it like '{type_text(rtype)} {_EXAMPLES[rtype]}'"
    return f"see how {type_text(rtype)} data is written"


def _bad_address(rtype: RdataType, word: Word) -> FaultError:
    text = quoted(word.value)
    if rtype == RdataType.A:
        what = f"{text} is not an IPv4 address"
        if _address_version(word.value) == 6:
            mend = "write AAAA for an IPv6 address"
        elif not re.fullmatch(r"[\d.]*", word.value):
            mend = "write four numbers, or CNAME for a name"
        elif word.value.count(".") != 3 or ".." in f".{word.value}.":
            mend = "write four numbers with dots between them"
        elif any(len(n) > 3 or int(n) > 255 for n in word.value.split(".") if n[0] != "0"):
            mend = "each part is 0 to 255"
        else:
            mend = "write each part as 0 to 255, without leading zeros"
        return FaultError(what, mend, word.spot)
    mend = "write A for an IPv4 address" if _address_version(word.value) == 4 else _shape(rtype)
    return FaultError(f"{text} is not an IPv6 address", mend, word.spot)


def _address_version(text: str) -> int:
    """4 or 6 where the text is an address, otherwise 0."""
    try:
        return ipaddress.ip_address(text).version
    except ValueError:
        return 0
