"""A damaged index is refused with a clear error, or answers; what a search refuses, an update builds anew."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.duplicates.index.file import WrongFileError, explain_damage, open_index
from bot.duplicates.index.record import make_record
from bot.duplicates.index.search import list_candidates, replay_latest, search_index, search_number
from bot.duplicates.index.writer import add_records, drop_gone, list_digests
from tests.duplicates.samples import a_report, fill_index, some_reports

QUERY = a_report(500, "The parser crashes", "error: parser failed with code crashes")
MORE = [make_record(issue) for issue in some_reports(60)[40:]]


@dataclass(frozen=True)
class Damage:
    """What happens to a file at `place`, a part of its length."""

    kind: str
    place: float
    length: int

    def spoil(self, whole: bytes) -> bytes:
        start = int(self.place * len(whole))
        end = start + self.length
        match self.kind:
            case "cut":
                return whole[:start]
            case "zeros":
                return whole[:start] + bytes(len(whole[start:end])) + whole[end:]
            case "flip":
                return whole[:start] + bytes(byte ^ 0x10 for byte in whole[start:end]) + whole[end:]
            case _:
                return whole[:start] + whole[end:] + whole[start:end]


PLACES = st.floats(0, 1, exclude_max=True) | st.floats(0, 0.002)
KINDS = st.sampled_from(["cut", "zeros", "flip", "moved"])
DAMAGES = st.builds(Damage, KINDS, PLACES, st.sampled_from([1, 3, 40, 600, 4_096]))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill_index(tmp_path_factory.mktemp("index") / "a.index", some_reports(50))


def ask(path: Path) -> object:
    found = search_index(path, QUERY)
    return list_candidates(found.candidates, found.threshold, found.size)


ASKED: tuple[Callable[[Path], object], ...] = (
    ask,
    lambda path: search_number(path, 41),
    lambda path: list(replay_latest(path, 3)),
)


def find_refusal(do: Callable[[Path], object], path: Path) -> str | None:
    try:
        do(path)
    except WrongFileError as error:
        return str(error)
    return None


def bring_up_to_date(path: Path) -> None:
    with closing(open_index(path, is_checked=True)) as connection, explain_damage(path):
        add_records(connection, MORE)
        drop_gone(connection)
        list_digests(connection)


@pytest.mark.slow
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DAMAGES)
def test_whatever_is_damaged_there_is_a_clear_error_or_an_answer(index: Path, damage: Damage) -> None:
    path, spoiled = index.with_name("spoiled.index"), damage.spoil(index.read_bytes())
    path.write_bytes(spoiled)

    refusals = [refusal for do in ASKED if (refusal := find_refusal(do, path))]
    at_update = find_refusal(bring_up_to_date, path)

    assert at_update or not refusals
    told = f"build it with `signpost index build --index {path}`"
    assert all(told in refusal for refusal in (*refusals, at_update or told))
