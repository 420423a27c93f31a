"""The features of the ranking, and their values, in words. Pure."""

from collections.abc import Callable
from math import exp, expm1
from typing import NamedTuple

_MANY = 100


class Wording(NamedTuple):
    """The name of a feature, and the format of its value."""

    name: str
    write: Callable[[float], str]


def _write_share(value: float) -> str:
    return f"{value:.0%}"


def _write_count(logarithm: float) -> str:
    """The features of counts are logarithms of one more."""
    return _write_number(expm1(logarithm))


def _write_rarity(nats: float) -> str:
    return f"1 in {_write_number(exp(nats))}" if nats > 0 else "none"


def _write_number(value: float) -> str:
    """Round to two significant digits from 100 on: features are rounded anyway."""
    return f"{float(f'{value:.2g}') if value >= _MANY else value:,.0f}"


def _write_answer(value: float) -> str:
    return "yes" if value else "no"


_WORDINGS = {
    "word_score": Wording("words in common, against the best candidate's", _write_share),
    "self_score": Wording("words in common, against all of the new report's", _write_share),
    "title_score": Wording("words in both titles, against the best candidate's", _write_share),
    "age": Wording("days since the earlier one was filed", _write_count),
    "quiet": Wording("days since another report last pointed to it", _write_count),
    "title_likeness": Wording("similarity of the titles", _write_share),
    "rarest_word": Wording("reports that have the rarest word in common", _write_rarity),
    "title_told": Wording("share of the new title that the earlier report has", _write_share),
    "title_answered": Wording("share of the earlier title that the new report has", _write_share),
    "rarest_mark": Wording("reports that have the rarest error in common", _write_rarity),
    "marks": Wording("rarity of all errors in common, added up", _write_count),
    "place": Wording("reports that have the source location in common", _write_rarity),
    "pairs": Wording("rarity of all pairs of words in common, added up", _write_count),
    "rarest_pair": Wording("reports that have the rarest pair of words in common", _write_rarity),
    "duplicates": Wording("known duplicates of the earlier one", _write_count),
    "same_author": Wording("by the same author", _write_answer),
    "series": Wording("by the same author within two days", _write_answer),
    "length": Wording("words of the earlier one's body", _write_count),
    "shared": Wording("share of the new report's words that the earlier one has", _write_share),
    "is_duplicate": Wording("the earlier one is a duplicate itself", _write_answer),
}
FEATURES = {feature: wording.name for feature, wording in _WORDINGS.items()}
"""The name of each feature, for people."""


def describe_value(feature: str, value: float) -> str:
    """The measured value in readable units: `44%`, `20` days, `1 in 8,000` reports."""
    return _WORDINGS[feature].write(value)
