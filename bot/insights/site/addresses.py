"""The addresses of the site: those of rules, and those of former rules, which never disappear. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.errors import SettingsError
from bot.rules.ruleset import Ruleset

_ADDRESS = re.compile(r"(?:[a-z0-9]+(?:[.-][a-z0-9]+)*/)+")
_BASE = re.compile(r"https?://[\w.-]+(?::\d+)?(?:/[\w.~-]+)*/?", re.ASCII)
_PROBLEM = re.compile(r"p/([a-z0-9-]+)/")
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerRule:
    """The address of a rule that no longer exists.

    `leads_to` has one id if the rule was renamed or merged, several if it was split, and none if it was removed; `why`
    is the reason that its pack gives, "" if it gives none.
    """

    id: str
    leads_to: tuple[str, ...] = ()
    why: str = ""


def check_base(url: str) -> str:
    """The address of the site, with a slash at its end, "" if it is unknown; raises SettingsError."""
    if url and not _BASE.fullmatch(url):
        raise SettingsError(f"{url!r} cannot be the address of the site; write it like https://owner.github.io/name")
    return f"{url.rstrip('/')}/" if url else ""


def address_problem(rule: str) -> str:
    """The address of a rule's page, relative to the site."""
    return f"p/{rule}/"


def list_former(ruleset: Ruleset) -> tuple[FormerRule, ...]:
    """The former rules that the rules and packs name, each with where it leads in the end."""
    current = {rule.id for rule in ruleset.rules}
    removed = {each.id: each for pack in reversed(ruleset.packs) for each in pack.model.removed}
    steps = {name: tuple(each.split_into) for name, each in removed.items()}
    steps |= {name: (rule.id,) for name, rule in ruleset.successors.items()}
    return tuple(
        FormerRule(
            id=name,
            leads_to=_follow(name, steps, current),
            why=removed[name].why if name in removed and name not in ruleset.successors else "",
        )
        for name in sorted(steps.keys() - current)
    )


def _follow(name: str, steps: Mapping[str, tuple[str, ...]], current: Iterable[str]) -> tuple[str, ...]:
    """The current rules at the end of all chains; a name occurs once, so a cycle ends."""
    ends, waiting, seen = list[str](), [name], set[str]()
    while waiting:
        step = waiting.pop(0)
        if step in seen:
            continue
        seen.add(step)
        if step in current:
            ends.append(step)
        else:
            waiting += steps.get(step, ())
    return tuple(ends)


def parse_addresses(text: str, file: str) -> tuple[str, ...]:
    """The addresses in a file, one a line; lines that start with `#` are comments. Raises SettingsError."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        address = line.strip()
        if address and not address.startswith("#"):
            try:
                found.append(check_address(address))
            except ValueError as error:
                raise SettingsError(f"{file}:{number}: {error}; write it like p/out-of-disk/") from error
    return tuple(dict.fromkeys(found))


def check_address(address: str) -> str:
    """The address of a page, which is always a folder inside the site; raises ValueError for anything else."""
    if not _ADDRESS.fullmatch(address):
        message = f"{address[:80]!r} is not an address of a site"
        raise ValueError(message)
    return address


def format_addresses(addresses: Iterable[str]) -> str:
    """The file of addresses."""
    head = "# The addresses that this site has served. `signpost site` adds new ones, and stops if one would be lost.\n"
    return head + "".join(f"{address}\n" for address in sorted(set(addresses)))


def find_lost(served: Iterable[str], ruleset: Ruleset) -> tuple[str, ...]:
    """The addresses of rules that were served before and that no rule or pack accounts for."""
    known = {rule.id for rule in ruleset.rules} | {former.id for former in list_former(ruleset)}
    return tuple(address for address in served if (name := read_problem(address)) and name not in known)


def read_problem(address: str) -> str:
    """The id of the rule at an address; "" for another page."""
    found = _PROBLEM.fullmatch(address)
    return found[1] if found else ""


def check_served(served: Iterable[str], ruleset: Ruleset) -> None:
    """Raise SettingsError if the page of a rule would disappear, since comments and other pages link to it."""
    if not (lost := find_lost(served, ruleset)):
        return
    name = read_problem(lost[0])
    named = ", ".join(lost[:_MOST_NAMED]) + (", …" if len(lost) > _MOST_NAMED else "")
    broken = " (or correct the rules that could not be read)" if ruleset.problems else ""
    raise SettingsError(
        f"the site served {named} before, and no rule has that id now; add `was: [{name}]` to the rule that took its "
        f"place, or add {{id: {name}, why: …}} to `removed` in pack.yml{broken}"
    )
