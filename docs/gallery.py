"""The gallery of rules: for each shipped rule what it recognises, and the comment as it would be posted.

Each page is Markdown for the site; the comments are in it as HTML.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from html import escape
from types import MappingProxyType
from typing import NamedTuple

from bot.comment.renderer import render_comment
from bot.comment.section import make_section
from bot.output.page import render_comment_markdown
from bot.rules.loader import list_packs, load_rules
from bot.rules.matcher import Match
from bot.rules.ruleset import Rule, Ruleset
from bot.text.printable import count
from bot.tracker.types import Issue
from bot.workbench.check.examples import make_example_issue, try_examples

SOURCE = "https://github.com/signpost-bot/signpost/blob/main/rules"
_EFFECTS = {"observe": "observes", "suggest": "suggests labels", "label": "sets labels", "comment": "comments"}


class Sample(NamedTuple):
    """An example of a rule that it matches."""

    match: Match
    issue: Issue


@cache
def make_gallery() -> Mapping[str, str]:
    """The pages, by their paths on the site: one per shipped pack, and a list of these."""
    packs = {name: load_rules([f"pack:{name}"]) for name in sorted(list_packs())}
    pages = {f"gallery/{name}.md": _write_pack(name, ruleset) for name, ruleset in packs.items()}
    return MappingProxyType({"gallery/index.md": _write_index(packs), **pages})


def _write_index(packs: dict[str, Ruleset]) -> str:
    rows = [f"| [{name}]({name}.md) | {len(rules.rules)} | {_count_speaking(rules)} |" for name, rules in packs.items()]
    return "\n".join(
        [
            "# Gallery of rules\n",
            "The rules that come with Signpost: what each recognises, and the comment that a reporter gets.",
            "[Use a pack, or write one](../packs.md) shows how to use them.\n",
            "| pack | rules | that comment |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _count_speaking(ruleset: Ruleset) -> int:
    return sum(rule.model.mode == "comment" and bool(rule.model.guidance) for rule in ruleset.rules)


def _write_pack(name: str, ruleset: Ruleset) -> str:
    rules = sorted(ruleset.rules, key=lambda rule: rule.model.title.casefold())
    about = f"`packs: [{name}]` in `config.yml` uses the {count(len(rules), 'rule')} of this pack."
    parts = [part for rule in rules for part in _write_rule(rule, ruleset)]
    return "\n\n".join([f"# The pack {name}", about, *parts]) + "\n"


def _write_rule(rule: Rule, ruleset: Ruleset) -> Iterator[str]:
    """Its title, what it does, what it finds in one of its examples, and the comment about that example."""
    sample = next(_list_samples(rule, ruleset))
    model = rule.model
    labels = ", ".join(f"<code>{escape(label)}</code>" for label in model.labels.add)
    source = f'<a href="{SOURCE}/{rule.pack.name}/{rule.id}.yml">{rule.id}.yml</a>'
    yield f"## {_escape_markdown(model.title)} {{ #{rule.id} }}"
    yield f"<p>{source} · {_EFFECTS[model.mode]}{f' · {labels}' if labels else ''}</p>"
    if found := _list_evidence(sample.match):
        yield f"<p>It finds:</p>\n<ul>{''.join(f'<li>{each}</li>' for each in found)}</ul>"
    if model.guidance:
        yield f"<details>\n<summary>The comment</summary>\n{_write_comment(sample)}\n</details>"


def _list_samples(rule: Rule, ruleset: Ruleset) -> Iterator[Sample]:
    for tried in try_examples(rule, ruleset):
        if tried.own:
            yield Sample(tried.own, make_example_issue(tried.example))


def _list_evidence(match: Match) -> list[str]:
    """Each condition with the words that hold it, at most three."""
    found = dict.fromkeys((item.wanted, " ".join(item.text.split())) for item in match.evidence)
    shown = [
        f"<code>{escape(wanted)}</code>{f' in “{escape(text[:120])}”' if text and text not in wanted else ''}"
        for wanted, text in found
    ]
    return shown[:3]


def _write_comment(sample: Sample) -> str:
    """The comment as HTML. It has no links to earlier reports: an example has none.

    In Markdown, an empty line would end the block of HTML, so an entity replaces the line break in front of it.
    """
    comment = render_comment([make_section(sample.match, sample.issue, None)])
    return re.sub(r"\n(?=[^\S\n]*\n)", "&#10;", render_comment_markdown(comment))


def _escape_markdown(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", text)
