"""A rule in plain words: the message that people see, and how Signpost recognises the problem. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import re2

from bot.rules.conditions.phrase import PhraseHolds
from bot.rules.conditions.regex import compile_pattern
from bot.rules.ruleset import Rule
from bot.rules.spec.condition import Condition, walk_models
from bot.rules.spec.phrase import Phrase, PhraseError, parse_phrase
from bot.rules.spec.rule import Example
from bot.text.normalize import collapse
from bot.text.redaction import show_text

_HOLES = {"id": "id", "url": "URL", "source": "file", "money": "amount", "any": "…"}
"""The words for what changes in a message, where the name of its type is not the word."""

_SYSTEMS = {"macos": "macOS", "windows": "Windows", "linux": "Linux", "wsl": "WSL", "freebsd": "FreeBSD"}
_VIEWS = {
    "title": "the title",
    "body": "the text",
    "logs": "the logs",
    "errors": "the list of errors",
    "comments": "a later comment of the reporter",
}
_BODIES = {
    "empty": "The report has no text.",
    "images_only": "The report has only images.",
    "links_only": "The report has only links.",
    "template_untouched": "The report is the empty form.",
    "repeated": "The report only repeats its title or one answer.",
}
_LONGEST_TITLE = 100
_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{[%#].*?[%#]\}")
_LEADS_ON = re.compile(r"(?:\b(?:at|of|for|in|to|by|with|from|on|the|a|an|is)|:)$")
_SEES = "you see "
_BEFORE = re.compile(r"^\s*[-+]\s+|[\"“”`>|│⎿●•*]+\s*|[.!?]\s+|:\s+|\\\\?[nr\"]|·\s*")
"""What stands before the first word of a message."""

_AFTER = re.compile(r"[.!?,;:](?=\s|$|[\"'`\\\\])|[\"”`|│<({\\\\]|\s[·—–-]\s|\s{2,}")
_VALUE = re.compile(r"\d|(?:^|\s)[~./\\]|@|\w:\S|__|'\S[^']*'(?!\w)")
"""What differs from report to report."""


Kind = Literal["message", "pattern", "fact", "all", "any", "none", "some"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One condition in words. `text` is a sentence, or the message itself if the kind is `message` or `pattern`.

    `where` says which part of the report has it, "" for anywhere. `examples` are wordings that a pattern finds.
    `parts` are the conditions that it consists of, and `source` is the phrase as the rule has it.
    """

    kind: Kind
    text: str = ""
    where: str = ""
    source: str = ""
    examples: tuple[str, ...] = ()
    parts: tuple["Clause", ...] = ()

    def walk(self) -> Iterator["Clause"]:
        """This clause and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()


def name_system(value: str) -> str:
    """The name of a system as people write it."""
    return _SYSTEMS.get(value, value)


def list_messages(rule: Rule) -> tuple[PhraseHolds, ...]:
    """The phrases that may make a rule match, each once, in the order of its file."""
    found: dict[str, PhraseHolds] = {}
    for part, is_unwanted in rule.condition.walk():
        if isinstance(part, PhraseHolds) and not is_unwanted and not part.reads.sections:
            found.setdefault(part.phrase.source, part)
    return tuple(found.values())


def list_named(rules: Iterable[Rule]) -> frozenset[int]:
    """The numbers of the issues and pull requests that rules name."""
    fixes = (rule.model.fixed_in.pr for rule in rules if rule.model.fixed_in)
    return frozenset(number for number in (*(rule.model.follow for rule in rules), *fixes) if number)


def write_phrase(phrase: Phrase) -> str:
    """The phrase as people see it: a word in angle brackets for what changes."""
    pieces = [phrase.literals[0]]
    for hole, literal in zip(phrase.holes, phrase.literals[1:], strict=True):
        word = _HOLES.get(hole.type, hole.type.replace("int", "number"))
        pieces += [word if word == "…" else f"<{word}>", literal]
    return " ".join("".join(pieces).split())


def title_problem(rule: Rule, seen: Mapping[int, int] | None = None) -> tuple[str, str]:
    """The problem's name for people who search: the message that they see, or else "", and the rule's title.

    `seen` is how many reports show each message (`list_messages`). Of the messages that alone make the rule match, the
    most frequent one counts, or else the first.
    """
    known = [
        (-(seen or {}).get(number, 0), number, part.phrase)
        for number, part in enumerate(list_messages(rule))
        if not part.phrase.is_short and _is_needed(part.phrase.source, rule.model.match)
    ]
    message = _complete(min(known)[2], rule.model.examples.match) if known else ""
    return message if len(message) <= _LONGEST_TITLE else "", _plain(rule.model.title)


def _complete(phrase: Phrase, examples: Iterable[Example]) -> str:
    """The phrase with the rest of its sentence, as an example has it; "" if it would begin inside a sentence."""
    text = write_phrase(phrase)
    spaced = [r"\s+".join(map(re.escape, literal.split())) for literal in phrase.literals]
    pattern = re.compile(r"\s*.{1,60}?\s*".join(spaced), re.IGNORECASE)
    lines = (line for example in examples for line in (example.title, *example.body.splitlines()))
    for line in lines:
        if found := pattern.search(line):
            before, after = line[: found.start()], line[found.end() :]
            start = "" if _begins_well(text, before) else _BEFORE.split(before)[-1]
            if (
                _VALUE.search(start)
                or not _is_balanced(start)
                or not _begins_well(f"{start}{text}", before.removesuffix(start))
            ):
                continue
            rest = _AFTER.split(after, maxsplit=1)[0] if phrase.literals[-1].strip() else ""
            whole = show_text(_tidy(f"{start}{text}{rest}"))
            is_fit = len(whole) <= _LONGEST_TITLE and not _VALUE.search(rest) and _is_balanced(whole)
            return whole if is_fit else _tidy(f"{start}{text}")
    return _tidy(text) if _begins_well(text, "x ") else ""


def _tidy(text: str) -> str:
    """One line, with an ellipsis where a word leads on to a value."""
    line = " ".join(text.split()).strip(" ·–—")
    return f"{line} …" if _LEADS_ON.search(line) else line


def _is_balanced(text: str) -> bool:
    return text.count("(") == text.count(")")


def _begins_well(text: str, before: str) -> bool:
    """Whether a message begins here: with a capital letter or a sign, or where the line or a quotation begins."""
    if re.search(r"[\w-]$", before) or text.startswith(")"):
        return False
    return not text[:1].islower() or not _BEFORE.split(before)[-1].strip()


def _is_needed(source: str, model: Condition) -> bool:
    """Whether a phrase alone may make a rule match, or is the first thing that it needs."""
    if model.phrase == source:
        return not set(model.in_ or ()) & {"comments"}
    return any(_is_needed(source, child) for child in (*(model.any or ()), *(model.all or ())[:1]))


def _plain(title: str) -> str:
    """The title without the syntax of a template, whose values no page knows."""
    return " ".join(_TEMPLATE.sub(lambda match: "…" if match[0].startswith("{{") else "", title).split())


def describe_match(rule: Rule) -> Clause:
    """How the rule recognises the problem."""
    examples = rule.model.examples
    return _Teller(examples.match, [*examples.no_match, *examples.match]).tell(rule.model.match)


def describe_when(model: Condition, rule: Rule) -> str:
    """When a branch of the guidance applies, as the end of a sentence that begins with "if"."""
    sets = {
        (name, str(value).lower()): each.model_copy(update={"set": None})
        for _, each in walk_models(rule.model.match)
        for name, value in (each.set or {}).items()
    }
    examples = [*rule.model.examples.match, *rule.model.examples.no_match]
    teller = _Teller(examples, examples, sets)
    return _join(_say(clause) for clause in _flatten(teller.tell(model)))


def _flatten(clause: Clause) -> tuple[Clause, ...]:
    return clause.parts if clause.kind == "all" else (clause,)


def _say(clause: Clause) -> str:
    """A clause inside a sentence."""
    match clause.kind:
        case "message" | "pattern":
            where = f" {clause.where}" if clause.where else ""
            kind = "" if clause.kind == "message" else "a message like " if clause.examples else "the pattern "
            return f"{_SEES}{kind}“{(clause.examples or (clause.text,))[0]}”{where}"
        case "all":
            return _join(map(_say, clause.parts))
        case "any":
            said = list(dict.fromkeys(map(_say, clause.parts)))
            return " or ".join([said[0], *(each.removeprefix(_SEES) for each in said[1:])])
        case "none":
            return _deny(list(dict.fromkeys(map(_say, clause.parts))))
        case "some":
            return f"several of these hold: {'; '.join(map(_say, clause.parts))}"
    text = clause.text.removesuffix(".")
    return text if text.startswith("GitHub") else text[:1].lower() + text[1:]


def _deny(said: Sequence[str]) -> str:
    if not all(each.startswith(_SEES) for each in said):
        return f"it does not hold that {' or '.join(said)}"
    texts = [each.removeprefix(_SEES) for each in said]
    return f"you do not see {_or(texts)}"


def _join(texts: Iterable[str]) -> str:
    return " and ".join(texts)


@dataclass(frozen=True, slots=True)
class _Teller:
    """Puts conditions into words; the examples of the rule show what a pattern finds, `unwanted` what a `none` does."""

    examples: Sequence[Example]
    unwanted: Sequence[Example] = ()
    sets: Mapping[tuple[str, str], Condition] = field(default_factory=dict)

    def tell(self, model: Condition) -> Clause:
        clauses = [*self._tell_own(model), *self._tell_compound(model)]
        return clauses[0] if len(clauses) == 1 else _group("all", clauses)

    def _tell_own(self, model: Condition) -> Iterator[Clause]:
        where = _name_views(model.in_)
        if model.phrase:
            yield _tell_phrase(model.phrase, where)
        if model.regex:
            found = self._find_wordings(model.regex, lines=model.lines is True)
            yield Clause(kind="pattern", text=model.regex, where=where, examples=found)
        yield from (Clause(kind="fact", text=text) for text in _tell_facts(model))
        yield from (self._tell_capture(name, value) for name, value in model.captures.items())

    def _tell_capture(self, name: str, value: object) -> Clause:
        """What a capture must be; for one that the rule itself sets, what it is set by."""
        known = self.sets.get((name, str(value).lower()))
        return self.tell(known) if known else Clause(kind="fact", text=_tell_capture(name, value))

    def _tell_compound(self, model: Condition) -> Iterator[Clause]:
        for kind, models in (("all", model.all), ("any", model.any), ("none", model.none)):
            teller = replace(self, examples=self.unwanted) if kind == "none" else self
            if models:
                yield _group(kind, [teller.tell(each) for each in models])
        if model.at_least:
            text = f"At least {model.at_least.n} of these hold:"
            yield Clause(kind="some", text=text, parts=tuple(self.tell(each) for each in model.at_least.of))

    def _find_wordings(self, source: str, *, lines: bool, most: int = 2) -> tuple[str, ...]:
        """Lines of the rule's own examples that a pattern finds."""
        try:
            pattern = compile_pattern(source, lines=lines)
        except (re2.error, ValueError):
            return ()
        rows = (line for example in self.examples for line in (example.title, *example.body.splitlines()))
        found = dict.fromkeys(show_text(line) for line in rows if line.strip() and pattern.search(collapse(line)))
        return tuple(found)[:most]


