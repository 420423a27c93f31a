"""Fits the coefficients of the ranking, and prints how often it finds the right earlier issue, next to other methods.

Usage: python -m benchmarks.train_ranking A-issues.jsonl.gz A-duplicates.jsonl B-issues.jsonl.gz B-duplicates.jsonl

The second half of each archive's duplicates is the test; nothing is fitted on it. The coefficients that ship are those
of both first halves. With --write they are written to bot/duplicates/search/model.json.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.duplicate_rows import Labelled, Rows, make_all_rows, read_labelled
from benchmarks.fitting import fit_confidence, fit_order
from benchmarks.rep import answer_by_rep
from benchmarks.title_peers import answer_by_trigrams, answer_by_words
from bot.duplicates.evaluation import Answer, Query, answer_query, find_threshold, measure_recall
from bot.duplicates.search.features import Features
from bot.duplicates.search.model import FILE, Model, Slope, Standing
from bot.duplicates.search.ranker import MOST_SHOWN, choose_related, find_best, rank_candidates

Answering = Callable[[Query], Answer]
_SHIPPED_ALARM = 0.01


def fit_model(queries: Sequence[Query]) -> Model:
    """The coefficients that these queries teach."""
    order = fit_order([_make_matrix(query) for query in queries if query.compared])
    no_confidence = (Slope(0.0),) * (len(order) + len(Standing._fields))
    rows, right = zip(*_list_best(queries, Model(order, no_confidence, 0.0, 0.0)), strict=True)
    model = Model(order, *fit_confidence(np.array(rows), np.array(right)), 0.0)
    ordinary = [answer.score for answer in (answer_query(query, model) for query in queries) if not answer.is_duplicate]
    return replace(model, threshold=find_threshold(ordinary, _SHIPPED_ALARM))


def _make_matrix(query: Query) -> tuple[np.ndarray, np.ndarray]:
    features = np.array([row.features for row in query.compared], dtype=np.float64)
    return features, np.array([row.profile.number in query.right for row in query.compared])


def _list_best(queries: Iterable[Query], model: Model) -> Iterator[tuple[tuple[float, ...], bool]]:
    for query in queries:
        ranked = rank_candidates(query.profile, query.compared, model)
        if best := find_best(ranked):
            is_right = any(shown.number in query.right for shown in choose_related(ranked, 0.0))
            yield (*best.features, *best.standing), is_right


def answer_by_retrieval(query: Query) -> Answer:
    """BM25F alone; for false alarms its score against the query's own."""
    ranked = sorted(query.compared, key=lambda row: -row.features.word_score)
    rank = next((rank for rank, row in enumerate(ranked, 1) if row.profile.number in query.right), None)
    score = ranked[0].features.self_score if ranked else 0.0
    return Answer(query.profile.number, bool(query.right), rank, score, rank is not None and rank <= MOST_SHOWN)


def print_table(name: str, rows: Sequence[tuple[str, Sequence[Answer]]]) -> None:
    """One archive, with one method per line; the interval is that of the column before it."""
    print(f"\n### {name}\n")
    print("| method | R@1 | R@3 | R@5 | R@10 | R@10, 95 % | MRR | caught at 1 % | 2 % | 5 % | 10 % | 2 %, 95 % |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for method, answers in rows:
        found = measure_recall(answers)
        if found is None:
            continue
        recall = [f"{share.value:.3f}" for share in found.recall.values()]
        caught = [f"{share.value:.3f}" for share in found.caught.values()]
        wide = [f"{share.low:.2f} to {share.high:.2f}" for share in (found.recall[10], found.caught[0.02])]
        cells = [method, *recall, wide[0], f"{found.mrr:.3f}", *caught, wide[1]]
        print(f"| {' | '.join(cells)} |")


def judge(labelled: Labelled, own: Rows, others: Sequence[Rows], shipped: Model) -> list[tuple[str, list[Answer]]]:
    """The answers of all methods to the second half of an archive."""
    elsewhere = [query for rows in others for query in (*rows.first, *rows.second)]
    models = {
        "ranked, never seen this repository": fit_model(elsewhere),
        "ranked, with its first half": fit_model([*elsewhere, *own.first]),
        "ranked, as shipped (first halves)": shipped,
    }
    return [
        ("title, words edited (potential-duplicates)", answer_by_words(labelled)),
        ("title, trigrams", answer_by_trigrams(labelled)),
        ("BM25F", [answer_by_retrieval(query) for query in own.second]),
        ("REP (2011), its text part, with its first half", answer_by_rep(labelled)),
        *((name, [answer_query(query, model) for query in own.second]) for name, model in models.items()),
    ]


def write_model(model: Model) -> str:
    """The file that ships, with one value per line."""
    order = dict(zip(Features._fields, map(_round, model.order), strict=True))
    names = (*Features._fields, *Standing._fields)
    confidence = {name: list(map(_round, slope)) for name, slope in zip(names, model.confidence, strict=True)}
    rest = {"intercept": _round(model.intercept), "threshold": _round(model.threshold)}
    parts = [f'  "{name}": {_write_lines(values)}' for name, values in (("order", order), ("belief", confidence))]
    parts += [f'  "{name}": {value}' for name, value in rest.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _write_lines(values: Mapping[str, object]) -> str:
    return "{\n" + ",\n".join(f'    "{name}": {json.dumps(value)}' for name, value in values.items()) + "\n  }"


def _round(value: float) -> float:
    return float(f"{value:.6g}")


def main() -> None:
    """Train, judge, print; write the model if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=Path, help="issues and truth, in turn")
    parser.add_argument("--write", action="store_true", help="write the coefficients that ship")
    arguments = parser.parse_args()
    pairs = zip(arguments.paths[::2], arguments.paths[1::2], strict=True)
    histories = [read_labelled(issues, truth) for issues, truth in pairs]
    rows = make_all_rows(histories)
    shipped = fit_model([query for own in rows for query in own.first])
    if arguments.write:
        FILE.write_text(write_model(shipped), encoding="utf-8")
    for labelled, own in zip(histories, rows, strict=True):
        others = [other for other in rows if other is not own]
        title = f"{own.name}: {len(labelled.second.duplicates)} duplicates, {len(labelled.second.ordinary)} ordinary"
        print_table(title, judge(labelled, own, others, shipped))


if __name__ == "__main__":
    main()
