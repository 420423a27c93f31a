"""The tools of packs that fit a problem, by the tags that they share. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bot.rules.ruleset import Pack
from bot.text.printable import join_words

MOST_TOOLS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolChoice:
    """A tool, its pack, and the tags that it shares with the problem, in the order of the problem's tags.

    `title` and `why` are the texts of the pack's maintainers.
    """

    title: str
    url: str
    why: str
    pack: str
    shared: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Why it was chosen, as the rest of a sentence: `shares the tags login and windows`."""
        return f"shares the {'tag' if len(self.shared) == 1 else 'tags'} {join_words(self.shared)}"


def choose_tools(tags: Collection[str], packs: Iterable[Pack], most: int = MOST_TOOLS) -> tuple[ToolChoice, ...]:
    """At most `most` tools that share tags, those with most shared tags first.

    Of tools with equally many, the one with fewer tags of its own is more specific, so it comes first; then the order
    of the packs and of their files decides. A URL occurs once. `tags` are those of one or more rules.
    """
    wanted = tuple(dict.fromkeys(tags))
    found = list[tuple[int, int, ToolChoice]]()
    for pack in packs:
        for tool in pack.model.tools:
            if shared := tuple(tag for tag in wanted if tag in tool.tags):
                choice = ToolChoice(title=tool.title, url=tool.url, why=tool.why, pack=pack.name, shared=shared)
                found.append((-len(shared), len(tool.tags), choice))
    ranked = dict[str, ToolChoice]()
    for _, _, choice in sorted(found, key=lambda each: each[:2]):
        ranked.setdefault(choice.url, choice)
    return tuple(ranked.values())[:most]
