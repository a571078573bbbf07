"""YAML text as plain data that remembers where everything stands.

Scalars are read as in the core schema of YAML 1.2, without its floats: `true`, `false`, `null`, an
empty value and decimal whole numbers mean what they say, all else is text. So `on`, `1:30`, `0777`
and `2024-01-01` are not bent into something that nobody wrote, and keys are always text. Every
mistake is kept, so that all are reported at once; only where YAML itself breaks off, reading does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.reader import Reader

from rrdns.errors import BadInputError, Place, Problem

from .wording import quoted

MAX_DEPTH = 16  # a configuration needs seven; deeper is a mistake or an attack
MAX_VALUES = 200_000  # aliases counted as often as they are used, so that they can not multiply

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WHOLE_NUMBER = re.compile(r"-?[1-9][0-9]{0,17}|0")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value: its `text` as written, and the `value` that it means."""

    place: Place
    text: str
    value: str | int | bool | None


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    place: Place
    nodes: list["Node"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entries:
    """A mapping; `keys` says where each key stands."""

    place: Place
    nodes: dict[str, "Node"] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)


Node = Scalar | Items | Entries


@dataclass(frozen=True, slots=True)
class Document:
    """A whole file, and what was wrong with its YAML."""

    file: str
    root: Node
    problems: tuple[Problem, ...]

    def data(self) -> Any:
        """The document as dict, list, str, int, bool and None."""
        return _plain(self.root)

    def keys(self, path: Path) -> Iterator[tuple[str, Place]]:
        """The keys of the mapping at `path`; none where something else stands there."""
        node = self._node(path)
        if isinstance(node, Entries):
            yield from node.keys.items()

    def key_place(self, path: Path) -> Place:
        """Where the last key of `path` is written; the place of a list's item is the item's own."""
        above, node = self._node(path[:-1]), self._node(path)
        if path and isinstance(above, Entries) and path[-1] in above.keys:
            return above.keys[str(path[-1])]
        return node.place if path and node else Place(self.file)

    def value_place(self, path: Path) -> Place:
        """Where the value at `path` begins, or its key where it is empty, or else what is above."""
        if not path:
            return Place(self.file)
        node = self._node(path)
        if node is None:
            return self.value_place(path[:-1])
        written = not isinstance(node, Scalar) or node.text or node.value is not None
        return node.place if written else self.key_place(path)

    def _node(self, path: Path) -> Node | None:
        node: Node | None = self.root
        for step in path:
            if isinstance(node, Entries) and isinstance(step, str):
                node = node.nodes.get(step)
            elif isinstance(node, Items) and isinstance(step, int):
                node = node.nodes[step]
            else:
                return None
        return node


def parse(text: str, file: str) -> Document:
    """The document in `text`; BadInputError where the text is not YAML at all."""
    unprintable = Reader.NON_PRINTABLE.search(text)
    if unprintable:
        raise BadInputError(
            [
                Problem(
                    place_at(file, text, unprintable.start()),
                    f"the character {unprintable.group()!a} may not stand in YAML",
                    "remove it",
                )
            ]
        )
    builder = _Builder(file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.YAMLError as error:
        raise BadInputError([*builder.problems, _syntax_problem(error, text, file)]) from None
    return Document(file, builder.root, tuple(builder.problems))


def place_at(file: str, text: str, index: int) -> Place:
    """The place of the character `index` of `text`, counted from 0."""
    return Place(file, text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))


@dataclass(slots=True)
class _Open:
    """A list or mapping that is still being read; `key` waits for its value."""

    node: Items | Entries
    anchor: str | None
    values_before: int
    height: int = 1
    key: Scalar | None = None


@dataclass(frozen=True, slots=True)
class _Anchored:
    """A node that aliases may repeat, how many values it holds, and how deep they are nested."""

    node: Node
    values: int
    height: int


