"""A rule on the bench: what matches, what is gained and lost, whatever the order of the steps."""

from collections.abc import Iterator, Sequence

import pytest
import yaml

from bot.errors import SettingsError
from bot.rules.ruleset import Ruleset
from bot.tracker.types import Issue
from bot.workbench.studio.api import Filter, Overlap, choose_indexes, count_matches
from bot.workbench.studio.bench import Workbench
from bot.workbench.studio.corpus import CHUNK
from bot.workbench.studio.surroundings import find_surroundings
from tests.builders import Fields, a_rule, after, an_issue
from tests.workbench.studio.running import TODAY

FILE = "rules/out-of-disk.yml"
OTHER = a_rule(id="os-error", title="Any error", match={"phrase": "os error 28"}, supersedes=["out-of-disk"])


def written(**changes: object) -> str:
    return yaml.safe_dump(a_rule(**changes))


def a_bench(
    issues: Sequence[Issue] | Iterator[Issue], *others: Fields, saved: str | None = None, pack: Fields | None = None
) -> Workbench:
    files = {f"rules/{rule['id']}.yml": yaml.safe_dump(rule) for rule in others}
    beside = {"rules/pack.yml": yaml.safe_dump(pack)} if pack else {}
    around = find_surroundings({**files, **beside}, FILE, beside)
    return Workbench(around, written() if saved is None else saved, iter(issues), TODAY)


def finish(bench: Workbench) -> Workbench:
    while bench.step():
        pass
    return bench


def some_issues(*bodies: str) -> list[Issue]:
    return [an_issue(number=n, title="x", body=body, created_at=after(days=n)) for n, body in enumerate(bodies, 1)]


ISSUES = some_issues(
    "no space left on device", "disk quota exceeded", "No space\nleft on dev\nice (os error 28)", "all is well"
)


@pytest.mark.parametrize(
    "match, matched, gained, lost",
    [
        pytest.param({"phrase": "No space left on device"}, [0, 2], [], [], id="as saved"),
        pytest.param({"phrase": "disk quota exceeded"}, [1], [1], [0, 2], id="another phrase"),
        pytest.param({"regex": "space|quota"}, [0, 1, 2], [1], [], id="a regex"),
        pytest.param({"regex": "^no space"}, [0, 2], [], [], id="an anchor is the start of a text, not of a chunk"),
        pytest.param({"regex": "."}, [0, 1, 2, 3], [1, 3], [], id="a pattern without a literal"),
        pytest.param({"language": ["en", "unknown"]}, [0, 1, 2, 3], [1, 3], [], id="a condition without any text"),
        pytest.param({"none": [{"phrase": "all is well"}]}, [0, 1, 2], [1], [], id="what must not be there"),
        pytest.param(
            {"phrase": "No space left on device", "none": [{"phrase": "os error 28"}]}, [0], [], [2], id="an exception"
        ),
        pytest.param({"phrase": "never to be seen here"}, [], [], [0, 2], id="nothing"),
    ],
)
def test_a_version_is_compared_with_the_saved_one(
    match: Fields, matched: list[int], gained: list[int], lost: list[int]
) -> None:
    bench = a_bench(ISSUES)

    bench.edit(written(match=match))
    finish(bench)

    found = {name: [*choose_indexes(bench, name)] for name in ("matched", "gained", "lost")}
    assert found == {"matched": matched, "gained": gained, "lost": lost}


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 8, 13])
def test_when_a_text_comes_makes_no_difference(steps: int) -> None:
    issues = some_issues(*["no space left on device", "disk quota exceeded", "neither"] * CHUNK)
    bench = a_bench(issues, OTHER)
    for _ in range(steps):
        bench.step()

    bench.edit(written(match={"phrase": "disk quota exceeded"}))
    bench.step()
    bench.edit(written(match={"phrase": "disk quota exceeded"}))
    finish(bench)

    counts = count_matches(bench)
    assert (counts.issues, counts.tried, counts.matched, counts.gained, counts.lost, counts.unmatched) == (
        *(3 * CHUNK, 3 * CHUNK),
        *(CHUNK, CHUNK, CHUNK, 2 * CHUNK),
    )


