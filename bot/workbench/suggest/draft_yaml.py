"""Drafts as YAML that a human goes on with. Pure."""

from collections.abc import Iterator, Sequence

import yaml

from bot.workbench.editor.json_schema import SCHEMAS, name_schema
from bot.workbench.suggest.drafts import Draft, Label
from bot.workbench.suggest.sightings import Shown

_NEXT = (
    "# To do: read the examples, write the guidance, look at `signpost backtest`; then raise the mode and commit.",
)
_NEAREST = ("    # The nearest texts that do not match; another wording of the same problem belongs into `match`.",)
_UNFOLDED = 1_000_000
_SAMPLE = 5
_FEWEST = 2


def write_draft(draft: Draft, origin: str) -> str:
    """The file of a draft; `origin` says in its head where it comes from."""
    lines = [
        *name_schema(f"{SCHEMAS}/schema.json").splitlines(),
        *(f"# {line}" for line in (origin, tell_reach(draft)) if line),
        *_NEXT,
        f"id: {write_scalar(draft.id)}",
        f"title: {write_scalar(draft.title)}",
        "mode: observe # in the step summary only; then label, then comment",
        "match:",
        *_write_match(draft.phrases),
        *_write_labels(draft.labels),
        *_write_follow(draft),
        "guidance:",
        '  tldr: "TODO: say in one sentence what this is."',
        "  steps:",
        '    - "TODO: say what to do now."',
        *([f"  source: {write_scalar(draft.source)} # {_linked(draft)}"] if draft.source else []),
        "examples:",
        "  match:",
        *_write_examples(draft.matches),
        "  no_match:",
        *_NEAREST[: bool(draft.near and draft.near[0].number)],
        *_write_examples(draft.near),
    ]
    return "\n".join(lines) + "\n"


def tell_reach(draft: Draft) -> str:
    """Whom a draft serves, in one sentence; "" where it is one."""
    if draft.issues < _FEWEST:
        return ""
    span = f", {draft.first} to {draft.last}" if draft.first and draft.last else ""
    sample = ", ".join(f"#{number}" for number in spread(draft.numbers))
    beside = f"; also in {draft.elsewhere} that a rule matches already" if draft.elsewhere else ""
    return f"{_count(draft.issues, 'issue')} of {_count(draft.authors, 'author')}{span} ({sample}){beside}."


def spread(numbers: Sequence[int], most: int = _SAMPLE) -> list[int]:
    """A few of the numbers, from the first to the last."""
    if len(numbers) <= most:
        return list(numbers)
    return [numbers[round(index * (len(numbers) - 1) / (most - 1))] for index in range(most)]


def _write_match(phrases: Sequence[str]) -> list[str]:
    if len(phrases) == 1:
        return [f"  phrase: {write_scalar(phrases[0])}"]
    return ["  any:", *(f"    - phrase: {write_scalar(phrase)}" for phrase in phrases)]


def _write_labels(labels: Sequence[Label]) -> Iterator[str]:
    if labels:
        yield "labels:"
    for label in labels:
        yield f"  - {write_scalar(label.name)} # on {label.share:.0%} of them, {label.elsewhere:.0%} of all issues"


def _write_follow(draft: Draft) -> Iterator[str]:
    if draft.follow:
        named = f"maintainers named it in {_count(draft.follow_count, 'issue')}; is it the one to follow?"
        yield f"# follow: {draft.follow} # {named}"


def _linked(draft: Draft) -> str:
    return f"linked by maintainers in {_count(draft.source_count, 'issue')}"


def _write_examples(shown: Sequence[Shown]) -> Iterator[str]:
    for one in shown:
        key, depth = ("title: ", 6) if one.is_title else ("", 4)
        where = f" # #{one.number}" if one.number and "\n" not in one.text else ""
        yield f"    - {key}{write_scalar(one.text, depth)}{where}"


def write_scalar(text: str, depth: int = 0) -> str:
    """A text as a YAML value that reads back as itself: plain where it can be, a block where it has several lines.

    `depth`: the column of the key or the dash before it, from which on a block's lines are indented.
    """
    # A block that begins with a blank would need its indentation as a number, which counts from the parent.
    block = '"' if text[:1] in {" ", "\n"} else "|"
    style = block if "\n" in text else None
    node = yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)
    written: str = yaml.serialize(node, Dumper=yaml.SafeDumper, width=_UNFOLDED, allow_unicode=True)
    first, *rest = written.removesuffix("\n").removesuffix("\n...").split("\n")
    return "\n".join([first, *(f"{' ' * depth}{line}" if line else line for line in rest)])


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
