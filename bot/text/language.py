"""Which language a report is written in, by its letters and its commonest words; enough to choose a link. Pure."""

import re
from collections import Counter

_SCRIPTS = (
    ("ja", "[\u3040-\u30ff]", 1),
    ("ko", "[\uac00-\ud7a3]", 1),
    ("zh", "[\u4e00-\u9fff]", 1),
    ("ru", "[\u0400-\u04ff]", 3),
    ("ar", "[\u0600-\u06ff]", 3),
    ("he", "[\u0590-\u05ff]", 3),
    ("th", "[\u0e00-\u0e7f]", 3),
    ("hi", "[\u0900-\u097f]", 3),
    ("el", "[\u0370-\u03ff]", 3),
)
"""Languages that their letters tell, and how many of these weigh as much as a word of another language."""

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
LANGUAGES = (*(name for name, *_ in _SCRIPTS), *_WORDS, "unknown")
"""The languages that a condition may name."""

_LETTERS = r"[^\W\d_]+"
_PASTED = re.compile(r"`[^`\n]{0,400}`|https?://\S+|\S*[\\/]\S*")
_SAMPLE = 4_000
_FEWEST_SIGNS = 6
_FEWEST_WORDS = 4
_SHARE_OF_KANA = 10
_WORDS_FOR_A_COMMON_ONE = 2


def detect_language(prose: str) -> str | None:
    """ISO 639-1 code of the prose's main language by the weight of its words, or None if it is too short.

    Error messages are English nearly everywhere (N15) and have few common words. So a language with its own letters
    needs no more weight than they have. Paths and code do not count.
    """
    sample = _PASTED.sub(" ", prose[:_SAMPLE].lower())
    counts = Counter(re.findall(_LETTERS, sample))
    scores = {language: sum(counts[word] for word in words.split()) for language, words in _WORDS.items()}
    best = max(scores, key=lambda language: scores[language])
    script, weight = _weigh_scripts(sample)
    if script and weight >= scores[best] * _WORDS_FOR_A_COMMON_ONE:
        return script
    return best if scores[best] >= _FEWEST_WORDS else None


def _weigh_scripts(sample: str) -> tuple[str | None, float]:
    """The language of the letters that weigh most, and their weight in words; kana show that it is Japanese."""
    signs = {language: len(re.findall(letters, sample)) for language, letters, _ in _SCRIPTS}
    if signs["ja"] * _SHARE_OF_KANA > signs["zh"]:
        signs["ja"], signs["zh"] = signs["ja"] + signs["zh"], 0
    weights = {language: signs[language] / each for language, _, each in _SCRIPTS if signs[language] >= _FEWEST_SIGNS}
    heaviest = max(weights, key=lambda language: weights[language], default=None)
    return heaviest, weights[heaviest] if heaviest else 0.0
