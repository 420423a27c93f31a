"""Requests to GitHub for each kind of event, counted at a server that speaks its API and has 10 or 2,000 issues."""

from collections.abc import Callable

from tests.stand_ins.fake_github import FakeGitHub
from tests.stand_ins.github_json import Json
from tests.stand_ins.story import MATCHING, OTHER, add_rule, open_issue, run_once, tell_event

SIZES = (10, 2_000)
Story = Callable[[FakeGitHub], Json]


def open_other(github: FakeGitHub) -> Json:
    """A new issue that no rule matches."""
    return tell_event(github, open_issue(github, OTHER))


def open_matching(github: FakeGitHub) -> Json:
    """A new issue that a rule with a link to follow matches."""
    return tell_event(github, open_issue(github, MATCHING))


def repeat_event(github: FakeGitHub) -> Json:
    """The same event once more, after the comment is there."""
    event = open_matching(github)
    run_once(github, event)
    return event


def edit_away(github: FakeGitHub) -> Json:
    """An edit after which the rule no longer matches."""
    issue = open_issue(github, MATCHING)
    run_once(github, tell_event(github, issue))
    issue.body = OTHER
    return tell_event(github, issue, "edited")


STORIES: dict[str, Story] = {
    "new issue, nothing matches": open_other,
    "new issue, labelled and answered, with one link to follow": open_matching,
    "the same event again": repeat_event,
    "edited so that it no longer matches": edit_away,
}


def count_requests(story: Story, size: int) -> list[str]:
    """The requests of one run, as `VERB path`."""
    with FakeGitHub() as github:
        add_rule(github)
        open_issue(github, OTHER)
        for _ in range(size):
            github.add_issue("Another one", OTHER)
        event = story(github)
        before = len(github.requests)
        run_once(github, event)
        return [str(request) for request in github.requests[before:]]


def main() -> None:
    """Print a row for each kind of event."""
    print(f"| event | requests, {SIZES[0]} issues | requests, {SIZES[1]:,} issues | HTTP verbs |")
    print("|---|---|---|---|")
    for name, story in STORIES.items():
        counted = [count_requests(story, size) for size in SIZES]
        verbs = ", ".join(request.split(" ")[0] for request in counted[0])
        print(f"| {name} | {len(counted[0])} | {len(counted[1])} | {verbs} |")


if __name__ == "__main__":
    main()
