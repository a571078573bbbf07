"""What is written can be read: in both colour schemes every text has a contrast of 4.5 to 1.

WCAG 2.2, success criteria 1.4.3 and 1.4.11.
"""

import re
from importlib.resources import files
from itertools import product

import pytest

from rrdns.status import page

STYLE = files(page).joinpath("style.css").read_text()
LEAST_OF_TEXT = 4.5
LEAST_OF_GRAPHICS = 3.0

TEXTS = ("ink", "soft", "link", "well", "down", "doubt", "order")
GROUNDS = ("ground", "panel")
# What stands on a ground that says the same as its colour.
ON_TINTS = [
    *product(("ink", "soft", "down", "doubt", "order", "link"), ("down-tint",)),
    *product(("ink", "soft", "doubt"), ("doubt-tint",)),
]


def scheme(dark: bool) -> dict[str, str]:
    """The custom properties: those of the light scheme, and above them those of the dark one."""
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    assert len(blocks) == 2
    return dict(re.findall(r"--([\w-]+): (#\w{6});", "".join(blocks if dark else blocks[:1])))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return sum(part * c for part, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_defined() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), [*product(TEXTS, GROUNDS), *ON_TINTS])
def test_text_stands_out(text: str, ground: str, dark: bool) -> None:
    colours = scheme(dark)
    assert contrast(colours[text], colours[ground]) >= LEAST_OF_TEXT


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("ground", [*GROUNDS, "down-tint"])
def test_bars_stand_out(ground: str, dark: bool) -> None:
    colours = scheme(dark)
    assert contrast(colours["bar"], colours[ground]) >= LEAST_OF_GRAPHICS


def test_every_colour_that_is_used_is_one_that_both_schemes_have() -> None:
    light, dark = scheme(dark=False), scheme(dark=True)
    own = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[1]
    assert set(re.findall(r"var\(--([\w-]+)\)", STYLE)) <= light.keys() == dark.keys()
    assert set(re.findall(r"--([\w-]+):", own)) == light.keys()
    assert not re.findall(
        r"#[0-9a-fA-F]{3,6}\b", re.sub(r":root \{.*?\}", "", STYLE, flags=re.DOTALL)
    )
