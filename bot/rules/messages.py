"""The parts of an example's issue that a program printed, as far as a rule rests on them. Pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from bot.github.tracker import Issue
from bot.issue.facts import Facts, Text
from bot.rules.conditions import AllHold, AtLeastHold, Condition, Sets
from bot.rules.requirements import TextCondition
from bot.rules.verdict import Evidence, Verdict

_LINE_OF_ITS_OWN = frozenset({"heading", "quote"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A run of an issue's text. `focus` is the place in it that matters most, from `start`.

    `is_one_line`: it stands where Markdown or GitHub take one line only. `is_title_of_report`: a whole title, which a
    person wrote about the report.
    """

    source: str
    view: str
    start: int
    end: int
    focus: int
    is_one_line: bool = False
    is_title_of_report: bool = False


def find_messages(condition: Condition, verdict: Verdict, facts: Facts) -> tuple[Message, ...]:
    """The lines that hold the evidence of the text conditions that held; in a title the words themselves."""
    found = [_make_message(evidence, facts) for evidence in _find_evidence(condition, verdict)]
    return tuple(_join(found))


def list_texts(facts: Facts) -> tuple[Message, ...]:
    """All texts of an issue: what a rule that does not match may have looked at."""
    found = [_trim(text, facts) for text in facts.texts if text.raw.strip()]
    return tuple(_join(found))


def survives(condition: Condition, verdict: Verdict, is_spared: Callable[[Condition, Verdict], bool]) -> bool:
    """Whether a condition still holds if only those single conditions are counted that a change spares."""
    match condition:
        case AllHold() | AtLeastHold():
            held = [
                survives(inner, child, is_spared)
                for inner, child in zip(condition.conditions, verdict.children, strict=True)
                if child.holds
            ]
            return sum(held) >= (condition.least if isinstance(condition, AtLeastHold) else len(held))
        case Sets():
            return survives(condition.condition, verdict.children[0], is_spared)
        case _:
            return is_spared(condition, verdict)


def _find_evidence(condition: Condition, verdict: Verdict) -> Iterator[Evidence]:
    match condition:
        case AllHold() | AtLeastHold():
            for inner, child in zip(condition.conditions, verdict.children, strict=True):
                if child.holds:
                    yield from _find_evidence(inner, child)
        case Sets():
            yield from _find_evidence(condition.condition, verdict.children[0])
        case _ if isinstance(condition, TextCondition):
            yield from verdict.evidence


def _make_message(evidence: Evidence, facts: Facts) -> Message:
    start, end, middle = evidence.start, evidence.end, (evidence.start + evidence.end) // 2
    text = next((t for t in facts.texts if t.source == evidence.source and t.span.start <= start < t.span.end), None)
    if evidence.source == "title" or text is None or end > text.span.end:
        return Message(
            source=evidence.source, view=evidence.view, start=start, end=end, focus=middle - start, is_one_line=True
        )
    whole = text.original
    first = max(text.span.start, whole.rfind("\n", 0, start) + 1)
    last = whole.find("\n", end)
    last = min(text.span.end, last if last >= 0 else len(whole))
    is_one_line = _is_one_line(text, facts) or _is_value_of_line(evidence, whole, facts)
    return Message(
        source=text.source, view=text.view, start=first, end=last, focus=middle - first, is_one_line=is_one_line
    )


def _is_one_line(text: Text, facts: Facts) -> bool:
    pieces = facts.layout.pieces if text.source == "body" else ()
    return text.source == "title" or any(p.span == text.span and p.kind in _LINE_OF_ITS_OWN for p in pieces)


def _is_value_of_line(evidence: Evidence, whole: str, facts: Facts) -> bool:
    """Whether it is looked for in the value of a `Key: value` line, which ends with the line."""
    if not evidence.view.startswith("section:"):
        return False
    name = evidence.view.removeprefix("section:").strip()
    spans = (section.span for section, _ in facts.find_sections(name))
    return any(span.start <= evidence.start < span.end and "\n" not in whole[span.start : span.end] for span in spans)


def _trim(text: Text, facts: Facts) -> Message:
    """A text without the empty lines around it; it matters most in the middle of its longest line."""
    raw = text.raw
    start = len(raw) - len(raw.lstrip("\r\n"))
    end = len(raw.rstrip())
    longest = max(raw[start:end].split("\n"), key=len)
    focus = raw.index(longest, start) - start + len(longest) // 2
    return Message(
        source=text.source,
        view=text.view,
        start=text.span.start + start,
        end=text.span.start + end,
        focus=focus,
        is_one_line=_is_one_line(text, facts),
        is_title_of_report=text.source == "title",
    )


def _join(messages: Iterable[Message]) -> Iterator[Message]:
    """Each place once, in order: messages that share a line are one."""
    last: Message | None = None
    for message in sorted(messages, key=lambda m: (m.source, m.start, m.end)):
        if last and last.source == message.source and message.start < last.end:
            last = replace(last, end=max(last.end, message.end), is_one_line=last.is_one_line or message.is_one_line)
            continue
        if last:
            yield last
        last = message
    if last:
        yield last


def read_source(issue: Issue, source: str) -> str:
    """The text of a place that evidence names: `title`, `body` or `comment N`."""
    if source == "title":
        return issue.title
    return issue.body if source == "body" else issue.comments[int(source.removeprefix("comment ")) - 1].body


def write_source(issue: Issue, source: str, text: str) -> Issue:
    """The issue with another text in that place."""
    if source == "title":
        return replace(issue, title=text)
    if source == "body":
        return replace(issue, body=text)
    index = int(source.removeprefix("comment ")) - 1
    changed = replace(issue.comments[index], body=text)
    return replace(issue, comments=(*issue.comments[:index], changed, *issue.comments[index + 1 :]))
