"""Which language a report is written in, by its letters and its commonest words; enough to choose a link. Pure."""

import re
from collections import Counter

_SCRIPTS = (
    ("ja", "[\u3040-\u30ff]"),
    ("ko", "[\uac00-\ud7a3]"),
    ("zh", "[\u4e00-\u9fff]"),
    ("ru", "[\u0400-\u04ff]"),
    ("ar", "[\u0600-\u06ff]"),
    ("he", "[\u0590-\u05ff]"),
    ("th", "[\u0e00-\u0e7f]"),
    ("hi", "[\u0900-\u097f]"),
    ("el", "[\u0370-\u03ff]"),
)
_WORDS = {
    "en": "the is and to of in it that when with this not for on i my have after was but from are be",
    "es": "el la los las que de en y es no se con por para una un al del cuando pero mi está como",
    "pt": "o a os as que de em e é não se com por para uma um ao do da quando mas meu está como você",
    "fr": "le la les que de en et est ne pas se avec pour une un au du des quand mais mon je il dans sur",
    "de": "der die das und ist nicht zu mit ein eine ich es wenn aber von auf für dem den im bei wird",
    "it": "il lo la gli le che di in e è non si con per una un al del quando ma mio come sono ho",
    "tr": "ve bir bu için ile de da ne çok ama gibi olarak var yok ben değil sonra kadar hata",
    "pl": "i w na z nie się to jest do że po jak ale mam co dla przy gdy od już",
}
LANGUAGES = (*(name for name, _ in _SCRIPTS), *_WORDS, "unknown")
"""The languages that a condition may name."""

_LETTERS = r"[^\W\d_]+"
_SAMPLE = 4_000
_FEWEST_SIGNS = 6
_FEWEST_WORDS = 4


def detect_language(prose: str) -> str | None:
    """ISO 639-1 code of the prose's main language, or None if it is too short.

    A few letters of another script decide: error messages are English nearly everywhere (N15).
    """
    sample = prose[:_SAMPLE].lower()
    for language, letters in _SCRIPTS:
        if len(re.findall(letters, sample)) >= _FEWEST_SIGNS:
            return language
    counts = Counter(re.findall(_LETTERS, sample))
    scores = {language: sum(counts[word] for word in words.split()) for language, words in _WORDS.items()}
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] >= _FEWEST_WORDS else None
