"""The error messages of a report, each with a key that reports of the same message share. Pure."""

from hashlib import sha256

from bot.duplicates.search.fingerprint import is_telling
from bot.issue.facts import Facts
from bot.text.error_lines import is_error, split_template
from bot.text.redaction import show_text
from bot.text.templates import split_at_signs
from bot.workbench.suggest.message_counts import find_lines

MOST_MESSAGES = 6
_LONGEST_MESSAGE = 120


def find_messages(facts: Facts) -> dict[str, str]:
    """The first error messages of a report, by their keys, each as people saw it; at most six.

    A message is a clause of an error line that tells one error from others, without its volatile parts. The error dump
    of an in-app report does not count: it is a ring buffer of unrelated noise (N2 in `bot.text.normalize`).
    """
    found = dict[str, str]()
    for line, view in find_lines(facts.without_dump):
        is_output = not line.is_source and line.kind in {"message", "remark"}
        if not is_output or (view == "title" and not is_error(line.text)):
            continue
        for part in _find_telling(line.template):
            digest = sha256(part.encode("utf-8", "replace")).hexdigest()
            found.setdefault(f"message:{digest[:16]}", _show_message(part, line.text))
            if len(found) == MOST_MESSAGES:
                return found
    return found


def _find_telling(template: str) -> list[str]:
    """The shortest parts of a line that tell one error from others."""
    found = list[str]()
    for part in sorted(dict.fromkeys(split_template(template)), key=len):
        constant = " ".join(" ".join(split_at_signs(part)).split())
        if is_telling(f"message:{constant}") and not any(each in part for each in found):
            found.append(part)
    return found


def _show_message(part: str, line: str) -> str:
    """The message in the words of the line, or the whole line if these cannot be found there.

    Folding can lengthen a line (“ß” becomes “ss”), so each folded sign keeps its place in the line.
    """
    words = [text.strip() for text in split_at_signs(part) if text.strip()]
    folded, places = line.casefold(), [place for place, sign in enumerate(line) for _ in sign.casefold()]
    start, end = folded.find(words[0]), folded.rfind(words[-1])
    found = line[places[start] : places[end + len(words[-1]) - 1] + 1] if 0 <= start <= end else line
    return show_text(found.replace("`", "'"), _LONGEST_MESSAGE)
