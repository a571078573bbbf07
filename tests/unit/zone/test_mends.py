"""Every mistake is said at once, each as file:line:column: what; how to mend."""

import pytest

from rrdns.errors import BadInputError

from .conftest import HEAD, Read, problems_of


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(
            "www A 192.168.0.300",
            "z:5:7: '192.168.0.300' is not an IPv4 address; each part is 0 to 255",
            id="an address of 300",
        ),
        pytest.param(
            "www A 192.168.1",
            "z:5:7: '192.168.1' is not an IPv4 address; write four numbers with dots between them",
            id="an address of three parts",
        ),
        pytest.param(
            "www A 192.168.001.001",
            "z:5:7: '192.168.001.001' is not an IPv4 address; "
            "write each part as 0 to 255, without leading zeros",
            id="leading zeros",
        ),
        pytest.param(
            "www A web.example.",
            "z:5:7: 'web.example.' is not an IPv4 address; write four numbers, or CNAME for a name",
            id="a name for an address",
        ),
        pytest.param(
            "www A 2001:db8::1",
            "z:5:7: '2001:db8::1' is not an IPv4 address; write AAAA for an IPv6 address",
            id="A for AAAA",
        ),
        pytest.param(
            "www AAAA 192.0.2.1",
            "z:5:10: '192.0.2.1' is not an IPv6 address; write A for an IPv4 address",
            id="AAAA for A",
        ),
        pytest.param(
            "www AAAA fe80::1%eth0",
            "z:5:10: 'fe80::1%eth0' is not an IPv6 address; write it like 'AAAA 2001:db8::1'",
            id="an address with a zone",
        ),
        pytest.param(
            "www 192.0.2.1",
            "z:5:5: '192.0.2.1' is not a record type; write A before the address",
            id="no type",
        ),
        pytest.param(
            "www CNMAE a",
            "z:5:5: 'CNMAE' is not a record type; write CNAME if you mean that",
            id="a misspelt type",
        ),
        pytest.param(
            " www A 192.0.2.1",
            "z:5:2: 'www' is not a record type; "
            "remove the white space at the beginning of the line if it is the owner name",
            id="white space before the owner",
        ),
        pytest.param(
            " $TTL 60",
            "z:5:2: '$TTL' is not a record type; "
            "begin the line with it, without white space, if it is a directive",
            id="white space before a directive",
        ),
        pytest.param(
            "www ANY a",
            "z:5:5: 'ANY' is a type of questions, not of records; remove the record",
            id="a type of questions",
        ),
        pytest.param(
            'www "A" 192.0.2.1',
            "z:5:5: 'A' is not a record type; write the type before the data",
            id="a quoted type",
        ),
        pytest.param(
            "www 60", "z:5:7: this record has no type; write 'owner TTL type data'", id="no more"
        ),
        pytest.param(
            "www CH A 192.0.2.1",
            "z:5:5: class CH is not served; write IN, or leave the class out",
            id="another class",
        ),
        pytest.param(
            "www 1h30 A 192.0.2.1",
            "z:5:5: '1h30' is not a TTL; write seconds, or numbers with units, like 60 or 1h30m",
            id="a bad TTL",
        ),
        pytest.param(
            "www 2147483648 A 192.0.2.1",
            "z:5:5: TTL '2147483648' is too large; write at most 2147483647 s",
            id="a TTL above 2^31-1",
        ),
        pytest.param(
            "www 99999999999999999w A 192.0.2.1",
            "z:5:5: TTL '99999999999999999w' is too large; write at most 2147483647 s",
            id="a TTL far above",
        ),
        pytest.param(
            "www MX mail", "z:5:8: 'mail' is not a number; write it like 'MX 10 mail'", id="MX"
        ),
        pytest.param(
            "www MX 65536 mail", "z:5:8: '65536' is too large; write at most 65535", id="too large"
        ),
        pytest.param(
            "www MX 10",
            "z:5:10: the MX record ends too early; write it like 'MX 10 mail'",
            id="too little data",
        ),
        pytest.param(
            "www A 192.0.2.1 192.0.2.2",
            "z:5:17: '192.0.2.2' is more than the A record takes; "
            "remove it, or write ';' before a comment",
            id="too much data",
        ),
        pytest.param(
            r"www TYPE65280 \# 3 abcd",
            r"z:5:20: the octets after \# do not make TYPE65280 data "
            "(generic rdata hex data has wrong length); "
            "correct their number and content (RFC 3597)",
            id="a wrong length",
        ),
        pytest.param(
            "www TYPE65280 abcd",
            r"z:5:15: the text form of TYPE65280 data is not known here; "
            r"write \#, the number of octets, and the octets in hexadecimal (RFC 3597)",
            id="an unknown type in words",
        ),
        pytest.param(
            f'www TXT "{"a" * 256}"',
            "z:5:9: a text is longer than 255 octets; "
            "split it into several quoted strings, one after the other",
            id="a long text",
        ),
        pytest.param(
            f"{'a' * 64} A 192.0.2.1",
            f"z:5:1: '{'a' * 60}...' has a label longer than 63 octets; "
            "shorten the part between the dots",
            id="a long label",
        ),
        pytest.param(
            f"www CNAME {'.'.join(['a' * 50] * 5)}",
            f"z:5:11: '{'a' * 50}.{'a' * 9}...' makes a name longer than 255 octets; shorten it",
            id="a long name",
        ),
        pytest.param(
            "a..b A 192.0.2.1",
            "z:5:1: 'a..b' has an empty label; write one dot between two labels",
            id="two dots",
        ),
        pytest.param(
            r"a\999 A 192.0.2.1",
            r"z:5:1: 'a\999' has a broken escape; "
            r"write \DDD with three digits, at most 255, or \ before the character itself",
            id="a bad escape",
        ),
        pytest.param(
            "www\u00a0A 192.0.2.1",
            r"z:5:1: 'www\xa0A' has a space in it of an unusual kind; type an ordinary space there",
            id="a no-break space",
        ),
        pytest.param(
            '"www" A 192.0.2.1',
            "z:5:1: 'www' is not a domain name; write it without quotes",
            id="a quoted owner",
        ),
        pytest.param(
            'www TXT "abc',
            "z:5:9: the quote that opens here is not closed in its line; add the closing quote; "
            "a text over two lines takes two quoted strings in parentheses",
            id="an open quote",
        ),
        pytest.param(
            "www TXT ( abc",
            "z:5:9: this parenthesis is not closed before the file ends or the next one opens; "
            "add the ')' that ends this record",
            id="an open parenthesis",
        ),
        pytest.param(
            "www TXT abc )",
            "z:5:13: this parenthesis closes nothing; remove it, or add the '(' that it belongs to",
            id="a closing parenthesis alone",
        ),
        pytest.param(
            "www TXT abc \\",
            "z:5:13: a backslash ends the line; "
            "remove it; a record goes on in the next line where parentheses enclose it",
            id="a backslash at the end",
        ),
        pytest.param(
            "$FOO bar",
            "z:5:1: '$FOO' is not a directive; "
            "the directives are $ORIGIN, $TTL, $INCLUDE, $GENERATE",
            id="an unknown directive",
        ),
        pytest.param("$TTL", "z:5:5: $TTL ends too early; write '$TTL 1h'", id="a directive alone"),
        pytest.param(
            "$TTL 1 2", "z:5:8: '2' is more than $TTL takes; write '$TTL 1h'", id="too much"
        ),
        pytest.param(
            "$GENERATE 1-100000000 a$ A 192.0.2.1",
            "z:5:11: $GENERATE makes 100000000 records; 65536 are allowed in all; "
            "shorten the range, or use a wildcard record",
            id="a huge $GENERATE",
        ),
        pytest.param(
            "$GENERATE 3-1 a$ A 192.0.2.1",
            "z:5:11: '3-1' is not a range; "
            "write the first and the last number, like 1-100 or 0-30/10",
            id="a $GENERATE backwards",
        ),
        pytest.param(
            "$GENERATE 1-2 a${x} A 192.0.2.1",
            "z:5:15: 'a${x}' has a broken counter; "
            "write $ or ${offset,width,base}, width up to 127, base d o x X n N",
            id="a bad counter",
        ),
        pytest.param(
            "$GENERATE 255-300 a$ A 192.0.2.$",
            "z:5:24: '192.0.2.256' is not an IPv4 address; each part is 0 to 255",
            id="a $GENERATE that goes wrong is told once",
        ),
        pytest.param(
            "www.other. A 192.0.2.1",
            "z:5:1: www.other. is outside the zone linux.example.; "
            "remove the record, or correct its name",
            id="a record outside the zone",
        ),
    ],
)
def test_a_mistake_has_its_place_and_its_mend(read: Read, text: str, problem: str) -> None:
    with pytest.raises(BadInputError) as caught:
        read(HEAD + text)
    assert [str(found) for found in caught.value.problems] == [problem]


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        pytest.param(
            "www.linux.example A 192.0.2.1",
            "z:5:1: warning: 'www.linux.example' has no final dot, "
            "so it means www.linux.example.linux.example.; end it with a dot",
            id="an owner without its final dot",
        ),
        pytest.param(
            b'www TXT "caf\xe9"',
            "z:5:13: warning: octet 0xe9 is not UTF-8; "
            "save the file as UTF-8; the octet is taken as it is",
            id="Latin-1",
        ),
    ],
)
def test_a_suspicion_is_a_warning(read: Read, text: str | bytes, warning: str) -> None:
    whole = HEAD.encode() + (text if isinstance(text, bytes) else text.encode())
    assert [str(problem) for problem in read(whole).warnings] == [warning]