class _Builder:
    """Makes nodes of parser events, with its own stack: no text can exhaust Python's."""

    def __init__(self, file: str) -> None:
        self.root: Node = Entries(Place(file))  # of a file that holds nothing, or only comments
        self.problems: list[Problem] = []
        self._file = file
        self._open: list[_Open] = []
        self._anchors: dict[str, _Anchored] = {}
        self._values = 0
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """Adds what `event` tells; BadInputError where going on would be harmful."""
        place = _place(self._file, event.start_mark)
        if getattr(event, "tag", None):
            self._refuse(place, "tags (!) are not understood here", "write the value without it")
        match event:
            case yaml.DocumentStartEvent():
                self._begin_document(place)
            case yaml.ScalarEvent():
                scalar = _scalar(event, place)
                self._count(1, place)
                self._complete(event.anchor, _Anchored(scalar, 1, 0))
            case yaml.AliasEvent():
                self._add_alias(event.anchor or "", place)
            case yaml.SequenceStartEvent():
                self._begin(Items(place), event.anchor)
            case yaml.MappingStartEvent():
                self._begin(Entries(place), event.anchor)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._end()

    def _begin_document(self, place: Place) -> None:
        self._documents += 1
        if self._documents > 1:
            self._stop(place, "a second document begins here", "keep one document in the file")

    def _begin(self, node: Items | Entries, anchor: str | None) -> None:
        self._bound_depth(len(self._open) + 1, node.place)
        self._open.append(_Open(node, anchor, self._values))
        self._count(1, node.place)

    def _end(self) -> None:
        ended = self._open.pop()
        values = self._values - ended.values_before
        self._complete(ended.anchor, _Anchored(ended.node, values, ended.height))

    def _add_alias(self, anchor: str, place: Place) -> None:
        if anchor not in self._anchors:
            what = f"the alias *{anchor} stands for nothing that is complete above it"
            self._stop(place, what, f"write &{anchor} before the value that it shall repeat")
        target = self._anchors[anchor]
        self._count(target.values, place)
        self._bound_depth(len(self._open) + target.height, place)
        self._add(target.node, target.height)

    def _complete(self, anchor: str | None, ended: _Anchored) -> None:
        if anchor:
            self._anchors[anchor] = ended
        self._add(ended.node, ended.height)

    def _add(self, node: Node, height: int) -> None:
        """Puts a complete node where it belongs: into what is open, or at the root."""
        if not self._open:
            self.root = node
            return
        into = self._open[-1]
        into.height = max(into.height, height + 1)
        if isinstance(into.node, Items):
            into.node.nodes.append(node)
        elif into.key is None:
            into.key = self._key(node)
        else:
            self._put(into.node, into.key, node)
            into.key = None

    def _key(self, node: Node) -> Scalar:
        """The key that `node` is; an empty one, which `_put` leaves out, where it is none."""
        if isinstance(node, Scalar) and node.text:
            return node
        self._refuse(node.place, "a key must be text", "write a name before the ':'")
        return Scalar(node.place, "", None)

    def _put(self, mapping: Entries, key: Scalar, value: Node) -> None:
        if key.text == "<<":
            self._refuse(key.place, "merge keys (<<) are not understood", "write the keys out")
        elif key.text in mapping.nodes:
            first = mapping.keys[key.text].line
            what = f"the key {quoted(key.text)} stands on line {first} already"
            self._refuse(key.place, what, "keep one of the two")
        elif key.text:
            mapping.nodes[key.text] = value
            mapping.keys[key.text] = key.place

    def _bound_depth(self, depth: int, place: Place) -> None:
        if depth > MAX_DEPTH:
            problem = _too_deep(place)
            self._stop(place, problem.what, problem.mend)

    def _count(self, values: int, place: Place) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            what = f"more than {MAX_VALUES} values, those repeated by aliases included"
            self._stop(place, what, "repeat less by aliases")

    def _refuse(self, place: Place, what: str, mend: str) -> None:
        self.problems.append(Problem(place, what, mend))

    def _stop(self, place: Place, what: str, mend: str) -> None:
        raise BadInputError([*self.problems, Problem(place, what, mend)])


def _place(file: str, mark: Any) -> Place:
    """The place of a parser's mark, which counts from 0."""
    return Place(file, mark.line + 1, mark.column + 1)


def _scalar(event: yaml.ScalarEvent, place: Place) -> Scalar:
    plain = event.implicit[0]
    text = event.value
    if plain and text in _WORDS:
        return Scalar(place, text, _WORDS[text])
    if plain and _WHOLE_NUMBER.fullmatch(text):
        return Scalar(place, text, int(text))
    return Scalar(place, text, text)


def _plain(node: Node) -> Any:
    match node:
        case Scalar():
            return node.value
        case Items():
            return [_plain(item) for item in node.nodes]
        case Entries():
            return {key: _plain(value) for key, value in node.nodes.items()}


def _too_deep(place: Place) -> Problem:
    what = f"lists and mappings are nested more than {MAX_DEPTH} deep"
    name = place.file.rpartition("/")[2]
    return Problem(place, what, f"no key of {name} needs that; look for a stray bracket")


def _syntax_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return Problem(Place(file), f"this is not YAML: {error}", "mend its syntax")
    place = _place(file, mark)
    found = text[mark.index : mark.index + 1]
    reason = str(getattr(error, "problem", ""))
    if found == "\t":
        return Problem(place, "a tab stands where YAML allows only spaces", "indent with spaces")
    if found and found in "@`%" and "cannot start" in reason:
        return Problem(place, f"a value can not begin with {found}", "put the value in quotes")
    if "nesting depth" in reason:  # the parser has a limit too, and reads ahead of us
        return _too_deep(place)
    if "mapping values are not allowed" in reason:
        return Problem(
            place,
            "a ':' stands where no key can be",
            "align the key with those beside it, or put a value that contains ': ' in quotes",
        )
    return Problem(
        place,
        f"this is not YAML: {reason}",
        'look for an open bracket or quote here or above; quote values like "[::1]:53"',
    )
