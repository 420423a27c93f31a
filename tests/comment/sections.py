"""Sections of a comment: what the tests of sections and of the whole comment share."""

from bot.comment.section import NO_EXTRAS, Extras, Section, make_section
from bot.duplicates.canonical import Target
from bot.duplicates.selection import LinkDecision
from tests.builders import Fields, a_candidate, a_link, a_rule, a_target, an_issue, matches_of

PACK: Fields = {
    "captures": {
        "version": {"first_of": [{"phrase": "built with {version:version}"}]},
        "request": {"first_of": [{"phrase": "request {request:id}"}], "type": "id"},
        "os": {"first_of": [{"section": "OS"}]},
    },
    "tools": [
        {
            "title": "`tool doctor`",
            "url": "https://example.com/doctor",
            "tags": ["disk"],
            "why": "Cleans, @octocat.",
        },
        {"title": "A page", "url": "https://example.com/page", "tags": ["disk", "windows"], "why": "Explains #5."},
        {"title": "Another page", "url": "https://example.com/other", "tags": ["network"], "why": "Explains the rest."},
    ],
    "asks": {"version": "the output of `tool --version`", "request": "one request id"},
}
OPEN = Target(number=3, state="open")
DUPLICATES = (
    a_link(a_candidate(5, why="the same error on the same line")),
    a_link(a_candidate(6, why="the same stack, said by @octocat in #4"), a_target(6, state="fixed")),
)
EVERYTHING = a_rule(
    title="The disk of `/tmp` is full",
    fixed_in={"version": "2.0", "pr": 12},
    guidance={
        "tldr": (
            "The build ran out of disk space.\n{% if version %}Version {{ version }} keeps every download.{% endif %}"
        ),
        "steps": [
            "Run `df -h` and free at least 2 GB.",
            "Clear the cache:\n```\nrm -rf ~/.cache/@types\n```",
            "Build again.",
        ],
        "example": "$ df -h\n\n\nFilesystem  Size  Used\n/dev/sda1    20G   20G",
        "notes": "Two things help.\n\n- A larger disk.\n- `keep: 1` in the settings, see #9.",
        "recommendation": "Please add the output of `df -h` for @octo-org/builders.",
        "ask": ["version", "os"],
    },
    resources=[
        {"title": "Freeing space", "url": "https://docs.example.com/space#1"},
        {"title": "The old report", "url": "https://github.com/octo-org/other/issues/1"},
    ],
)
STATED = {"body": "No space left on device, built with 1.9, request req_0001"}


def section_of(
    *rules: Fields,
    issue: Fields | None = None,
    target: Target | None = None,
    duplicates: tuple[LinkDecision, ...] = (),
    extras: Extras = NO_EXTRAS,
) -> Section:
    found = an_issue(**(issue or {}))
    return make_section(matches_of(found, *rules, pack=PACK)[0], found, target, duplicates, extras)
