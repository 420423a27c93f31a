"""Reports for tests: of the whole neighbourhood, of the largest graph that is drawn, and of hostile texts."""

from dataclasses import replace

from bot.insights.graph.types import Coverage, Graph
from bot.insights.report.maker import make_report
from bot.insights.report.types import Additions, Report, Similar
from bot.rules.tools import ToolChoice
from bot.tracker.graph import Address, Edge
from bot.tracker.types import Account, Release
from bot.triage.config import Config
from tests.builders import HUMAN, a_comment, a_rule, a_ruleset, after
from tests.insights.graphs import NOW, a_fix, a_graph, a_node, a_pull, an_edge, at, make_neighbourhood, unread

RULE = a_rule(fixed_in={"version": "2.1.0", "pr": 20}, follow=2)
COMMAND = "signpost report 7 --repo octo-org/octo-repo --depth 2"
REDIRECT = "https://redirect.github.com"


TOOL = ToolChoice(
    title="Disk usage", url="https://tools.example/du", why="Shows what fills the disk.", pack="own", shared=("disk",)
)


SIMILAR = Similar(
    address=at(1),
    title="Runner: disk is full",
    state="closed",
    score=0.61,
    tier="C",
    why="both have `No space left on device`",
    features=(("similarity of the titles", "52%"),),
)


def make_rich_report() -> Report:
    """The report of the neighbourhood, with all that a report may have."""
    additions = Additions(similar={at(7): (SIMILAR,)}, command=COMMAND)
    return replace(make_report(make_neighbourhood(), a_ruleset(RULE), Config(), additions), tools=(TOOL,))


def make_largest_graph(title: str = "A title that is long enough to be cut") -> Graph:
    """More nodes and relations than a drawing may have: 80 pull requests and issues, each linked to others."""
    nodes = [a_node(7, title=title)]
    nodes += [a_pull(n, title=f"{title} {n}") if n % 3 else a_node(n, title=f"{title} {n}") for n in range(100, 180)]
    edges = [an_edge("closes" if n % 3 else "references", n, 7) for n in range(100, 180)]
    edges += [an_edge("references", n, n + step) for n in range(100, 170) for step in (1, 5)]
    return a_graph(nodes, edges)


def make_hostile_report(text: str) -> Report:
    """A report in which a stranger's text is everywhere where one may be."""
    bad = Account(login=text or "x")
    body = f'{text}\n\n```\nerror: {text}\n{{"error": {{"type": "a", "message": "b"}}}}\n```\n\n### Version\n\n{text}\n'
    comments = (
        a_comment(
            f"Please read this: {text}", bad, association="MEMBER", url=f"https://github.com/o/r/issues/1#{text}"
        ),
        a_comment(f"{text} and all of that", HUMAN, association="OWNER", reactions=((text or "+1", 3),)),
    )
    nodes = [
        a_node(7, title=text, body=body, author=bad, labels=(text,), comments=comments, timeline={text or "x": 2}),
        a_node(8, title=text, url=f"https://github.com/{text}", state_reason=text or None, state="closed"),
        a_pull(20, title=text, merged=3, files=(text or "a",), milestone=text),
        a_pull(21, title=text, files=(text or "a", "b")),
        a_pull(22, title=text, files=(text or "a", "b"), gaps=(text or "x",)),
    ]
    edges = [
        an_edge("mentions", 7, 8, place="body", by=bad, url=f"https://github.com/{text}"),
        an_edge("closes", 20, 7, at=after(days=1), url=text),
        an_edge("claims", 21, 7, url=f"https://github.com/octo-org/octo-repo/pull/21{text}"),
        an_edge("claims", 22, 7),
        Edge("references", Address(text or "x", 5), at(7)),
    ]
    fix = a_fix(7, 20, release=Release(tag=text or "v1", at=after(days=9)), is_release_known=True, url=text)
    gone = {**unread(30, message=text), Address(text or "x", 5): unread(5)[at(5)]}
    coverage = Coverage(at=NOW, gaps=(text or "x", f"{text}y", f"z{text}", "w"))
    graph = a_graph(
        nodes, [*edges, an_edge("duplicate_of", 8, 30)], unread=gone, fixes={at(7): (fix,)}, coverage=coverage
    )
    similar = Similar(address=at(3), title=text, state=text, score=0.5, tier="C", why=text, features=((text, text),))
    rule = a_rule(match={"regex": "."})
    additions = Additions(similar={at(7): (similar,)}, command=text.strip())
    tool = replace(TOOL, title=text, url=text, shared=(text,))
    return replace(make_report(graph, a_ruleset(rule), Config(), additions), tools=(tool,))
