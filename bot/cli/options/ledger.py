"""What the ledger of `signpost sweep` says, for the commands that use it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.triage.config import Config, Sources

if TYPE_CHECKING:
    from bot.archive.stats import Opinion


def add_ledger(sources: Sources, ledger: str | None, repository: str) -> Sources:
    """The sources with what the ledger says: muted rules, incidents with a tracking issue, and other reports.

    Other reports count only if the sweeps have read all of their past. A ledger that cannot be used makes a remark.
    """
    if not ledger or not Path(ledger).exists():
        return sources
    from bot.signals.file import read_ledger
    from bot.signals.incidents.detection import Watch
    from bot.signals.mute import explain_muted, judge_rules
    from bot.signals.notices.finder import IncidentFinder
    from bot.signals.store import LedgerError

    try:
        found = read_ledger(Path(ledger), repository)
    except LedgerError as error:
        remark = f"this run ignores votes and incidents: {error}"
        return replace(sources, remarks=(*sources.remarks, remark))
    ruleset, config = sources.ruleset, sources.config
    muted = explain_muted(judge_rules(found, ruleset.hashes, ruleset.renamed, config.votes))
    known = IncidentFinder.of(found.notices, ruleset) if found.notices else sources.find_incident
    watch = sources.describe_incident
    if found.has_past:
        watch = Watch.of(found.arrivals, found.known_since, ruleset, config.surge)
    return replace(sources, muted=muted, find_incident=known, describe_incident=watch)


def read_opinions(ledger: Path, hashes: Mapping[str, str], config: Config) -> "Mapping[str, Opinion]":
    """The opinion on the guidance of each rule, as it is now, by its content hash; raises LedgerError."""
    from bot.signals.file import read_any_ledger
    from bot.signals.votes import count_votes, summarize_votes

    return summarize_votes(count_votes(read_any_ledger(ledger), config.votes.meanings, hashes))
