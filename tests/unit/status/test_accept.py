"""A browser gets the page; whoever does not ask for one above all gets text."""

import pytest

from rrdns.status.accept import prefers_html

BROWSERS = {
    "Firefox": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Chromium": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
    "image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
    "lynx": "text/html, text/plain;q=0.9, text/sgml, */*;q=0.01",
    "nothing else": "text/html",
    "upper case": "TEXT/HTML;Q=0.5, */*;q=0.1",
    "a parameter": "text/html;level=1",
}
OTHERS = {
    "curl": "*/*",
    "no header": "",
    "either": "text/html, text/plain",
    "any text": "text/*",
    "text above": "text/plain, text/html;q=0.9",
    "HTML below anything": "text/html;q=0.5, */*;q=0.8",
    "HTML refused": "text/html;q=0, */*;q=0",
    "JSON": "application/json",
    "no number": "text/html;q=high",
    "no such number": "text/html;q=7",
    "not a number": "text/html;q=nan",
    "no sense": ";;,,=/;q=",
}


@pytest.mark.parametrize("accept", BROWSERS.values(), ids=BROWSERS)
def test_a_browser_gets_the_page(accept: str) -> None:
    assert prefers_html(accept)


@pytest.mark.parametrize("accept", OTHERS.values(), ids=OTHERS)
def test_everybody_else_gets_text(accept: str) -> None:
    assert not prefers_html(accept)
