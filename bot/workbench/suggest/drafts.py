"""Drafts of rules from past issues, with their reasons: as YAML for a human to finish, and as JSON. Pure."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import yaml

from bot.rules.ruleset import Pack, Ruleset
from bot.rules.spec.pack import PackModel
from bot.text.printable import count
from bot.text.redaction import mask_private
from bot.workbench.editor.json_schema import SCHEMAS, name_schema
from bot.workbench.suggest.sightings import Shown, Sightings, Watch
from bot.workbench.suggest.wordings import blank_holes, title_phrase

MOST_EXAMPLES = 3
MOST_NEAR = 2
_MOST_LABELS = 3
_LABEL_SHARE = 0.4
_LABEL_LIFT = 2.0
_FEWEST_LABELLED = 3
_FEWEST_NAMINGS = 2
_LAST = 1_000.0
_LONGEST_LABEL = 50
_NEXT = ("# To do: read the examples, write the guidance, run `signpost backtest`; then raise the mode and commit.",)
_NEAREST = ("    # The most similar texts that do not match. If one reports the same problem, move it to `match`.",)
_UNFOLDED = 1_000_000
_SAMPLE = 5
_FEWEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label that the issues of a draft have: its share among these issues, and among all issues."""

    name: str
    share: float
    elsewhere: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A rule for a human to finish. `phrases` are its wordings; `numbers` is a sample of the issues that it serves.

    `source` is the most frequent link of maintainers (`source_count` times), `follow` the issue that they named most.
    """

    id: str
    title: str
    phrases: tuple[str, ...]
    matches: tuple[Shown, ...] = ()
    near: tuple[Shown, ...] = ()
    labels: tuple[Label, ...] = ()
    source: str | None = None
    source_count: int = 0
    follow: int | None = None
    follow_count: int = 0
    issues: int = 0
    authors: int = 0
    elsewhere: int = 0
    first: date | None = None
    last: date | None = None
    numbers: tuple[int, ...] = ()
    weight: float = 0.0


def make_draft(name: str, phrases: Sequence[str], sightings: Sightings, watch: Watch, weight: float = 0.0) -> Draft:
    """The draft of a rule with the id `name`, from the sightings of its phrases."""
    source, source_count = next(iter(sightings.answers.items()), (None, 0))
    follow, follow_count = next(iter(sightings.named.items()), (None, 0))
    return Draft(
        id=name,
        title=title_phrase(phrases[0]),
        phrases=tuple(phrases),
        matches=(*sightings.examples, *_cut_to_core(sightings.examples)),
        near=(*sightings.near, *_halve(phrases[0])),
        labels=choose_labels(sightings, watch),
        source=source,
        source_count=source_count,
        follow=follow if follow_count >= _FEWEST_NAMINGS else None,
        follow_count=follow_count,
        issues=sightings.support.issues,
        authors=sightings.support.author_count,
        elsewhere=sightings.support.elsewhere,
        first=sightings.first.date() if sightings.first else None,
        last=sightings.last.date() if sightings.last else None,
        numbers=tuple(sorted(sightings.support.numbers)),
        weight=round(weight, 1),
    )


def make_skeleton(name: str) -> Draft:
    """A rule that loads and passes its own examples, with placeholders for the real words."""
    phrase = f"the message of {name}, word for word"
    return Draft(
        id=name,
        title=title_phrase(name.replace("-", " ")),
        phrases=(phrase,),
        matches=(Shown((0.0, 0), 0, f"It said: {phrase}"),),
        near=tuple(_halve(phrase))[:1],
    )


def choose_labels(sightings: Sightings, watch: Watch) -> tuple[Label, ...]:
    """The labels of at least 40 % of a draft's labelled issues, if that is at least twice the usual share."""
    if sightings.labelled < _FEWEST_LABELLED:
        return ()
    found = []
    for name, number in sightings.labels.items():
        share, usual = number / sightings.labelled, watch.labels.get(name, number) / max(1, watch.labelled)
        if share >= _LABEL_SHARE and share >= _LABEL_LIFT * usual and len(name) <= _LONGEST_LABEL:
            found.append(Label(name=name, share=round(share, 3), elsewhere=round(usual, 3)))
    return tuple(sorted(found, key=lambda label: (-label.share, label.name))[:_MOST_LABELS])


def _cut_to_core(examples: Iterable[Shown]) -> Iterable[Shown]:
    """The message alone, for examples in which other rules find something too."""
    cores = {shown.core: shown for shown in examples if shown.core and shown.core != shown.text}
    return (Shown((_LAST, 0), shown.number, core) for core, shown in cores.items())


