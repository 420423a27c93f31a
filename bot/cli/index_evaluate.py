"""An index measured: against known duplicates, and on its own last issues."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.archive.jsonl import read_issues, read_lines
from bot.archive.stats import Share
from bot.duplicates.evaluation.metrics import Answer, Recall, answer_query, measure_recall
from bot.duplicates.evaluation.replay import replay_issues, sort_issues, split_issues
from bot.duplicates.evaluation.truth import parse_duplicates
from bot.duplicates.index.file import explain_damage, open_index
from bot.duplicates.index.search import replay_latest
from bot.duplicates.index.writer import begin_transaction, write_facts
from bot.duplicates.search.calibration import Calibration, calibrate, write_calibration
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


def calibrate_index(path: Path, share: float, last: int) -> Calibration:
    """Learn a threshold from the last issues of an index, and keep it there. Raises SettingsError."""
    calibration = calibrate(list(track(replay_latest(path, last), "issues", last)), share)
    with closing(open_index(path)) as connection, explain_damage(path), begin_transaction(connection):
        write_facts(connection, {"calibration": write_calibration(calibration)})
    return calibration


def tell_calibration(calibration: Calibration) -> dict[str, Any]:
    """A calibration as JSON."""
    return asdict(calibration)


def tell_recall(recall: Recall) -> dict[str, Any]:
    """An evaluation as JSON; intervals are 95 % (Wilson)."""
    return {
        "queries": recall.duplicates,
        "ordinary": recall.ordinary,
        "recall": {str(rank): share.value for rank, share in recall.recall.items()},
        "recall_intervals": {str(rank): _bounds(share) for rank, share in recall.recall.items()},
        "mrr": recall.mrr,
        "caught": {str(alarm): share.value for alarm, share in recall.caught.items()},
        "caught_intervals": {str(alarm): _bounds(share) for alarm, share in recall.caught.items()},
        "thresholds": {str(alarm): threshold for alarm, threshold in recall.thresholds.items()},
        "tiers": {tier: asdict(count) for tier, count in recall.tiers.items()},
    }


def _bounds(share: Share) -> list[float]:
    return [share.low, share.high]
