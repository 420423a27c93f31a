"""Needles looked for by hyperscan: one scan finds all literals, however many there are. Pure.

Hyperscan works on bytes, and its patterns mean something else than RE2's here and there. So it is only given literals:
text that a needle's every match holds as it is, whose UTF-8 occurs wherever the text does. A needle of which no such
text is known (a regex) stays with RE2. So nothing is missed, and what it finds beside is sorted out by the conditions.
"""

from collections.abc import Callable, Iterable, Iterator

import hyperscan

from bot.rules.conditions import Form, Needle
from bot.rules.prefilter import Scanner, scan_by_re2


class _LiteralScanner:
    """The literals of one normal form in one database."""

    def __init__(self, form: Form, needles: Iterable[Needle]) -> None:
        self.form = form
        self._needles: dict[bytes, list[Needle]] = {}
        for needle in needles:
            self._needles.setdefault(needle.literal.encode("utf-8", "surrogatepass"), []).append(needle)
        self._literals = list(self._needles)
        self._database = hyperscan.Database()
        self._database.compile(
            expressions=self._literals,
            ids=list(range(len(self._literals))),
            elements=len(self._literals),
            flags=[hyperscan.HS_FLAG_SINGLEMATCH] * len(self._literals),
            literal=True,
        )

    def find(self, text: str | bytes) -> Iterator[Needle]:
        """The needles whose literal the text holds."""
        hits: set[int] = set()
        content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        self._database.scan(content, match_event_handler=_collect(hits))
        for index in sorted(hits):
            yield from self._needles[self._literals[index]]


def _collect(hits: set[int]) -> Callable[[int, int, int, int, object], None]:
    def take(index: int, _start: int, _end: int, _flags: int, _context: object) -> None:
        hits.add(index)

    return take


def scan_by_hyperscan(needles: Iterable[Needle]) -> list[Scanner]:
    """Scanners that find the needles: hyperscan for those with a literal, RE2 for the others."""
    known = list(needles)
    forms: tuple[Form, ...] = ("collapsed", "squeezed")
    groups = {form: [needle for needle in known if needle.form == form and needle.literal] for form in forms}
    scanners = [_LiteralScanner(form, literals) for form, literals in groups.items() if literals]
    return [*scanners, *scan_by_re2(needle for needle in known if not needle.literal)]
