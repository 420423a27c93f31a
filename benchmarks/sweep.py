"""Requests and time of `signpost sweep` for a repository with many comments of Signpost: python -m benchmarks.sweep.

The design allows 15 requests for 1,000 comments to which nothing happened.
"""

import argparse
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bot.comment.marker import Marker, sign_comment
from bot.rules.loader import build_ruleset
from tests.signals.world import a_person, now_at, sweep_at
from tests.stand_ins.fake_github import BOT, FakeGitHub
from tests.stand_ins.story import MATCHING, REPOSITORY, add_rule, open_issue

BUDGET = 2_000
ALLOWED = 15


def fill(github: FakeGitHub, size: int) -> None:
    """A repository with that many answered issues, each with a vote."""
    add_rule(github)
    open_issue(github, "Something else")
    rule = read_hash(github)
    for number in range(size):
        issue = github.add_issue("It breaks", MATCHING, labels=["area:disk"], author=a_person(f"person-{number}"))
        marker = Marker(issue=issue.number, rules={"out-of-disk": rule}, labels=["area:disk"], links=[1])
        comment = github.add_comment(issue, sign_comment("The build ran out of disk space.", marker), BOT)
        github.react(comment, "+1", a_person(f"person-{number}"))


def read_hash(github: FakeGitHub) -> str:
    """The content hash of the rule of the repository."""
    files = {name: text for name, text in github.repositories[REPOSITORY].files.items() if isinstance(text, str)}
    return build_ruleset(files).rules[0].content_hash


def measure(github: FakeGitHub, path: Path) -> tuple[int, float, str]:
    """Requests and seconds of one sweep, and what it asked for."""
    before, start = len(github.requests), perf_counter()
    swept = sweep_at(github, path, now_at(github), budget=BUDGET)
    if swept.error or swept.left:
        raise RuntimeError(swept.error or f"{len(swept.left)} issues are left")
    kinds = Counter(f"{r.verb} {r.path.removeprefix(f'/repos/{REPOSITORY}')}" for r in github.requests[before:])
    return swept.requests, perf_counter() - start, ", ".join(f"{number} {kind}" for kind, number in kinds.items())


def main() -> None:
    """Print a row for the first sweep, for one to which nothing happened, and for one with ten new votes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comments", type=int, default=1_000, help="comments of Signpost (default: 1,000)")
    size = parser.parse_args().comments
    print(f"| sweep of {size:,} comments | requests | seconds | asked for |\n|---|---:|---:|---|")
    with FakeGitHub() as github, TemporaryDirectory() as folder:
        fill(github, size)
        path = Path(folder, "ledger.sqlite")
        for name in ("from nothing", "nothing happened", "ten new votes"):
            if name == "ten new votes":
                answered = [each for each in github.repositories[REPOSITORY].issues.values() if each.comments]
                for issue in answered[:10]:
                    github.react(issue.comments[0], "heart", a_person("fan"))
            requests, seconds, kinds = measure(github, path)
            print(f"| {name} | {requests} | {seconds:.1f} | {kinds} |")
            if name == "nothing happened":
                print(f"| … allowed for 1,000 comments | {ALLOWED} | | |")


if __name__ == "__main__":
    main()
