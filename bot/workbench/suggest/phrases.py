"""From a recurring message to a phrase that a rule can search for. Pure."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count

from bot.issue.facts import Facts
from bot.rules.conditions.regex import compile_pattern
from bot.rules.spec.phrase import PhraseError, parse_phrase
from bot.text.error_lines import ErrorLine, is_worth_counting, trim_part
from bot.text.redaction import mask_private
from bot.text.templates import collapse_line, find_words, list_types, split_at_signs
from bot.workbench.suggest.message_counts import find_lines

_NAMES = {
    "int": "number",
    "number": "amount",
    "version": "stated_version",
    "id": "identifier",
    "word": "name",
    "path": "place",
    "host": "server",
    "url": "address",
    "date": "day",
    "time": "moment",
    "money": "price",
    "code": "value",
    "any": "text",
}
"""The names of holes; they are not keys of the rule language, and packs seldom use them for captures."""

_MOST_SHARED = 0.9
"""The share of reports that must agree on the text next to a message, or in one of its holes, to include it."""

_FEWEST_AGREEING = 3
_LONGEST_PHRASE = 160
_CURLY = "\u2019"
_TOKEN_RIGHT = re.compile(r"\s*[^\s]+")
_TOKEN_LEFT = re.compile(r"[^\s]+\s*$")
HOLE = re.compile(r"\{[a-z_]+[0-9]*:[a-z]+\}")
_EDGE_HOLES = re.compile(r"^(?:\W*\{[a-z_]+[0-9]*:[a-z]+\})+\W*|\W*(?:\{[a-z_]+[0-9]*:[a-z]+\}\W*)+$")
_FREE_WORD = re.compile(r"[^\W\d_][\w'-]*")
_CODE_NAME = r"(?:(?:exit|status|error|http|return|response|result) ?)?(?:code|status|errno)|http|api error"
_BEFORE_CODE = re.compile(rf"(?:^|\W)(?:{_CODE_NAME})[\s:=#('\"]*$", re.IGNORECASE)
_BARE_CODE = re.compile(
    rf"(?:\s+(?:with|and|returned|gave))?[\s:,(-]*(?:\b(?:an?|the)\s)?\b(?:{_CODE_NAME})\W*$", re.IGNORECASE
)
_CODE_AFTER = re.compile(r"[\s:=#('\"]{0,4}[\ue000-\uf8ff]")
_PIECE = r"(?:[\w.]|\{[a-z_]+[0-9]*:[a-z]+\})+"
_ONE_OF_MANY = re.compile(  # the name of a model, of a machine or of a variable; some of its numbers may be holes
    r"(?<![\w.{}:/\\-])(?:(?:claude|gpt|chatgpt|gemini|llama|mistral|deepseek|qwen|grok|opus|sonnet|haiku)"
    rf"(?:-{_PIECE}|[. ]v?(?:[0-9][\w.]*|{HOLE.pattern}))+"
    rf"|(?=[\w.-]{{0,80}}(?:[0-9]|{HOLE.pattern}))[a-z][\w.]*(?:-{_PIECE}){{2,8}}|_[0-9]+)(?![\w{{}}\\/-])",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"""(?<=\s)"[^" {}]{1,60}(?:"(?=\s|$)|$)""")
_OPENED = re.compile(r"[\s:]*(?:\{\{|\[)[\w\"':,]*$")
_HOLE_OR_WORD = re.compile(f"{HOLE.pattern}|{_FREE_WORD.pattern}")


def find_instances(template: str, issues: Iterable[Facts]) -> list[ErrorLine]:
    """The first line of each issue that has the message."""
    lines = (next((line for line, _ in find_lines(facts) if template in line.template), None) for facts in issues)
    return [line for line in lines if line]


def choose_phrase(template: str, instances: Sequence[ErrorLine]) -> str | None:
    """The phrase for a message: as long as its reports agree, with constants written out, in the case that they use.

    None if the message has no text that a rule can search for.
    """
    longest = balance_part(extend_template(template, instances), [one.template for one in instances])
    for candidate in dict.fromkeys(complete_code(each, instances) for each in (longest, template)):
        phrase = write_phrase(candidate, instances)
        if phrase and is_worth_counting(trim_part(candidate)):
            return phrase
    return None


def complete_code(template: str, instances: Sequence[ErrorLine]) -> str:
    """The template with the number that follows in all its lines, if it ends with "status code" or the like."""
    if not _BEFORE_CODE.search(template):
        return template
    after = [_CODE_AFTER.match(one.template.split(template, 1)[1]) for one in instances if template in one.template]
    found = {match[0] if match else "" for match in after}
    return template + found.pop() if len(found) == 1 else template


def balance_part(text: str, lines: Sequence[str]) -> str:
    """The text without punctuation and holes at its ends, but with its closing bracket if all lines have it."""
    part = trim_part(text)
    for opening, closing in ("()", "[]"):
        if part.count(opening) > part.count(closing) and all(part + closing in line for line in lines if part in line):
            part += closing
        first = part.find(closing)
        if first >= 0 and opening not in part[:first] and is_worth_counting(trim_part(part[first:])):
            part = trim_part(part[first:])
    return part


