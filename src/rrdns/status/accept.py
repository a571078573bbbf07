"""What a client would rather read: the page, or text (RFC 9110 section 12.5.1)."""

HTML, PLAIN = "text/html", "text/plain"


def prefers_html(accept: str) -> bool:
    """Whether an Accept header has HTML above plain text. Who does not mind gets text."""
    qualities = _qualities(accept)
    return _quality(qualities, HTML) > _quality(qualities, PLAIN)


def _quality(qualities: dict[str, float], media_type: str) -> float:
    """That of the narrowest range that holds `media_type`; 0 where none does."""
    ranges = (media_type, media_type.partition("/")[0] + "/*", "*/*")
    return next((qualities[each] for each in ranges if each in qualities), 0.0)


def _qualities(accept: str) -> dict[str, float]:
    """The quality of each range; what can not be read is worth nothing."""
    found: dict[str, float] = {}
    for part in accept.lower().split(","):
        media_range, *parameters = (piece.strip() for piece in part.split(";"))
        weights = [each[2:] for each in parameters if each.startswith("q=")]
        found[media_range] = max(found.get(media_range, 0.0), _weight(weights))
    return found


def _weight(weights: list[str]) -> float:
    try:
        weight = float(weights[0]) if weights else 1.0
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0
