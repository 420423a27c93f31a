"""Commands in comments, such as `/signpost duplicate #N`: what they are, who may give them, where they count. Pure."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Literal, NamedTuple

from bot.text.markdown import list_live_lines
from bot.tracker.types import MAINTAINERS, Account, Comment, Issue

Giver = Literal["author", "maintainer"]
"""The author of the issue, or a person with at least the role `triage` in the repository."""

COMMANDERS = frozenset({"admin", "maintain", "write", "triage"})
"""Roles that may give the commands of maintainers.
https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/repository-roles-for-an-organization
"""

UNANSWERED = "unanswered"
"""The permission of a person for whom GitHub did not answer this time."""

UNASKED = "unasked"
"""The permission of a person for whom GitHub was not asked, because too many others wait: none, for now."""

_UNKNOWN = frozenset({"", "none", UNANSWERED})
"""GitHub says `none` also for an account that it does not find."""

MOST_COMMANDS = 20
"""Commands of one comment that are read."""

LONGEST_ARGUMENT = 1_000
_LONGEST_COMMENT = 65_536


class Form(NamedTuple):
    """What a command looks like, who may give it, and its effect in a sentence. `argument` is empty if it has none."""

    argument: str
    who: tuple[Giver, ...]
    effect: str

    @property
    def is_argument_needed(self) -> bool:
        """Whether it means nothing without its argument."""
        return bool(self.argument) and not self.argument.startswith("[")

    @property
    def takes_number(self) -> bool:
        """Whether its argument names an issue."""
        return "#N" in self.argument


_BOTH: tuple[Giver, ...] = ("author", "maintainer")
COMMANDS: Mapping[str, Form] = {
    "wrong": Form(
        "[reason]",
        _BOTH,
        "Signpost takes its advice back on this issue, with the labels that only Signpost set, and does not give it "
        "again here.",
    ),
    "duplicate": Form("#N", _BOTH, "Signpost links issue N and sets the label for duplicates. The URL works, too."),
    "not-duplicate": Form(
        "[#N]",
        _BOTH,
        "Signpost takes a `duplicate` back. It never links issue N here again; without a number, no earlier report.",
    ),
    "rerun": Form("", _BOTH, "Signpost checks the issue again."),
    "close": Form(
        "",
        _BOTH,
        "Signpost closes the issue at once: as the duplicate that was promised or named, otherwise as not planned.",
    ),
    "keep-open": Form("", _BOTH, "Signpost never closes the issue, unless a later `close` asks for it."),
    "explain": Form("", ("maintainer",), "Signpost's comment also shows, folded, which rules match and why."),
    "report": Form("", ("maintainer",), "Signpost posts or updates a comment with the issue report."),
    "mute": Form("RULE", ("maintainer",), "From the next sweep on, the rule only sets its labels, also if it changes."),
    "unmute": Form("RULE", ("maintainer",), "The next sweep ends that, and earlier votes do not mute the rule again."),
}
"""All commands, in the order of the documentation."""

_LINE = re.compile(
    r"[ ]{0,3}/signpost[ \t]+(?P<name>[a-z][a-z-]{0,30})\.*(?:[ \t]+(?P<argument>[^\r\n]*))?[\r\n]*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?:of[ \t]+)?#?(?P<number>[1-9][0-9]{0,8})", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?:of[ \t]+)?<?(?P<place>https?://[^\s<>()\[\]\"'`]{3,300})/issues/(?P<number>[1-9][0-9]{0,8})(?:[#?][^\s<>]*)?>?",
    re.IGNORECASE,
)


class Command(NamedTuple):
    """A command as written: its name in lower case, and its argument.

    `number` is the issue that it names, if it has one there; `place` is the address of that issue's repository, ""
    for the one of the comment.
    """

    name: str
    argument: str = ""
    number: int | None = None
    place: str = ""

    def __str__(self) -> str:
        return f"/signpost {self.name} {self.argument}".rstrip()


class Said(NamedTuple):
    """A command in a comment; `fault` says why it has no effect, "" if it has one.

    `is_unsure` if GitHub did not answer whether its writer may give it.
    """

    comment: Comment
    command: Command
    fault: str = ""
    is_unsure: bool = False


def read_commands(body: str) -> tuple[Command, ...]:
    """The commands of a comment, each on a line of its own, also unknown ones. Not in code, quotes or hidden text."""
    text = body[:_LONGEST_COMMENT]
    return _read(text) if "/signpost" in text.lower() else ()


@lru_cache(maxsize=1_000)
def _read(text: str) -> tuple[Command, ...]:
    """The commands of a text; each is read once in a run, however often it is asked for."""
    found = (match for line in list_live_lines(text, _LINE) if (match := _LINE.fullmatch(line)))
    return tuple(
        _parse(match["name"].lower(), (match["argument"] or "").strip()) for match in islice(found, MOST_COMMANDS)
    )


def _parse(name: str, argument: str) -> Command:
    form = COMMANDS.get(name, _NO_FORM)
    if form.argument == "[reason]":
        return Command(name, argument[:LONGEST_ARGUMENT])
    argument = argument.rstrip(" \t.")[:LONGEST_ARGUMENT]
    match = _NUMBER.fullmatch(argument) or _ADDRESS.fullmatch(argument) if form.takes_number else None
    if match is None:
        return Command(name, argument)
    return Command(name, argument, int(match["number"]), match.groupdict().get("place") or "")


_NO_FORM = Form("", (), "")


def is_maintainer(comment: Comment, permissions: Mapping[str, str]) -> bool:
    """Whether the writer of a comment has at least the role `triage`.

    `permissions` has the roles that GitHub stated, by the login in lower case. For everybody else the association
    decides, which is not certain: private members look like contributors.
    """
    if comment.author.is_bot or comment.author.is_gone:
        return False
    role = permissions.get(comment.author.login.casefold(), "")
    return comment.association in MAINTAINERS if role in _UNKNOWN else role in COMMANDERS


def is_by(comment: Comment, author: Account) -> bool:
    """Whether a person wrote the comment who also opened the issue."""
    return comment.author.is_same_person(author)


def hear_commands(issue: Issue, permissions: Mapping[str, str] | None = None) -> tuple[Said, ...]:
    """All commands on an issue, in their order, with the faults of those that have no effect; none of bots."""
    known = permissions or {}
    return tuple(
        Said(comment, command, _find_fault(command, comment, issue, known), _is_unsure(comment, known))
        for comment in issue.comments
        if not comment.author.is_bot
        for command in read_commands(comment.body)
    )


def _is_unsure(comment: Comment, permissions: Mapping[str, str]) -> bool:
    return permissions.get(comment.author.login.casefold()) in {UNANSWERED, UNASKED}


def _find_fault(command: Command, comment: Comment, issue: Issue, permissions: Mapping[str, str]) -> str:
    form = COMMANDS.get(command.name)
    if form is None:
        return f"there is no such command; Signpost knows {', '.join(COMMANDS)}"
    is_allowed = "author" in form.who and is_by(comment, issue.author)
    if not (is_allowed or is_maintainer(comment, permissions)):
        return f"only {_name_givers(form)} may give it"
    return _find_wrong_argument(command, form, _find_place(issue))


def _find_wrong_argument(command: Command, form: Form, place: str) -> str:
    """What is wrong with the argument of a command on an issue of the repository at `place`; "" if nothing is."""
    faults = (
        (form.is_argument_needed and not command.argument, f"`{form.argument}` is missing"),
        (not form.argument and command.argument, "it has no argument"),
        (
            form.takes_number and command.argument and command.number is None,
            "its argument must be the number or the URL of an issue",
        ),
        (command.place and command.place.casefold() != place.casefold(), "that issue is not in this repository"),
    )
    return next((fault for holds, fault in faults if holds), "")


def _name_givers(form: Form) -> str:
    names: Mapping[Giver, str] = {"author": "the author of the issue", "maintainer": "maintainers"}
    return " and ".join(names[giver] for giver in form.who)


def _find_place(issue: Issue) -> str:
    """The address of the issue's repository."""
    place, _, number = issue.url.rpartition("/issues/")
    return place if number else f"https://github.com/{issue.repository}"


