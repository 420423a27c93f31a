"""A report has to say something of its own before it can be the same as another one."""

import pytest

from bot.duplicates.index.search import list_candidates
from bot.duplicates.search.document import make_profile
from bot.duplicates.search.ranker import choose_related, search_collection
from bot.tracker.types import Issue
from tests.duplicates.samples import MODEL, a_report, fill_memory

OTHERS = [a_report(number, f"Unrelated matter {number}", "Nothing to see here") for number in range(2, 300)]
TITLE = "Crash when the folder is opened with the new printer driver"

FORM = (
    "### What happened?\n\n_No response_\n\n### Steps to reproduce\n\n1.\n2.\n\n### Version\n\n1.2.3\n\n"
    "### Operating system\n\nmacOS\n"
)
BOLD = (
    "**Describe the bug**\nA clear and concise description of what the bug is.\n\n**To Reproduce**\nSteps to reproduce "
    "the behavior:\n1. Go to '...'\n2. Click on '....'\n\n**Desktop (please complete the following information):**\n"
    " - OS: [e.g. iOS]\n - Browser [e.g. chrome, safari]\n"
)
COMMENTS = (
    "<!-- Thanks! Describe what failed, and paste the unexpected error output of the command -->\n\n## Bug\n"
    "<!-- what went wrong -->\n\n## Logs\n```\n\n```\n"
)
IN_APP = (
    "**Bug Description**\n\n**Environment Info**\n- Platform: darwin\n- Terminal: vscode\n- Version: 2.0.1\n\n"
    '**Errors**\n```json\n[{"error":"Error: the session registry could not be reached","timestamp":"2025"}]\n```\n'
)
PLAIN = (
    "Please describe the problem here.\nInclude any unexpected error output that the failing command shows to you:\n\n"
    "Which version of the program do you use?\n"
)
GERMAN = "### Beschreibung\n\n_Keine Antwort_\n\n### Schritte\n\nBitte beschreibe, wie man zum Fehler kommt.\n"
BOXES = "- [ ] I have searched the existing issues\n\n### Description\n\n\n### Environment\n\nWindows 11\n"
HTML = "<h2>Description</h2>\n\n<h2>Steps</h2>\n\n"


def search(query: Issue, *earlier: Issue) -> list[tuple[int, str]]:
    """The number and the tier of what may be linked at any score, apart from the unrelated reports."""
    hits = search_collection(make_profile(query), fill_memory([*earlier, *OTHERS]), MODEL)
    candidates = list_candidates(hits, 0.0, 1 + len(OTHERS))
    assert {hit.number for hit in choose_related(hits, 0.0)} <= {candidate.number for candidate in candidates}
    return [(each.number, each.tier) for each in candidates if each.number == 1]


@pytest.mark.parametrize("title", [TITLE, "[BUG]"], ids=["a title", "no title"])
@pytest.mark.parametrize("form", [FORM, BOLD, COMMENTS, IN_APP, PLAIN, GERMAN, BOXES, HTML])
def test_a_form_into_which_nothing_is_written_links_nothing(title: str, form: str) -> None:
    assert search(a_report(400, title, form), a_report(1, title, form)) == []


@pytest.mark.parametrize("form", [FORM, BOLD, COMMENTS, GERMAN])
def test_what_is_written_into_a_form_is_the_same_or_not(form: str) -> None:
    told = f"{form}\n### More\n\nEach margin of the exported letter is doubled after the second save.\n"
    other = f"{form}\n### More\n\nOur proxy drops idle sockets, and the uploader waits for hours.\n"

    assert search(a_report(400, TITLE, told), a_report(1, TITLE, told)) == [(1, "B")]
    assert search(a_report(400, TITLE, told), a_report(1, TITLE, other)) == [(1, "C")]
    assert search(a_report(400, TITLE, told), a_report(1, TITLE, form)) == []


def test_an_empty_body_is_not_the_same_text() -> None:
    assert search(a_report(400, TITLE), a_report(1, TITLE)) == [(1, "C")]
    assert search(a_report(400, "Bug"), a_report(1, "Bug")) == []