def test_a_text_that_does_not_load_leaves_the_last_one_at_work() -> None:
    bench = finish(a_bench(ISSUES))

    bench.edit("id: [")
    finish(bench)

    assert bench.current.rule is None
    assert len(bench.current.problems) == 1
    assert count_matches(bench).matched == 2


def test_a_saved_rule_that_does_not_load_had_no_matches() -> None:
    bench = a_bench(ISSUES, saved="id: [")

    bench.edit(written())
    finish(bench)

    counts = count_matches(bench)
    assert (counts.matched, counts.gained, counts.lost) == (2, 2, 0)


def test_once_saved_nothing_is_gained_or_lost() -> None:
    bench = a_bench(ISSUES)
    text = written(match={"phrase": "disk quota exceeded"})

    bench.edit(text)
    bench.mark_saved(text)
    finish(bench)

    counts = count_matches(bench)
    assert (counts.matched, counts.gained, counts.lost) == (1, 0, 0)


@pytest.mark.parametrize(
    "changes, relation",
    [
        pytest.param({}, "superseded", id="the other one speaks"),
        pytest.param({"supersedes": ["os-error"]}, "supersedes", id="this one speaks"),
        pytest.param({"also": ["os-error"]}, "superseded", id="what the other one says counts"),
    ],
)
def test_overlaps_name_the_other_rule_and_who_speaks(changes: Fields, relation: str) -> None:
    bench = a_bench(ISSUES, OTHER, saved=written(**changes))

    finish(bench)

    assert count_matches(bench).overlaps == (Overlap("os-error", "Any error", 1, relation),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "chosen, expected",
    [
        pytest.param("all", [0, 1, 2, 3], id="all"),
        pytest.param("unmatched", [1, 3], id="those that no rule matches"),
    ],
)
def test_a_filter_chooses_issues(chosen: Filter, expected: list[int]) -> None:
    assert [*choose_indexes(finish(a_bench(ISSUES, OTHER)), chosen)] == expected


def test_matches_are_spread_over_the_time_of_the_history() -> None:
    columns = count_matches(finish(a_bench(ISSUES))).over_time

    assert (len(columns), [index for index, count in enumerate(columns) if count]) == (36, [0, 24])


def test_the_captures_of_the_pack_are_known() -> None:
    pack = {"name": "rules", "captures": {"os": {"map": {"Windows": "windows"}, "first_of": [{"section": "OS"}]}}}
    issues = some_issues("### OS\n\nWindows 11", "### OS\n\nmacOS")
    bench = a_bench(issues, saved=written(match={"os": "windows"}), pack=pack)

    finish(bench)

    assert (bench.saved.problems == (), [*choose_indexes(bench, "matched")]) == (False, [0])


def test_the_words_of_the_history_are_counted() -> None:
    issues = [an_issue(number=n, labels=("bug",), body="### What happened?\n\nx\n") for n in range(3)]

    bench = finish(a_bench(issues))

    assert (bench.labels, bench.sections) == ({"bug": 3}, {"What happened?": 3})


def test_what_was_read_before_the_history_breaks_off_is_kept() -> None:
    def broken() -> Iterator[Issue]:
        yield from ISSUES
        raise SettingsError("line 5 is no issue")

    bench = a_bench(broken())

    with pytest.raises(SettingsError, match="line 5"):
        finish(bench)

    assert count_matches(finish(bench)).matched == 2


def test_without_a_history_there_is_nothing_to_do() -> None:
    bench = finish(a_bench([]))

    assert (bench.count, bench.is_done, bench.entry_at(0)) == (0, True, None)


def test_the_rule_stands_beside_all_others() -> None:
    bench = a_bench([], OTHER)
    rule = bench.saved.rule

    assert isinstance(bench.around.with_rule(rule), Ruleset)
    assert [found.id for found in bench.around.with_rule(rule).rules] == ["out-of-disk", "os-error"]
