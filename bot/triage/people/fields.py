"""The issue type and the issue fields that rules ask for, unless a person has set them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from typing import TYPE_CHECKING

from bot.comment.marker import Marker
from bot.rules.spec.rule import RuleModel
from bot.text.printable import join_words, quote_name, reveal_line, show_value
from bot.tracker.fields import ANY, TYPE, FieldEntry, FieldValue, IssueField
from bot.tracker.types import Change, Issue
from bot.triage.actions import SetFields, SetType

if TYPE_CHECKING:
    from bot.triage.snapshot import Snapshot

_MOST_NAMED = 20
"""The names that a remark lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDecision:
    """What rules ask for: values by the names of their fields, as the first rule writes them; the type is under `TYPE`.

    `fitting` rules may keep what they asked for earlier, even if they may not set it. `known` are the values of all
    rules: they may be ours. `remarks` are about rules that ask for something else than an earlier one.
    """

    wanted: Mapping[str, FieldValue] = field(default_factory=dict)
    fitting: Sequence[RuleModel] = ()
    known: Sequence[tuple[str, FieldValue]] = ()
    remarks: tuple[str, ...] = ()

    @property
    def type(self) -> FieldValue | None:
        """The type."""
        return self.wanted.get(TYPE)

    @property
    def fields(self) -> Mapping[str, FieldValue]:
        """The values of fields."""
        return {name: value for name, value in self.wanted.items() if name != TYPE}

    def __str__(self) -> str:
        """``type `Bug`, field `Priority` `High` ``, for people."""
        return ", ".join(f"{Wish(name=name).title} {show_value(value)}" for name, value in self.wanted.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFacts:
    """GitHub's data on types and fields, as far as it was asked for.

    `types` are those of the repository, `definitions` the fields of its owner, `values` those of the issue; None if
    nobody asked, or if GitHub has none. `changes` are those of the fields; None if they are unknown. `failures` are
    reads that failed.
    """

    types: tuple[str, ...] | None = None
    definitions: tuple[IssueField, ...] | None = None
    values: tuple[FieldEntry, ...] | None = None
    changes: tuple[Change, ...] | None = ()
    failures: tuple[str, ...] = ()

    def find_definition(self, name: str) -> IssueField | None:
        """The field of that name."""
        return next((each for each in self.definitions or () if each.name.casefold() == name.casefold()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The type or a field as rules want it (`value`, None for nothing) and as it is (`present`).

    `own` are the values that may be ours. `former` is what our comment remembers: "" for one that was taken back.
    """

    name: str
    value: FieldValue | None = None
    present: FieldValue | None = None
    own: frozenset[object] = frozenset()
    former: FieldValue | None = None
    is_fitting: bool = False

    @property
    def is_due(self) -> bool:
        """Whether something changes, unless a person decided otherwise."""
        if self.present is None:
            return self.value is not None
        if self.value is not None:
            return self.differs and fold(self.present) in self.own
        return bool(self.former) and not self.is_fitting and fold(self.former) == fold(self.present)

    @property
    def differs(self) -> bool:
        """Whether rules want something else than what is there."""
        return self.value is not None and self.present is not None and fold(self.value) != fold(self.present)

    @property
    def title(self) -> str:
        """The words for it in a remark."""
        return "type" if self.name == TYPE else f"field {quote_name(self.name)}"


def fold(value: FieldValue | None) -> object:
    """The value as it is compared: names without regard to case, options in any order, numbers in any spelling."""
    if isinstance(value, tuple):
        return frozenset(each.casefold() for each in value)
    if not isinstance(value, str):
        return value
    number = read_number(value)
    return value.casefold() if number is None else number


def read_number(text: str) -> int | float | None:
    """The number that a text is; None if it is not one. YAML 1.2 leaves `2.5` a text."""
    try:
        number = float(text)
    except ValueError:
        return None
    if not isfinite(number):
        return None
    return int(number) if number.is_integer() else number


def decide_fields(
    asking: Sequence[RuleModel], fitting: Sequence[RuleModel] = (), known: Iterable[tuple[str, FieldValue]] = ()
) -> FieldDecision:
    """What the `asking` rules want, in their order: of two that want different values, the first one wins.

    `known` are the values of all rules.
    """
    wanted, remarks = dict[str, tuple[str, FieldValue, str]](), list[str]()
    for model in asking:
        for name, value in model.list_values():
            _, taken, winner = wanted.setdefault(name.casefold(), (name, value, model.id))
            if fold(taken) != fold(value):
                won = f"`{winner}` sets the {Wish(name=name).title} to {show_value(taken)}"
                remarks.append(f"{won}, so `{model.id}` does not set it to {show_value(value)}")
    chosen = {name: value for name, value, _ in wanted.values()}
    return FieldDecision(wanted=chosen, fitting=fitting, known=tuple(known) if chosen else (), remarks=tuple(remarks))


def list_wishes(issue: Issue, marker: Marker | None, decision: FieldDecision, facts: FieldFacts) -> tuple[Wish, ...]:
    """The type and the fields that rules ask for, or that our comment remembers; the type comes first."""
    former = {name.casefold(): value for name, value in (marker.fields if marker else {}).items()}
    names = {name.casefold(): name for name in [*(marker.fields if marker else ()), *decision.wanted]}
    return tuple(
        _make_wish(names[key], _find_present(names[key], issue, facts), former.get(key), decision)
        for key in sorted(names, key=lambda key: key != TYPE)
    )


def _make_wish(name: str, present: FieldValue | None, former: FieldValue | None, decision: FieldDecision) -> Wish:
    named = [fold(former)] if former else []
    named += _find_values(decision.known, name)
    fitting = {value for model in decision.fitting for value in _find_values(model.list_values(), name)}
    return Wish(
        name=name,
        value=decision.wanted.get(name),
        present=present,
        own=frozenset(named),
        former=former,
        is_fitting=fold(present) in fitting,
    )


def _find_values(values: Iterable[tuple[str, FieldValue]], name: str) -> list[object]:
    return [fold(value) for each, value in values if each.casefold() == name.casefold()]


def _find_present(name: str, issue: Issue, facts: FieldFacts) -> FieldValue | None:
    if name == TYPE:
        return issue.type
    defined = facts.find_definition(name)
    for entry in facts.values or ():
        if entry.name.casefold() == name.casefold() or (defined and defined.id == entry.id):
            return entry.value or None if isinstance(entry.value, str | tuple) else entry.value
    return None


def remember_fields(former: Marker | None, decision: FieldDecision) -> dict[str, FieldValue]:
    """What our comment remembers: what rules ask for, and "" for what they asked for earlier, but not any more."""
    fitting = {name: value for model in decision.fitting for name, value in model.list_values()}
    known = {name.casefold() for name in decision.wanted}
    kept: dict[str, FieldValue] = {
        name: value if fold(fitting.get(name)) == fold(value) else ""
        for name, value in (former.fields if former else {}).items()
        if name.casefold() not in known
    }
    return kept | dict(decision.wanted)


def plan_fields(snapshot: "Snapshot", decision: FieldDecision) -> tuple[list[SetType | SetFields], list[str]]:
    """The type and the fields to set or to take back, and remarks."""
    wishes = list_wishes(snapshot.issue, snapshot.marker, decision, snapshot.fields)
    obstacles = {wish.name: find_obstacle(wish, snapshot) for wish in wishes}
    free = [wish for wish in wishes if obstacles[wish.name] is None]
    remarks = [*decision.remarks, *snapshot.fields.failures, *filter(None, obstacles.values())]
    types, type_remarks = _plan_type([wish for wish in free if wish.name == TYPE], snapshot)
    fields, field_remarks = _plan_values([wish for wish in free if wish.name != TYPE], snapshot)
    return [*types, *fields], [*remarks, *type_remarks, *field_remarks]


def find_obstacle(wish: Wish, snapshot: "Snapshot") -> str | None:
    """Why the type or the field stays as it is, as a remark; "" if that needs no remark, None if it may change."""
    if not wish.is_due:
        return _describe_difference(wish)
    changes = _list_changes(wish, snapshot)
    if changes is None:
        return f"GitHub does not say who changed the {wish.title}, so Signpost leaves it as it is"
    last = changes[-1] if changes else None
    is_ours = last is not None and snapshot.is_us(last.actor.login)
    is_removal = last is not None and last.kind.endswith("_removed")
    if wish.present is not None:
        return None if is_ours and not is_removal else _describe_difference(wish)
    if last is None or (is_ours and is_removal and wish.former == ""):
        return None
    return f"somebody removed the {wish.title}, so Signpost does not set it again"


def _list_changes(wish: Wish, snapshot: "Snapshot") -> list[Change] | None:
    """The changes of the type or of one field, the oldest first; None if they are unknown."""
    if wish.name == TYPE:
        return [change for change in snapshot.history or () if change.kind.startswith("issue_type_")]
    if snapshot.fields.changes is None:
        return None
    key = wish.name.casefold()
    return [change for change in snapshot.fields.changes if (change.field or "").casefold() == key]


def _describe_difference(wish: Wish) -> str:
    if wish.value is None or wish.present is None or not wish.differs:
        return ""
    present, wanted = show_value(wish.present), show_value(wish.value)
    return f"the {wish.title} is {present} already, so Signpost does not set it to {wanted}"


def _plan_type(wishes: Sequence[Wish], snapshot: "Snapshot") -> tuple[list[SetType | SetFields], list[str]]:
    facts, repository = snapshot.fields, snapshot.issue.repository
    for wish in wishes:
        if wish.value is None:
            return [SetType(None)], []
        found = next((name for name in facts.types or () if fold(name) == fold(wish.value)), None)
        if found is not None:
            return [SetType(found)], []
        if facts.types:
            has = f"{repository} has {_list_names(facts.types)}; correct `type` in the rule, or add the type"
            return [], [f"the issue type {show_value(wish.value)} does not exist: {has}"]
        why = "only organisations have them, or the token may not read them"
        advice = f"remove `type: {reveal_line(str(wish.value))}` from the rule, or define issue types"
        return [], [] if facts.failures else [f"{repository} has no issue types ({why}); {advice}"]
    return [], []


def _plan_values(wishes: Sequence[Wish], snapshot: "Snapshot") -> tuple[list[SetType | SetFields], list[str]]:
    facts = snapshot.fields
    if wishes and not (facts.values is not None and facts.definitions):
        owner = snapshot.issue.repository.partition("/")[0]
        why = "only organisations have them, and the token of a workflow may not be allowed to read them"
        advice = "use the token of an App with read access to the issue fields of the organisation, or remove `fields`"
        return [], [] if facts.failures else [f"Signpost finds no issue fields of {owner} ({why}); {advice}"]
    found = [(wish, _fit_wish(wish, facts)) for wish in wishes]
    problems = [f"the {wish.title} {problem}; correct `fields` in the rule" for wish, (_, problem) in found if problem]
    values = {wish.name: value for wish, (value, problem) in found if not problem}
    return [SetFields(values)] if values else [], problems


def _fit_wish(wish: Wish, facts: FieldFacts) -> tuple[FieldValue | None, str]:
    """The value in the form that its field takes, None for nothing; or what is wrong with it."""
    defined = facts.find_definition(wish.name)
    if defined is None:
        has = _list_names([each.name for each in facts.definitions or ()])
        return None, f"does not exist: there is {has}"
    return (None, "") if wish.value is None else fit_value(wish.value, defined)


def find_problem(name: str, value: FieldValue, facts: FieldFacts) -> str:
    """Why GitHub would not take the type or the value of a field; "" if it would."""
    wish = Wish(name=name, value=value)
    if name == TYPE:
        is_known = fold(value) in map(fold, facts.types or ())
        return "" if is_known else f"the issue type {show_value(value)} does not exist"
    problem = _fit_wish(wish, facts)[1]
    return f"the {wish.title} {problem}" if problem else ""


def fit_value(value: FieldValue, defined: IssueField) -> tuple[FieldValue | None, str]:
    """The value in the form that the field takes; or why it does not fit."""
    texts = value if isinstance(value, tuple) else (str(value),)
    match defined.kind:
        case "single_select" | "multi_select":
            return _choose_options(texts, defined)
        case "number":
            number = None if isinstance(value, tuple) else read_number(texts[0])
            return (None, f"takes a number, not {show_value(value)}") if number is None else (number, "")
        case "date":
            is_date = not isinstance(value, tuple) and _is_date(texts[0])
            return (texts[0], "") if is_date else (None, f"takes a date like 2026-11-23, not {show_value(value)}")
        case "text":
            return (texts[0], "") if len(texts) == 1 else (None, f"takes a text, not the list {show_value(value)}")
    return (value, "") if defined.kind == ANY else (None, f"has the unknown kind {quote_name(defined.kind)}")


def _choose_options(texts: Sequence[str], defined: IssueField) -> tuple[FieldValue | None, str]:
    known = {option.casefold(): option for option in defined.options}
    unknown = [text for text in texts if text.casefold() not in known]
    if unknown:
        return None, f"has no option {show_value(tuple(unknown))}, but {_list_names(defined.options)}"
    chosen = tuple(known[text.casefold()] for text in texts)
    if defined.kind == "multi_select":
        return chosen, ""
    return (chosen[0], "") if len(chosen) == 1 else (None, f"takes one option, not {show_value(chosen)}")


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _list_names(names: Sequence[str]) -> str:
    more = ["others"] if len(names) > _MOST_NAMED else []
    return join_words([*map(quote_name, names[:_MOST_NAMED]), *more]) or "none"