GO = (
    'package main\n\nimport "log"\n\nfunc main() {\n\tif err := open("%s"); err != nil {\n'
    '\t\tlog.Fatal("cannot reach the ledger database", err)\n\t}\n}'
)
RUST = (
    'fn main() {\n    let ledger = open("%s").expect("could not open the ledger database");\n    match ledger {\n'
    '        Err(why) => println!("unable to read the ledger: {}", why),\n        Ok(_) => (),\n    }\n}'
)
PYTHON = (
    'import ledger\n\ntry:\n    rows = ledger.open("%s")\nexcept ValueError as error:\n'
    '    raise RuntimeError("could not open the ledger database") from error'
)
JAVA = (
    'public class Main {\n    public static void main(String[] given) {\n        Ledger ledger = Ledger.open("%s");\n'
    '        throw new IllegalStateException("the ledger database cannot be opened");\n    }\n}'
)
NODE = (
    'const ledger = require("ledger");\n\nledger.open("%s").catch((error) => {\n'
    '  throw new Error("unable to open the ledger database");\n});'
)
C = (
    '#include <stdio.h>\n\nint main(void)\n{\n    if (open_ledger("%s") < 0)\n'
    '        fprintf(stderr, "the ledger database could not be opened\\n");\n    return 0;\n}'
)
PANICS = {
    "go": (GO, "panic: duplicate shard key in ring table", "panic: negative refill interval of token bucket"),
    "rust": (
        RUST,
        "thread 'main' panicked at 'duplicate shard key in ring table', src/ring.rs:7",
        "thread 'main' panicked at 'negative refill interval of token bucket', src/bucket.rs:9",
    ),
    "python": (
        PYTHON,
        "ValueError: duplicate shard key in ring table",
        "ArithmeticError: negative refill interval of token bucket",
    ),
    "java": (
        JAVA,
        'Exception in thread "main" org.ring.RingException: duplicate shard key in ring table',
        'Exception in thread "main" org.bucket.RefillException: negative refill interval of token bucket',
    ),
    "node": (NODE, "Error: duplicate shard key in ring table", "Error: negative refill interval of token bucket"),
    "c": (
        C,
        "fatal error: duplicate shard key in ring table",
        "fatal error: negative refill interval of token bucket",
    ),
}


@pytest.mark.parametrize("is_fenced", [True, False])
@pytest.mark.parametrize("language", PANICS)
def test_a_program_around_another_panic_is_another_problem(language: str, *, is_fenced: bool) -> None:
    program, panic, other = PANICS[language]
    code = f"```{language}\n{program}\n```" if is_fenced else program
    first = a_report(1, "My ledger program crashes", f"{code % 'a.db'}\n\n```\n{panic}\n```")

    again = a_report(400, "My ledger program crashes", f"{code % 'b.db'}\n\n```\n{panic}\n```")
    differs = a_report(400, "My ledger program crashes", f"{code % 'b.db'}\n\n```\n{other}\n```")

    assert search(again, first) == [(1, "B")]
    assert search(differs, first) == [(1, "C")]


@pytest.mark.parametrize(
    "message, other",
    [
        ("error: duplicate shard key in ring table", "error: negative refill interval of token bucket"),
        ("panic: duplicate shard key in ring table", "panic: runtime error: slice of unaligned arena memory block"),
        ("ValueError: duplicate shard key in ring table", "TypeError: token bucket expects an aware datetime"),
        ("FATAL: duplicate shard key in ring table", "FATAL: refill interval of token bucket is negative"),
    ],
)
@pytest.mark.parametrize("title", ["error: cannot rebuild the nightly search catalogue", "Nightly rebuild is broken"])
def test_the_same_title_over_two_messages_is_not_the_same(title: str, message: str, other: str) -> None:
    first = a_report(1, title, f"It says:\n\n{message}")

    assert search(a_report(400, title, f"It says:\n\n{message}"), first) == [(1, "B")]
    assert search(a_report(400, title, f"It says:\n\n{other}"), first) == [(1, "C")]


@pytest.mark.parametrize(
    "catch_all",
    [
        "fatal error: unexpected signal during runtime execution\n[signal SIGSEGV: segmentation violation code=0x1]",
        "Segmentation fault (core dumped)",
        "thread 'main' panicked at 'called `Option::unwrap()` on a `None` value', src/main.rs:3:9",
        "Traceback (most recent call last):\nAttributeError: 'NoneType' object has no attribute 'rows'",
        'Exception in thread "main" java.lang.NullPointerException: Cannot invoke "Row.id()" because "<a>" is null',
        "TypeError: Cannot read properties of undefined (reading 'rows')",
        "System.NullReferenceException: Object reference not set to an instance of an object.",
    ],
)
def test_what_a_runtime_says_of_every_fault_is_no_error_in_common(catch_all: str) -> None:
    first = a_report(1, "Import of old ledgers crashes", f"Importing a ledger of last year ends so:\n\n{catch_all}")
    query = a_report(400, "Import crashes", f"The preview of a picture was open.\n\n{catch_all}")

    assert search(query, first) == [(1, "C")]
