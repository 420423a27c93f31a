"""Retrieval measured against known duplicates."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.archive.jsonl import read_issues, read_lines
from bot.duplicates.evaluation.metrics import Answer, Recall, answer_query, measure_recall
from bot.duplicates.evaluation.replay import replay_issues, sort_issues, split_issues
from bot.duplicates.evaluation.truth import parse_duplicates
from bot.duplicates.search.model import read_model
from bot.errors import SettingsError
from bot.output.progress import track


def evaluate(issues: Path, truth: Path, part: str, sample: int) -> Recall:
    """How often the right issue is found for the duplicates that a truth file names. Raises SettingsError."""
    known = parse_duplicates(read_lines(truth))
    history = sort_issues(read_issues(issues))
    split = split_issues(history, known, part, sample)
    queries = replay_issues(history, known, (*split.duplicates, *split.ordinary))
    model = read_model()

    def answer() -> Iterator[Answer]:
        for query in track(queries, "issues", len(history)):
            if query is not None:
                yield answer_query(query, model)

    recall = measure_recall(answer())
    if recall is None:
        raise SettingsError(f"{truth} names no duplicate of an earlier issue of {issues}: there is nothing to measure")
    return recall


def recall_to_json(recall: Recall) -> dict[str, Any]:
    """An evaluation as JSON; intervals are 95 % (Wilson)."""
    return {
        "queries": recall.duplicates,
        "ordinary": recall.ordinary,
        "recall": {str(rank): share.value for rank, share in recall.recall.items()},
        "recall_intervals": {str(rank): [share.low, share.high] for rank, share in recall.recall.items()},
        "mrr": recall.mrr,
        "caught": {str(alarm): share.value for alarm, share in recall.caught.items()},
        "caught_intervals": {str(alarm): [share.low, share.high] for alarm, share in recall.caught.items()},
        "thresholds": {str(alarm): threshold for alarm, threshold in recall.thresholds.items()},
        "tiers": {tier: asdict(count) for tier, count in recall.tiers.items()},
    }
