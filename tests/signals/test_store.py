"""The ledger's file: what is written comes back, and a file from elsewhere is not trusted."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.signals.file import open_bytes, open_copy, open_ledger, read_any_ledger, read_ledger
from bot.signals.incidents.arrivals import Arrival
from bot.signals.ledger import Closing, IssueNow, Ledger, Order, Spoken
from bot.signals.store import LedgerError, LedgerFile, SpoiledLedgerError
from tests.signals.ledgers import DAY, START, a_given, a_guidance, a_vote

HERE = "octo/widget"
GIVEN = a_given(
    1,
    a_guidance("disk", until=START + 5, is_refused=1),
    a_guidance("memory"),
    version="2.1.4",
    links=(3, 5),
    closes=START + 9,
    heard=("c4", "r9"),
    is_hidden=True,
    seen=(("+1", 2, START),),
)
ARRIVALS = (Arrival(3, START, "eve", ("rule:disk", "message:1"), "2.1.4", ("No space",)), Arrival(4, START + 9, "ann"))
SPOKEN = Spoken(7, 1, "author-1", "NONE", START, says_wrong=True, reason="it is the network")
ORDERED = Spoken(6, 3, "Max", "MEMBER", START, orders=(Order("mute", "disk"), Order("unmute", "x")), node_id="IC_6")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".signpost" / "ledger.sqlite"


def fill(path: Path) -> None:
    with open_ledger(path, HERE) as store, store.change():
        store.put_comment(GIVEN)
        store.put_votes(1, [a_vote("eve", "+1"), a_vote("tidy[bot]", is_bot=True)])
        store.put_spoken([SPOKEN, ORDERED])
        store.put_issue(IssueNow(1, "author-1", comments=2), [Closing(1, START, 0)])
        store.put("person", [("Max", "write"), ("eve", "read")])
        store.put("mute", [("disk", "1")])
        store.put_arrivals([*ARRIVALS, Arrival(2, START - 1, "eve")], START)
        store.put("known", [(START, "disk")])
        store.write_facts(has_past=1)


def test_everything_comes_back(path: Path) -> None:
    fill(path)
    assert read_ledger(path, HERE) == Ledger(
        repository=HERE,
        comments=(GIVEN,),
        votes=(a_vote("eve", "+1"), a_vote("tidy[bot]", is_bot=True)),
        replies=(ORDERED.to_reply("", {"max": "write"}), SPOKEN.to_reply("author-1")),
        issues=(IssueNow(1, "author-1", comments=2),),
        closings=(Closing(1, START, 0),),
        permissions={"Max": "write", "eve": "read"},
        muted={"disk": "1"},
        arrivals=ARRIVALS,
        known_since={"disk": START},
        has_past=True,
    )


def test_writing_the_same_again_changes_nothing(path: Path) -> None:
    fill(path)
    before = read_ledger(path, HERE)
    fill(path)
    assert read_ledger(path, HERE) == before


def test_a_change_that_fails_leaves_nothing(path: Path) -> None:
    def fail(store: LedgerFile) -> None:
        with store.change():
            store.put_comment(GIVEN)
            raise RuntimeError

    with open_ledger(path, HERE) as store:
        with pytest.raises(RuntimeError):
            fail(store)
        assert store.read().comments == ()


def test_what_no_comment_of_ours_belongs_to_is_dropped(path: Path) -> None:
    fill(path)
    with open_ledger(path, HERE) as store, store.change():
        store.put_spoken([SPOKEN._replace(id=8, issue=2), SPOKEN._replace(id=9)])
        store.put_comment(a_given(8, issue=1))
        store.drop_comment(1)
        store.put_issue(IssueNow(2, "author-2"), [Closing(2, START)])
        store.prune()
    ledger = read_ledger(path, HERE)
    assert [reply.id for reply in ledger.replies] == [6, 9]
    assert ([issue.number for issue in ledger.issues], ledger.votes) == ([1], ())


def test_a_copy_leaves_the_file_as_it_is(path: Path) -> None:
    fill(path)
    before = path.read_bytes()
    with open_copy(path, HERE) as store, store.change():
        store.drop_comment(1)
    with open_copy(path, HERE, is_new=True) as store:
        assert store.read().comments == ()
    assert path.read_bytes() == before


def test_a_ledger_is_made_again_from_nothing(path: Path) -> None:
    fill(path)
    with open_ledger(path, HERE, is_new=True) as store:
        assert store.read() == Ledger(repository=HERE)


def execute(path: Path, statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(statements)


def replace_file(path: Path) -> None:
    path.unlink()
    execute(path, "CREATE TABLE a (b)")


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (lambda path: path.write_text("hello"), "is not a ledger of Signpost"),
    "another database": (
        replace_file,
        "is not a ledger of Signpost",
    ),
    "an index": (lambda path: execute(path, "PRAGMA application_id = 1399287408"), "is not a ledger of Signpost"),
    "another format": (lambda path: execute(path, "PRAGMA user_version = 9"), "has format 9, but this Signpost reads"),
    "one more table": (lambda path: execute(path, "CREATE TABLE more (a)"), "has other tables"),
    "a trigger": (
        lambda path: execute(path, "CREATE TRIGGER t AFTER INSERT ON vote BEGIN DELETE FROM comment; END"),
        "has other tables",
    ),
    "a view in place of a table": (
        lambda path: execute(path, "DROP TABLE vote; CREATE VIEW vote AS SELECT 1"),
        "has other tables",
    ),
    "another kind of value": (lambda path: execute(path, "UPDATE vote SET at = 'soon'"), "has values of another kind"),
    "not a list": (lambda path: execute(path, "UPDATE comment SET links = '{}'"), "is damaged"),
    "not JSON": (lambda path: execute(path, "UPDATE comment SET seen = '['"), "is damaged"),
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:5000]), "ledger"),
    "another repository": (
        lambda path: execute(path, "UPDATE fact SET value = 'octo/other' WHERE name = 'repository'"),
        "is for octo/other",
    ),
}

NOT_OURS = (
    "UPDATE vote SET at = 1 << 62",
    "UPDATE vote SET at = 253402300900",
    "UPDATE vote SET at = -1",
    "UPDATE vote SET bot = 2",
    "UPDATE guidance SET since = -(1 << 62)",
    "UPDATE guidance SET branch = -1",
    "UPDATE comment SET closes = 1 << 60",
    "UPDATE issue SET comments = -1",
    "UPDATE closing SET reopened = 1 << 60",
    "UPDATE arrival SET at = -(1 << 60)",
    "UPDATE known SET since = 1 << 60",
    "INSERT INTO notice VALUES (-7, 0, 0, 0, 0, 0, 'surge', 'x', '[]', '', '')",
    "INSERT INTO pending VALUES (0, 'missed')",
    "INSERT INTO target VALUES (-5, '')",
    "INSERT INTO fact VALUES ('newest', 'x')",
    "INSERT INTO fact VALUES ('watched', '-1')",
    "INSERT INTO fact VALUES ('issues', 'zz')",
    "INSERT INTO fact VALUES ('comments', '9999-01-01T00:00:00Z')",
    "INSERT INTO fact VALUES ('comments', '2026-13-01T00:00:00Z')",
    "INSERT INTO fact VALUES ('comments_page', '-5')",
    "INSERT INTO fact VALUES ('issues_edge', '[[')",
    "INSERT INTO fact VALUES ('issues_edge', '{}')",
    "INSERT INTO fact VALUES ('more', '1')",
)


@pytest.mark.parametrize("statement", NOT_OURS)
def test_a_value_that_no_sweep_writes_makes_the_ledger_one_to_make_again(path: Path, statement: str) -> None:
    fill(path)
    execute(path, statement)
    with pytest.raises(SpoiledLedgerError, match="is damaged"):
        read_ledger(path, HERE)


@pytest.mark.parametrize(
    "statement", ["UPDATE vote SET at = {}", "UPDATE arrival SET at = {}", "UPDATE known SET since = {}"]
)
def test_what_was_seen_later_than_now_was_never_seen(path: Path, statement: str) -> None:
    fill(path)
    execute(path, statement.format(START + DAY))
    assert read_any_ledger(path, START + DAY) == read_ledger(path, HERE)
    with pytest.raises(SpoiledLedgerError, match="is damaged"):
        read_any_ledger(path, START + DAY - 1)


@pytest.mark.parametrize("spoil, fault", SPOILED.values(), ids=SPOILED)
def test_a_file_from_elsewhere_is_refused(path: Path, spoil: Callable[[Path], object], fault: str) -> None:
    fill(path)
    spoil(path)
    with pytest.raises(LedgerError, match=fault):
        read_ledger(path, HERE)


def test_a_file_that_is_not_a_ledger_is_never_removed(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("my notes", "utf-8")
    with pytest.raises(LedgerError, match="is not a ledger"), open_ledger(path, HERE, is_new=True):
        pass
    assert path.read_text("utf-8") == "my notes"


def test_a_missing_or_strange_file_is_an_error_with_advice(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="does not exist; make it with `signpost sweep`"):
        read_any_ledger(tmp_path / "none")
    with pytest.raises(LedgerError, match="is not a regular file"):
        read_any_ledger(tmp_path)


def test_the_bytes_of_a_ledger_are_used_without_a_file_and_survive_a_rename() -> None:
    with open_bytes(None, "octo/widget") as store:
        with store.change():
            store.write_facts(newest="7")
        content = store.dump()
    with open_bytes(content, "octo/gadget") as store:
        assert (store.read_fact("repository"), store.read_fact("newest")) == ("octo/gadget", "7")


@pytest.mark.parametrize("content", [b"not a database", b"SQLite format 3\x00" + bytes(84), bytes(4096)])
def test_bytes_that_are_not_a_ledger_are_refused(content: bytes) -> None:
    with pytest.raises(LedgerError), open_bytes(content, "octo/widget"):
        pass