def test_a_target_without_its_final_dot(read: Read) -> None:
    assert problems_of(read, HEAD + "@ MX 10 ns1.linux.example")[-1] == (
        "z:5:9: warning: 'ns1.linux.example' has no final dot, "
        "so it means ns1.linux.example.linux.example.; end it with a dot"
    )


@pytest.mark.parametrize(
    ("text", "ttl", "said"),
    [
        pytest.param("", 3600, "3600 s is taken", id="no TTL at all"),
        pytest.param("a 60 A 192.0.2.1\n", 60, "60 s is taken, as written last", id="the last"),
    ],
)
def test_a_missing_ttl_is_told_once(read: Read, text: str, ttl: int, said: str) -> None:
    head = f"{text}@ SOA ns1 h 1 1h 15m 1w 5m\n@ NS ns1\nns1 A 192.0.2.53\n"
    loaded = read(head)
    line = 1 + text.count("\n")
    assert [str(problem) for problem in loaded.warnings] == [
        f"z:{line}:1: warning: no TTL here and no $TTL above; {said}; "
        "begin the file with a line like '$TTL 1h'"
    ]
    assert loaded.zone.soa.ttl == ttl


def test_all_mistakes_are_told_at_once_and_in_order(read: Read) -> None:
    text = (
        'a A 1.2.3.400\nb TXT "x\nc FOO\nd TXT ( "y\n "z" )\n'
        "e A 1.2.3.4\ne CNAME a\n..f A 1.2.3.4\n A 5\n"
    )
    assert [problem.split(";")[0] for problem in problems_of(read, HEAD + text)] == [
        "z:5:5: '1.2.3.400' is not an IPv4 address",
        "z:6:7: the quote that opens here is not closed in its line",
        "z:7:3: 'FOO' is not a record type",
        "z:8:9: the quote that opens here is not closed in its line",
        "z:10:1: e.linux.example. has a CNAME record, and A beside it",
        "z:12:1: '..f' has an empty label",
    ]