def _halve(phrase: str) -> Iterable[Shown]:
    """Near misses for a phrase that nothing in the archive comes near to: each of its halves."""
    words = mask_private(blank_holes(phrase)).replace("{{", "{").split()
    for rank, half in enumerate((words[: (len(words) + 1) // 2], words[len(words) // 2 :])):
        yield Shown((_LAST + rank, 0), 0, f"Something else: {' '.join(half)}")


def without(draft: Draft, dropped: Collection[Shown]) -> Draft:
    """The draft without these texts."""
    return replace(
        draft,
        matches=tuple(shown for shown in draft.matches if shown not in dropped),
        near=tuple(shown for shown in draft.near if shown not in dropped),
    )


def trim_draft(draft: Draft) -> Draft:
    """The draft with a few examples; invented ones only if there are no others."""
    return replace(draft, matches=_choose(draft.matches, MOST_EXAMPLES), near=_choose(draft.near, MOST_NEAR))


def _choose(shown: tuple[Shown, ...], most: int) -> tuple[Shown, ...]:
    return tuple(one for one in shown if one.rank[0] < _LAST)[:most] or shown[:most]


def choose_pack(ruleset: Ruleset) -> Pack:
    """The pack for the drafts: the pack of the existing rules, if they have only one."""
    return ruleset.packs[0] if len(ruleset.packs) == 1 else Pack(PackModel(name="drafts"))


def write_draft(draft: Draft, origin: str) -> str:
    """The file of a draft; `origin` is a comment at its top that says where the draft comes from."""
    linked = f"linked by maintainers in {count(draft.source_count, 'issue')}"
    lines = [
        *name_schema(f"{SCHEMAS}/schema.json").splitlines(),
        *(f"# {line}" for line in (origin, describe_reach(draft)) if line),
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
        *([f"  source: {write_scalar(draft.source)} # {linked}"] if draft.source else []),
        "examples:",
        "  match:",
        *_write_examples(draft.matches),
        "  no_match:",
        *_NEAREST[: bool(draft.near and draft.near[0].number)],
        *_write_examples(draft.near),
    ]
    return "\n".join(lines) + "\n"


def describe_reach(draft: Draft) -> str:
    """The number of issues and authors that a draft serves, in one sentence; "" for a single issue."""
    if draft.issues < _FEWEST:
        return ""
    span = f", {draft.first} to {draft.last}" if draft.first and draft.last else ""
    sample = ", ".join(f"#{number}" for number in spread(draft.numbers))
    beside = f"; also {count(draft.elsewhere, 'issue')} that a rule matches" if draft.elsewhere else ""
    return f"{count(draft.issues, 'issue')} of {count(draft.authors, 'author')}{span} ({sample}){beside}."


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
        named = f"maintainers named it in {count(draft.follow_count, 'issue')}; is it the one to follow?"
        yield f"# follow: {draft.follow} # {named}"


def _write_examples(shown: Sequence[Shown]) -> Iterator[str]:
    for one in shown:
        key, depth = ("title: ", 6) if one.is_title else ("", 4)
        where = f" # #{one.number}" if one.number and "\n" not in one.text else ""
        yield f"    - {key}{write_scalar(one.text, depth)}{where}"


def write_scalar(text: str, depth: int = 0) -> str:
    """A text as a YAML value that reads back as the same text: plain if possible, a block if it has several lines.

    `depth`: the indentation of a block's lines.
    """
    # A block that begins with a blank would need its indentation as a number, which counts from the parent.
    is_command = _holds_command(text)
    block = '"' if text[:1] in {" ", "\n"} else "|"
    style = '"' if is_command else block if "\n" in text else None
    node = yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)
    written: str = yaml.serialize(node, Dumper=yaml.SafeDumper, width=_UNFOLDED, allow_unicode=True)
    if is_command:  # a workflow that prints the draft would obey it; an escape reads back as the same sign
        written = written.replace("#", "\\x23")
    first, *rest = written.removesuffix("\n").removesuffix("\n...").split("\n")
    return "\n".join([first, *(f"{' ' * depth}{line}" if line else line for line in rest)])


def _holds_command(text: str) -> bool:
    """Whether a workflow that prints it would obey it: `##[` anywhere, or `::` first in a line."""
    bare = "".join(sign for sign in text if sign == "\n" or unicodedata.category(sign)[0] not in "CM")
    return "##[" in bare or re.search(r"^\s*::", bare, re.MULTILINE) is not None


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def draft_to_json(draft: Draft) -> dict[str, Any]:
    """A draft and its evidence as JSON."""
    return {
        "id": draft.id,
        "title": draft.title,
        "phrases": list(draft.phrases),
        "issues": draft.issues,
        "authors": draft.authors,
        "elsewhere": draft.elsewhere,
        "first": draft.first and draft.first.isoformat(),
        "last": draft.last and draft.last.isoformat(),
        "numbers": spread(draft.numbers, 20),
        "labels": [{"name": label.name, "share": label.share, "elsewhere": label.elsewhere} for label in draft.labels],
        "source": draft.source,
        "follow": draft.follow,
        "weight": draft.weight,
    }