def find_unasked(issue: Issue, permissions: Mapping[str, str]) -> tuple[str, ...]:
    """The people whose role decides whether a command counts and was not asked for.

    Those who look like maintainers come first, which nobody can bring about with more accounts; then the last ones.
    """
    writers, looks = dict[str, str](), set[str]()
    for comment in reversed(issue.comments):
        author, login = comment.author, comment.author.login.casefold()
        is_known = author.is_bot or author.is_gone or login in permissions
        if not is_known and _depends_on_role(comment, issue):
            writers.setdefault(login, author.login)
            looks.update({login} if comment.association in MAINTAINERS else ())
    return tuple(writers[login] for login in sorted(writers, key=lambda login: login not in looks))


def _depends_on_role(comment: Comment, issue: Issue) -> bool:
    forms = (COMMANDS[command.name] for command in read_commands(comment.body) if command.name in COMMANDS)
    return any(not ("author" in form.who and is_by(comment, issue.author)) for form in forms)


class Duplicates(NamedTuple):
    """What people say about duplicates: the issue that this one duplicates, and those that it does not duplicate.

    `is_denied` if it duplicates none at all, except for the named one. `since` are those denied after that was named.
    """

    named: int | None = None
    denied: frozenset[int] = frozenset()
    is_denied: bool = False
    since: frozenset[int] = frozenset()

    def forbids(self, number: int, end: int | None = None, *, is_followed: bool = False) -> bool:
        """Whether an issue must not be linked, or not the `end` of its chain. `is_followed` if a rule follows it."""
        numbers = {number, end}
        if number == self.named:
            return bool(numbers & self.since)
        return bool(numbers & self.denied) or (self.is_denied and not is_followed)


NOTHING_SAID = Duplicates()


def find_duplicates(said: Iterable[Said]) -> Duplicates:
    """What the commands `duplicate` and `not-duplicate` come to; the last one wins."""
    found = NOTHING_SAID
    for each in said:
        if not each.fault and each.command.name in {"duplicate", "not-duplicate"}:
            found = _add_word(found, each.command)
    return found


def _add_word(found: Duplicates, command: Command) -> Duplicates:
    number = command.number
    if number is None:
        return Duplicates(denied=found.denied, is_denied=True)
    if command.name == "duplicate":
        return Duplicates(number, found.denied - {number}, found.is_denied)
    named = None if found.named == number else found.named
    return Duplicates(named, found.denied | {number}, found.is_denied, found.since | {number})


def find_last(said: Iterable[Said], *names: str) -> Said | None:
    """The last command with one of these names that has an effect."""
    return next((each for each in reversed(tuple(said)) if each.command.name in names and not each.fault), None)


def write_table() -> str:
    """All commands as a table of the documentation (Markdown)."""
    who: Mapping[tuple[Giver, ...], str] = {_BOTH: "author, maintainers", ("maintainer",): "maintainers"}
    rows = (
        f"| `/signpost {name} {form.argument}".rstrip() + f"` | {who[form.who]} | {form.effect} |"
        for name, form in COMMANDS.items()
    )
    return "\n".join(["| command | who | effect |", "|---|---|---|", *rows])