def extend_template(template: str, instances: Sequence[ErrorLine]) -> str:
    """The template with the text that is next to it in 90 % of its lines."""
    sides = [tuple(one.template.split(template, 1)) for one in instances if template in one.template]
    if len(sides) < _FEWEST_AGREEING:
        return template
    right = _grow([after for _, after in sides], _TOKEN_RIGHT, len(template), is_right=True)
    left = _grow([before for before, _ in sides], _TOKEN_LEFT, len(template) + len(right), is_right=False)
    return left + template + right


def _grow(contexts: list[str], token: re.Pattern[str], length: int, *, is_right: bool) -> str:
    grown, total = "", len(contexts)
    while True:
        found = Counter(
            match[0]
            for context in contexts
            if (match := token.search(context)) and (not is_right or match.start() == 0)
        )
        best, count = found.most_common(1)[0] if found else ("", 0)
        if count < _MOST_SHARED * total or length + len(grown) + len(best) > _LONGEST_PHRASE:
            return grown
        if is_right:
            contexts = [context[len(best) :] for context in contexts if context.startswith(best)]
            grown += best
        else:
            contexts = [context[: -len(best)] for context in contexts if context.endswith(best)]
            grown = best + grown


def write_phrase(template: str, instances: Sequence[ErrorLine]) -> str | None:
    """A template as the source of a phrase; None if the rule language cannot express it."""
    literals = [text.replace("{", "{{") for text in split_at_signs(template)]
    holes = _name_holes(list_types(template))
    values = find_values(literals, holes, instances)
    source = literals[0]
    for hole, literal in zip(holes, literals[1:], strict=True):
        found = values.get(hole, Counter())
        is_code = len(found) == 1 and bool(_BEFORE_CODE.search(source))
        constant = next(iter(found)) if is_code else choose_constant(found)
        source += (hole if constant is None else constant.replace("{", "{{")) + literal
    source = _EDGE_HOLES.sub(
        "", _restore_case(_restore_spans(_open_names(source, instances), instances), instances)
    ).strip()
    source = _BARE_CODE.sub("", _OPENED.sub("", source))
    try:
        parse_phrase(source)
    except PhraseError:
        return None
    return source


def _open_names(source: str, instances: Sequence[ErrorLine]) -> str:
    """The source with holes for names that differ from report to report, and for quoted ones that few reports have."""
    taken = {int(number or 1) for number in re.findall(r"\{name([0-9]*):word\}", source)}
    numbers = (number for number in count(1) if number not in taken)

    def open_next() -> str:
        number = next(numbers)
        return f"{{name{number if number > 1 else ''}:word}}"

    source = _ONE_OF_MANY.sub(lambda _: open_next(), source)
    are_few = len(instances) < _FEWEST_AGREEING
    return _QUOTED.sub(lambda _: f'"{open_next()}"', source) if are_few else source


def _name_holes(types: Sequence[str]) -> list[str]:
    counts = Counter[str]()
    holes = []
    for kind in types:
        counts[kind] += 1
        number = str(counts[kind]) if counts[kind] > 1 else ""
        holes.append(f"{{{_NAMES[kind]}{number}:{kind}}}")
    return holes


def find_values(
    literals: Sequence[str], holes: Sequence[str], instances: Sequence[ErrorLine]
) -> dict[str, Counter[str]]:
    """The values in each hole, with their counts, as the rule engine reads them."""
    source = literals[0] + "".join(hole + literal for hole, literal in zip(holes, literals[1:], strict=True))
    try:
        pattern = compile_pattern(parse_phrase(source).collapsed_pattern)
    except PhraseError:
        return {}
    values = {hole: Counter[str]() for hole in holes}
    for one in instances:
        if match := pattern.search(one.collapsed):
            for hole, value in zip(holes, match.groups(), strict=True):
                values[hole][value] += 1
    return values


def choose_constant(values: Mapping[str, int]) -> str | None:
    """The value that a hole has in 90 % of the reports, if it is not private; otherwise None."""
    total = sum(values.values())
    if total < _FEWEST_AGREEING:
        return None
    value, number = max(values.items(), key=lambda item: (item[1], item[0]))
    return value if number >= _MOST_SHARED * total and mask_private(value) == value else None


def _restore_case(source: str, instances: Sequence[ErrorLine]) -> str:
    """Each word as most reports write it; holes stay as they are."""
    counts = Counter(word for one in instances for word in _FREE_WORD.findall(one.text.replace(_CURLY, "'")))
    best = {word.lower(): word for word, _ in sorted(counts.items(), key=lambda item: (item[1], item[0]))}
    return _HOLE_OR_WORD.sub(lambda match: best.get(match[0], match[0]), source)


def _restore_spans(source: str, instances: Sequence[ErrorLine]) -> str:
    """Backticks where most reports have them: a template has quotes instead."""
    marked = sum("`" in one.text for one in instances)
    return re.sub(r"'([^' ]{1,80})'", r"`\1`", source) if 2 * marked > len(instances) else source


def find_phrase_words(phrase: str) -> set[str]:
    """The words of a phrase, in collapsed form, without its holes."""
    return set(find_words(collapse_line(HOLE.sub(" ", phrase))))


def compare_phrases(one: str, other: str, weigh: Callable[[str], float]) -> float:
    """The share of words that two phrases have in common, by weight, from 0 to 1 (weighted Jaccard)."""
    ours, theirs = find_phrase_words(one), find_phrase_words(other)
    both = sum(weigh(word) for word in ours & theirs)
    either = sum(weigh(word) for word in ours | theirs)
    return both / either if either else 0.0