def test_an_soa_that_is_not_closed_hides_nothing_after_it(read: Read) -> None:
    text = "$TTL 1h\n@ SOA ns1 h ( 1\n  1h 15m\n  1w 5m\n@ NS ns1\nns1 A 192.0.2.300\n"
    assert [problem.split(";")[0] for problem in problems_of(read, text)] == [
        "z:2:13: this parenthesis is not closed before the file ends or the next one opens",
        "z:6:7: '192.0.2.300' is not an IPv4 address",
    ]


def test_a_broken_record_is_not_called_missing(read: Read) -> None:
    text = "$TTL 1h\n@ SOA ns1 h 1 1h 15m 1w\n@ NS ns1\nns1 A 192.0.2.300\n"
    assert [problem.split(";")[0] for problem in problems_of(read, text)] == [
        "z:2:24: the SOA record ends too early",
        "z:4:7: '192.0.2.300' is not an IPv4 address",
    ]


def test_very_many_mistakes_are_cut_short(read: Read) -> None:
    found = problems_of(read, HEAD + "a A 1\n" * 100_000)
    assert len(found) == 101
    assert found[0] == "z: reading stopped after 100 errors; mend these and check again"


def test_very_many_warnings_are_cut_short(read: Read) -> None:
    loaded = read(HEAD + "a A 192.0.2.1\n" * 200)
    assert len(loaded.warnings) == 101
    assert str(loaded.warnings[0]) == (
        "z: warning: 99 more warnings are not listed; mend these and check again"
    )
