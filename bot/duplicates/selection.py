"""From candidates to the links of a comment: one decision for each candidate, with its reason. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bot.duplicates.candidates import SAID_SO, SAME_RULE, Candidate, Tier
from bot.duplicates.canonical import Fix, Refusal, Target

LinkEffect = Literal["linked", "hidden", "refused", "merged"]
"""`linked`: the comment links it. `hidden`: it may be linked, but the comment does not link it. `refused`: it must not
be linked. `merged`: a better candidate leads to the same issue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDecision:
    """The decision on a candidate, and its reason.

    `target` is the end of its chain, None if it is refused. `rule` matches both issues (tier A); `section` is the rule
    whose section links it, None in a comment of links alone. `is_unproven` if it is only similar, was not linked
    before, and no calibrated index found it.
    Templates of rules read `number`, `is_open`, `confidence` and `why`: these names are a contract.
    """

    candidate: Candidate
    effect: LinkEffect
    target: Target | None = None
    reason: str = ""
    rule: str | None = None
    section: str | None = None
    is_unproven: bool = False

    @property
    def number(self) -> int:
        """The issue that may be linked; the candidate itself where it is refused."""
        return self.target.number if self.target else self.candidate.number

    @property
    def url(self) -> str:
        """Its address."""
        return self.target.url if self.target else ""

    @property
    def state(self) -> Literal["open", "closed"]:
        """Its state on GitHub."""
        return "open" if self.is_open else "closed"

    @property
    def is_open(self) -> bool:
        """Whether it is still open."""
        return self.target is not None and self.target.is_open

    @property
    def tier(self) -> Tier:
        """How good the evidence is."""
        return self.candidate.tier

    @property
    def confidence(self) -> float:
        """Between 0 and 1; tier A is certain."""
        return 1.0 if self.tier == "A" else self.candidate.score

    @property
    def why(self) -> str:
        """Why it is the same problem, in our own words."""
        return self.candidate.why

    @property
    def fix(self) -> Fix | None:
        """The release that fixes it, if it is known."""
        return self.target.fix if self.target else None

    @property
    def followers(self) -> int:
        """The other people who take part in it."""
        return self.target.followers if self.target else 0


@dataclass(frozen=True, slots=True)
class Section:
    """A place for links: the section of a rule, or a comment of links alone (None)."""

    rule: str | None
    show: int
    open_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """The criteria for links.

    `rules` has the rule that matches both issues, by the target's number; `linked` are issues that are linked anyway,
    `given` those that the comment linked before. All `sections` together may have `most` links; `silence` says why
    there are none at all. `with_alike` allows candidates of tier C, if the search `is_calibrated`.
    """

    rules: Mapping[int, str] = field(default_factory=dict)
    linked: Collection[int] = ()
    given: Collection[int] = ()
    is_calibrated: bool = False
    sections: tuple[Section, ...] = ()
    most: int = 0
    with_alike: bool = False
    silence: str = ""


def select_links(
    candidates: Iterable[Candidate], targets: Mapping[int, Target | Refusal], criteria: Criteria
) -> tuple[LinkDecision, ...]:
    """A decision for each candidate: first those that may be linked, the best first, then the others in their order.

    A before B before C. Equal ones are sorted: linked already, then most references, then answered by a maintainer,
    then the oldest. `targets` has the end of each candidate's chain; one that was not checked is missing there.
    """
    judged = [_judge(each, targets.get(each.number), criteria) for each in candidates]
    fitting = [each for each in judged if each.effect != "refused"]
    best = dict[int, LinkDecision]()
    for each in sorted(fitting, key=lambda each: (each.tier, -each.candidate.score)):
        best.setdefault(each.number, each)
    ranked = sorted(best.values(), key=lambda each: _rank(each, criteria))
    merged = [_merge(each, best[each.number]) for each in fitting if best[each.number] is not each]
    return (*_share_out(ranked, criteria), *(each for each in judged if each.effect == "refused"), *merged)


def _judge(found: Candidate, target: Target | Refusal | None, criteria: Criteria) -> LinkDecision:
    """Whether it may be linked; an issue that the same rule matches is tier A."""
    if target is None or isinstance(target, Refusal):
        return LinkDecision(
            candidate=found,
            effect="refused",
            reason=target.reason if target else "it is not one of the best candidates",
        )
    if reason := _find_objection(found, target, criteria):
        return LinkDecision(candidate=found, effect="refused", reason=reason)
    rule = criteria.rules.get(target.number)
    if rule and found.tier != "A":
        found = replace(found, tier="A", why=SAME_RULE)
    is_unproven = found.tier == "C" and not criteria.is_calibrated and target.number not in criteria.given
    return LinkDecision(candidate=found, effect="hidden", target=target, rule=rule, is_unproven=is_unproven)


def _find_objection(found: Candidate, target: Target, criteria: Criteria) -> str | None:
    if target.number in criteria.linked:
        return f"#{target.number} is linked already"
    if target.is_open and target.is_locked:
        return f"#{target.number} is locked, so the reporter cannot comment there"
    if not (target.is_open or target.is_mended or found.why == SAID_SO):
        return f"#{target.number} is closed, but no change is known to have fixed it"
    return None


def _rank(link: LinkDecision, criteria: Criteria) -> tuple[object, ...]:
    """Scores that differ by less than a tenth are equal; in tier A all are."""
    closeness = 0.0 if link.tier == "A" else -round(link.candidate.score, 1)
    is_new = link.number not in criteria.given
    target = link.target
    if target is None:
        return link.tier, is_new, closeness
    age = target.created_at.timestamp() if target.created_at else 0.0
    return link.tier, is_new, closeness, -target.references, not target.is_answered, age, link.number


def _merge(link: LinkDecision, better: LinkDecision) -> LinkDecision:
    return replace(link, effect="merged", reason=f"#{better.candidate.number} also leads to #{link.number}")


def _share_out(ranked: Sequence[LinkDecision], criteria: Criteria) -> list[LinkDecision]:
    """Each section links the issues that its rule also matches, the first one also all others; the rest is hidden."""
    sections = dict[int, str | None]()
    for place, section in enumerate(() if criteria.silence else criteria.sections):
        own = [each for each in ranked if section.rule in {None, each.rule} or (each.rule is None and place == 0)]
        fitting = [each for each in own if _fits(each, section, criteria)]
        limit = min(section.show, criteria.most - len(sections))
        sections |= {each.number: section.rule for each in fitting[:limit]}
    return [
        replace(each, effect="linked", section=sections[each.number])
        if each.number in sections
        else replace(each, reason=_explain_hiding(each, criteria))
        for each in ranked
    ]


def _fits(link: LinkDecision, section: Section, criteria: Criteria) -> bool:
    is_proven = link.tier != "C" or (criteria.with_alike and not link.is_unproven)
    return is_proven and (link.is_open or not section.open_only)


def _explain_hiding(link: LinkDecision, criteria: Criteria) -> str:
    if criteria.silence:
        return criteria.silence
    if link.tier == "C" and not criteria.with_alike:
        return "it is only similar, and the settings keep such issues out of comments (`tier_c`)"
    if link.is_unproven:
        return "it is only similar, and no calibrated index found it"
    if not link.is_open and all(section.open_only for section in criteria.sections):
        return "it is closed, and the rule links only open issues (`open_only`)"
    return "other candidates are better, or the settings or the rule allow fewer links"
