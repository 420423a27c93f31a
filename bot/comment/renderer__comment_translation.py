"""Links to pages in the reporter's language, where the pack says that they exist in it. Pure."""

import re
from collections.abc import Sequence

from bot.rules.spec.pack import Translation

_ENDS_HERE = r"(?![\w/-]|\.\w)"
"""The address ends here: what stands behind it is an anchor, a query, punctuation or nothing."""


def link_translations(text: str, translations: Sequence[Translation], language: str | None) -> str:
    """The text with the addresses of translated pages in that language; anchors stay, other addresses too."""
    for translation in translations:
        place = translation.languages.get(language or "")
        for page in translation.pages if place else ():
            original = page.replace("{language}", translation.written_in)
            translated = page.replace("{language}", place or "")
            text = translated.join(re.split(re.escape(original) + _ENDS_HERE, text))
    return text
