"""An issue as queries for GitHub's own search."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.duplicates.github_query import LONGEST, MOST_WORDS, Phrase, find_phrase, write_title_query, write_word_query
from bot.duplicates.search.document import make_profile
from bot.duplicates.search.fingerprint import find_fingerprints
from bot.duplicates.search.ranker import locate_fingerprints
from tests.builders import an_issue


@pytest.mark.parametrize(
    "title, query",
    [
        ("Checksum does not fit", "Checksum does not fit"),
        ("[BUG] API Error: 400 (again)", "BUG API Error 400 again"),
        ("repo:octo/secret label:bug is:open", "repo octo secret label bug is open"),
        ('say "hello" OR NOT -world', "say hello world"),
        ("", ""),
        ("!?", ""),
    ],
)
def test_a_title_holds_neither_qualifiers_nor_operators(title: str, query: str) -> None:
    assert write_title_query(an_issue(title=title)) == query


@pytest.mark.parametrize(
    "title, query",
    [
        ("Checksum does not fit", "Checksum OR fit"),
        ("It is", ""),
        (
            "Parser drops the last line of read_config when HTMLDocument is empty now",
            "Parser OR drops OR last OR read_config OR HTMLDocument OR empty",
        ),
    ],
)
def test_the_most_telling_words_are_asked_for_in_their_order(title: str, query: str) -> None:
    assert write_word_query(an_issue(title=title)) == query


@pytest.mark.parametrize(
    "body, text",
    [
        ("error: the checksum does not fit", "error: the checksum does not fit"),
        ("> * error: the checksum does not fit.", "error: the checksum does not fit"),
        ("error: cannot read `/home/me/x.toml` because the file is locked", "because the file is locked"),
        (
            "It failed.\nerror: the checksum of the registry does not fit",
            "error: the checksum of the registry does not fit",
        ),
        ("write failed: No space left on device (os error 28)", "write failed: no space left on device (os error"),
        (
            "I think that my long and winding code is wrong and fails.\n\n```\nerror: the checksum does not fit\n```",
            "error: the checksum does not fit",
        ),
        ("All is well here, and nothing is wrong", None),
        ("error 0x1234", None),
        ("", None),
    ],
)
def test_the_phrase_is_what_stays_the_same_from_run_to_run(body: str, text: str | None) -> None:
    found = find_phrase(an_issue(title="It breaks", body=body))
    assert (found.text if found else None) == text


def test_a_phrase_knows_the_fingerprint_of_its_line() -> None:
    line = "error: the checksum of `left-pad` does not fit the lock"
    (mark,) = find_fingerprints("", line)
    assert find_phrase(an_issue(body=line)) == Phrase("error: the checksum of", mark)


def test_the_fingerprint_of_a_line_is_the_same_wherever_it_is_computed() -> None:
    line = "error: the lock of #12 does not fit https://example.org/a/b/c?d=1 any more"
    issue = an_issue(title="It breaks", body=f"I saw this:\r\n\r\n    {line}")
    phrase = find_phrase(issue)
    assert phrase
    assert make_profile(issue).fingerprints == {phrase.fingerprint}
    assert locate_fingerprints(issue.title, issue.body) == {phrase.fingerprint: f"line 3: {line}"}


@given(st.text(), st.text())
def test_any_text_makes_queries_that_github_takes(title: str, body: str) -> None:
    issue = an_issue(title=title, body=f"error: {body}")
    phrase = find_phrase(issue)
    queries = [write_title_query(issue), write_word_query(issue), phrase.text if phrase else ""]
    assert [
        query for query in queries if len(query) > LONGEST or ":" in queries[0] or '"' in query or "\n" in query
    ] == []
    assert queries[1].split().count("OR") < MOST_WORDS
