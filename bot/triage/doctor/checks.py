"""Decides what is wrong with the setup of a repository: one check for each part. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from bot.issue.layout import name_section
from bot.rules.ruleset import Rule
from bot.rules.spec.validation import suggest
from bot.text.printable import count, join_words
from bot.tracker.setup import CacheEntry, Unread
from bot.triage.config import Sources
from bot.triage.doctor.setup import (
    Broken,
    Check,
    LocalFile,
    Setup,
    describe_followed,
    find_missing_labels,
    leave_unchecked,
    list_first,
    list_followed,
    list_names,
    list_wanted_labels,
    quote,
)
from bot.triage.doctor.workflow_checks import check_policy, check_workflows, write_cache_fix

_FEW = 5
_HOME = ".github/signpost/"
_FEW_REQUESTS = 100
_NO_RULES = "it needs the rules, which could not be read"
_OLDEST = {"index": timedelta(days=3), "sweep": timedelta(days=2)}
"""How old an index (daily) and a ledger (every six hours) may be: GitHub skips scheduled runs when it is busy."""

_CACHES = {"index": "signpost-index-", "sweep": "signpost-ledger-"}
_GROUPS = {
    "existing_users": "people whose accounts are older than a day",
    "contributors_only": "people who contributed before",
    "collaborators_only": "collaborators",
}


def check_setup(setup: Setup, now: datetime) -> tuple[Check, ...]:
    """All checks, in the order in which a maintainer would fix them."""
    return (
        _check_token(setup),
        _check_repository(setup),
        check_policy(setup),
        *check_workflows(setup),
        *(check(setup) for check in (_check_rules, _check_settings, _check_labels)),
        *_check_fields(setup),
        *(check(setup) for check in (_check_follows, _check_forms)),
        *_check_suggestions(setup),
        _check_upkeep(setup, "index", setup.index, now),
        _check_upkeep(setup, "sweep", setup.ledger, now),
        _check_visitors(setup, now),
        _check_rate(setup),
    )


def _check_token(setup: Setup) -> Check:
    token, advice = setup.token, "Set GITHUB_TOKEN, for example to the output of `gh auth token`."
    if isinstance(token, Unread):
        return leave_unchecked("token", token)
    if not token.is_valid:
        return Check("token", "error", "GitHub does not accept the token", advice)
    if not token.has_token:
        return Check("token", "warning", "there is no token, so some settings cannot be read", advice)
    kind = "a token whose rights GitHub does not show" if token.scopes is None else "a classic token"
    scopes = f" with {list_names(token.scopes)}" if token.scopes else ""
    role = None if isinstance(setup.about, Unread) else setup.about.role
    return Check("token", "ok", f"{kind}{scopes}{f'; its role here is {role}' if role else ''}")


def _check_repository(setup: Setup) -> Check:
    about, name = setup.about, quote(setup.repository)
    if isinstance(about, Unread):
        if about.is_missing:
            what = f"{name} does not exist, or the token may not read it"
            return Check("repository", "error", what, "Correct the name, or use another token.")
        return leave_unchecked("repository", about)
    if about.is_archived or about.is_disabled:
        state, advice = (
            ("archived", "Unarchive it first.") if about.is_archived else ("disabled", "Ask GitHub Support.")
        )
        return Check("repository", "error", f"{name} is {state}, so no one can open issues", advice)
    if not about.has_issues:
        advice = "Enable them in Settings → General → Features."
        return Check("repository", "error", f"issues are disabled in {name}", advice)
    if about.name.casefold() != setup.repository.casefold():
        advice = "Use the new name in `--repo` and in the remote."
        return Check("repository", "warning", f"{name} is now called {quote(about.name)}", advice)
    return Check("repository", "ok", f"{name}, with issues; the default branch is {quote(about.default_branch)}")


def _check_rules(setup: Setup) -> Check:
    sources = setup.sources
    if isinstance(sources, Unread):
        return leave_unchecked("rules", sources)
    if isinstance(sources, Broken):
        message = " ".join(sources.message.split())
        return Check("rules", "error", message, "Correct it, and push to the default branch.")
    ruleset = sources.ruleset
    if ruleset.problems:
        first = f"{ruleset.problems[0]}{f' (and {len(ruleset.problems) - 1} more)' if ruleset.problems[1:] else ''}"
        return Check("rules", "error", f"some rules do not load: {first}", "Run `signpost check`, and correct them.")
    if not ruleset.rules:
        return Check("rules", "error", "there are no rules", "Write one with `signpost new`, or use a pack.")
    return Check("rules", "ok", f"{count(len(ruleset.rules), 'rule')}")


def _check_settings(setup: Setup) -> Check:
    sources = setup.sources
    if not isinstance(sources, Sources):
        return leave_unchecked("settings", "they are read with the rules")
    mode, associations = sources.config.mode, sources.config.skip.associations
    effects = {
        "observe": "matches appear only in the summary of the run",
        "suggest": "Signpost only suggests labels and closings",
        "label": "Signpost sets labels only",
    }
    effect = effects.get(mode, "Signpost sets labels and comments")
    skipped = f"; issues by {join_words(associations)} are skipped" if associations else ""
    return Check("settings", "ok", f"`mode: {mode}`: {effect}{skipped}")


def _check_labels(setup: Setup) -> Check:
    if not isinstance(setup.sources, Sources):
        return leave_unchecked("labels", _NO_RULES)
    if isinstance(setup.labels, Unread):
        return leave_unchecked("labels", setup.labels)
    missing, wanted = find_missing_labels(setup), list_wanted_labels(setup.sources)
    if not missing:
        return Check("labels", "ok", "all labels that rules set exist" if wanted else "the rules set no labels")
    if setup.sources.config.labels.create:
        return Check("labels", "ok", f"runs will create {list_names(missing)}")
    fix = "Run `signpost doctor --create-labels`, or correct the names."
    return Check("labels", "warning", f"Signpost cannot set labels that do not exist: {list_names(missing)}", fix)


def _check_fields(setup: Setup) -> Iterator[Check]:
    """Issue types and fields, if rules ask for any; a remark of a run names only those of rules that match."""
    if isinstance(setup.fields, Unread):
        if isinstance(setup.sources, Sources):
            yield leave_unchecked("fields", setup.fields)
    elif setup.fields:
        fix = "Correct the rules, or add what is missing to the organisation."
        more = [f"{len(setup.fields) - _FEW:,} more"] if len(setup.fields) > _FEW else []
        yield Check("fields", "warning", "; ".join([*setup.fields[:_FEW], *more]), fix)
    elif setup.fields is not None:
        yield Check("fields", "ok", "all issue types and fields that rules set exist")


def _check_follows(setup: Setup) -> Check:
    if not isinstance(setup.sources, Sources):
        return leave_unchecked("follow", _NO_RULES)
    if isinstance(setup.follows, Unread):
        return leave_unchecked("follow", setup.follows)
    numbers = list_followed(setup.sources)
    wrong = [found for number in numbers if (found := describe_followed(setup, number))]
    if wrong:
        fix = "Name an open issue in `follow:`, or remove the key."
        return Check("follow", "warning", f"comments do not link {list_first(wrong)}", fix)
    unread = [f"#{number}" for number in numbers if number in setup.follows.unread]
    if unread:
        return leave_unchecked("follow", f"GitHub did not answer for {list_first(unread)}")
    return Check("follow", "ok", f"{count(len(numbers), 'issue')} to follow" if numbers else "no rule follows an issue")


def _check_suggestions(setup: Setup) -> Iterator[Check]:
    """Only where something makes suggestions."""
    found = setup.suggestions
    if found is None or not isinstance(setup.sources, Sources):
        return
    if isinstance(found, Unread):
        yield leave_unchecked("suggestions", found)
    elif found:
        fix = "Turn suggestions on, or give the token the triage role; until then, such a rule is only counted."
        yield Check("suggestions", "warning", found, fix)
    else:
        yield Check("suggestions", "ok", "GitHub keeps suggestions on issues here")


def _check_forms(setup: Setup) -> Check:
    if not isinstance(setup.sources, Sources):
        return leave_unchecked("forms", _NO_RULES)
    if isinstance(setup.sections, Unread):
        return leave_unchecked("forms", setup.sections)
    if setup.sections is None:
        return Check("forms", "ok", "the repository has no issue forms")
    known = {name_section(section): section for section in setup.sections}
    rules = [rule for rule in setup.sources.ruleset.rules if rule.file.startswith(_HOME)]
    unknown = dict.fromkeys(read for read in _list_sections(rules, known) if name_section(read) not in known)
    if not unknown:
        return Check("forms", "ok", "the issue forms have all fields that rules read")
    first = next(iter(unknown))
    message = f"no issue form has the field {list_names(unknown)}{suggest(first, known.values())}"
    return Check("forms", "warning", message, "Correct the name in the rule or in pack.yml.")


def _list_sections(rules: Iterable[Rule], known: Iterable[str]) -> Iterator[str]:
    """The sections that rules read; of a capture with several sources, the first one if the forms have none."""
    packs, captures = {}, set[tuple[int, str]]()
    for rule in rules:
        packs[id(rule.pack)] = rule.pack
        for condition, _ in rule.condition.walk():
            yield from condition.reads.sections
            captures |= {(id(rule.pack), name) for name in condition.reads.captures}
    for pack, name in sorted(captures, key=lambda each: each[1]):
        model = packs[pack].model.captures.get(name)
        sections = [source.section for source in model.first_of] if model else []
        if sections and all(section and name_section(section) not in known for section in sections):
            yield str(sections[0])


def _check_upkeep(setup: Setup, command: str, file: LocalFile | None, now: datetime) -> Check:
    """The index, or the ledger of the sweep: a file that somebody named, or else the workflow's last result."""
    thing = {"index": "index", "sweep": "ledger"}[command]
    if file is not None:
        return _check_file(file, thing, command)
    if isinstance(setup.workflows, Unread):
        return leave_unchecked(thing, setup.workflows)
    makers = [workflow for workflow in setup.workflows if workflow.does(command)]
    if not makers:
        without = {"index": "Signpost uses GitHub search", "sweep": "reactions are not read"}[command]
        return Check(thing, "ok", f"no workflow runs `signpost {command}`; {without}")
    if (readers := [use for use in setup.list_uses("run") if use.ref]) and not any(
        thing in use.inputs for use in readers
    ):
        message = f"a workflow makes it, but the step that checks issues does not have the input `{thing}`"
        return Check(thing, "warning", message, write_cache_fix(readers[0].file, thing))
    return _check_age(setup, command, thing, now)