def _group(kind: Any, parts: list[Clause]) -> Clause:  # noqa: ANN401 (one of the kinds)
    """A group; one inside another of the same kind is a part of it."""
    if kind != "none" and len(parts) == 1:
        return parts[0]
    flat = [inner for part in parts for inner in (part.parts if part.kind == kind != "none" else (part,))]
    return Clause(kind=kind, parts=tuple(flat))


def _tell_phrase(source: str, where: str) -> Clause:
    try:
        text = write_phrase(parse_phrase(source))
    except PhraseError:
        text = source
    return Clause(kind="message", text=text, where=where, source=source)


def _name_views(views: Sequence[str] | None) -> str:
    if not views or {"title", "body", "logs"} <= {*views}:
        return ""
    names = [_VIEWS.get(view) or f"the field “{view.removeprefix('section: ')}”" for view in views]
    return f"in {_or(names)}"


def _or(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _tell_facts(model: Condition) -> Iterator[str]:
    """The keys that have no message, each as a sentence."""
    yield from _tell_links(model)
    if model.section and model.tests_section:
        yield from _tell_section(model.section, model)
    if model.checkbox:
        yield _tell_box(model.checkbox, model)
    if model.version:
        yield _tell_version(model.version)
    if model.code:
        yield f"It ends with the code {_or([str(code) for code in model.code])}."
    if model.frame:
        yield f"The stack trace has `{model.frame}`{' at the top' if model.at == 'top' else ''}."
    if model.body:
        yield _BODIES[model.body]
    yield from _tell_issue(model)


def _tell_issue(model: Condition) -> Iterator[str]:
    if model.label:
        yield f"The issue has the label {_or(_quote(model.label))}."
    if model.no_label:
        yield f"The issue does not have the label {_or(_quote(model.no_label))}."
    if model.author:
        yield f"GitHub lists the author as {_or([each.replace('_', ' ').lower() for each in model.author])}."
    if model.language:
        yield f"The report is written in {_or(_quote(model.language))}."
    if model.layout:
        yield f"The report has the form {_or(_quote(model.layout))}."


def _quote(words: Iterable[str]) -> list[str]:
    return [f"“{word}”" for word in words]


def _tell_links(model: Condition) -> Iterator[str]:
    if model.attachment:
        files = [f"`{each}`" for each in model.file_names]
        named = [f"a file with the name {_or(files)}"] if files else []
        unfinished = ["an upload that did not finish"] if len(files) < len(model.attachment) else []
        yield f"The report has {_or([*named, *unfinished])}."
    if model.link:
        yield f"The report links to {_or([f'`{each}`' for each in model.link])}."


def _tell_box(label: str, model: Condition) -> str:
    place = f" in the field “{model.section}”" if model.section else ""
    return f"The box “{label}”{place} is {'ticked' if model.ticked is not False else 'not ticked'}."


def _tell_section(name: str, model: Condition) -> Iterator[str]:
    field = f"The field “{name}”"
    tests: Mapping[str, object] = {
        f"{field} is “{model.is_}”.": model.is_,
        f"{field} is {_or(_quote(model.one_of or ['']))}.": model.one_of,
        f"{field} contains “{model.contains}”.": model.contains,
        f"{field} {'has no answer' if model.empty else 'has an answer'}.": model.empty is not None,
        f"{field} is {'missing' if model.missing else 'there'}.": model.missing is not None,
        f"{field} {'still has' if model.placeholder else 'does not have'} the example text.": model.placeholder
        is not None,
        f"{field} links to {_or([str(host) for host in model.url_host or ['']])}.": model.url_host,
    }
    yield from (sentence for sentence, is_asked in tests.items() if is_asked)


_RANGES = {
    "<=": "{} or older",
    ">=": "{} or newer",
    "<": "older than {}",
    ">": "newer than {}",
    "!=": "not {}",
    "=": "{}",
}


def _tell_version(wanted: str) -> str:
    if wanted.strip() == "unknown":
        return "Your report states no version."
    words = []
    for part in wanted.split(","):
        operator = next((sign for sign in _RANGES if part.strip().startswith(sign)), "=")
        words.append(_RANGES[operator].format(part.strip().lstrip("<>=!").strip()))
    return f"Your version is {' and '.join(words)}."


def _tell_capture(name: str, value: object) -> str:
    values = [name_system(str(each).lower() if isinstance(each, bool) else str(each)) for each in _as_list(value)]
    known = [each for each in values if each != "unknown"]
    if name == "os":
        return f"Your system is {_or(known)}." if known else "Your report states no system."
    what = name.replace("_", " ")
    if not known:
        return f"The report does not state: {what}."
    return f"In the report, {what} is {_or(_quote(known))}."


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