def _check_file(file: LocalFile, thing: str, command: str) -> Check:
    if file.fault:
        return Check(thing, "error", file.fault, f"Run `signpost {command}` to make it again.")
    if file.days > _OLDEST[command].days:
        age = f"{quote(file.name)} is {count(file.days, 'day')} old"
        return Check(thing, "warning", age, f"Run `signpost {command}`.")
    return Check(thing, "ok", quote(file.name))


def _check_age(setup: Setup, command: str, thing: str, now: datetime) -> Check:
    start = "Start the workflow on the page Actions."
    if isinstance(setup.caches, Unread):
        return leave_unchecked(thing, setup.caches)
    newest = _find_newest(setup.caches, _CACHES[command])
    failed = _find_failed(setup, command)
    if failed:
        return Check(thing, "warning", f"the last run of {quote(failed)} failed", "Read its log on the page Actions.")
    if newest is None:
        return Check(thing, "warning", f"the cache has no {thing} yet", start)
    if now - newest > _OLDEST[command]:
        return Check(thing, "warning", f"the {thing} in the cache is from {newest:%Y-%m-%d}", start)
    return Check(thing, "ok", f"in the cache, from {newest:%Y-%m-%d}")


def _find_newest(caches: Iterable[CacheEntry], prefix: str) -> datetime | None:
    return max((cache.created_at for cache in caches if cache.key.startswith(prefix)), default=None)


def _find_failed(setup: Setup, command: str) -> str:
    """The file of a workflow whose last run failed, "" if there is none."""
    files = (use.file for use in setup.list_uses(command))
    return next((file for file in files if setup.conclusions.get(file) == "failure"), "")


def _check_visitors(setup: Setup, now: datetime) -> Check:
    limit = setup.limit
    if isinstance(limit, Unread):
        return leave_unchecked("visitors", limit)
    if limit is None or limit.expires_at <= now:
        return Check("visitors", "ok", "no limit keeps people from opening issues")
    group = _GROUPS.get(limit.group, "some people")
    message = f"until {limit.expires_at:%Y-%m-%d %H:%M} UTC, only {group} can open issues"
    return Check("visitors", "warning", message, "End it in Settings → Moderation → Interaction limits.")


def _check_rate(setup: Setup) -> Check:
    token = setup.token
    if isinstance(token, Unread):
        return leave_unchecked("rate limit", token)
    if not token.is_valid:
        return leave_unchecked("rate limit", "GitHub does not accept the token")
    if token.limit is None or token.remaining is None:
        return Check("rate limit", "ok", "GitHub states no limit for this token")
    message = f"{token.remaining:,} of {token.limit:,} requests are left"
    if token.remaining >= _FEW_REQUESTS or token.remaining * 2 > token.limit:
        return Check("rate limit", "ok", message)
    when = f" at {token.resets_at:%H:%M} UTC" if token.resets_at else " later"
    return Check("rate limit", "warning", message, f"Try again{when}, or use a token.")
