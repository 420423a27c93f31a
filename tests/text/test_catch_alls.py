"""What a runtime says of very different faults identifies none of them; source code and stories are no messages."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.duplicates.search.fingerprint import find_fingerprints, is_telling
from bot.text.catch_alls import drop_catch_alls
from bot.text.error_lines import drop_programs, find_error_lines, find_programs, is_story

CATCH_ALLS = [
    "fatal error: unexpected signal during runtime execution",
    "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x45f3a2]",
    "panic: runtime error: invalid memory address or nil pointer dereference",
    "panic: runtime error: index out of range [5] with length 3",
    "fatal error: all goroutines are asleep - deadlock!",
    "fatal error: concurrent map read and map write",
    "panic: assignment to entry in nil map",
    "runtime: goroutine stack exceeds 1000000000-byte limit",
    "Segmentation fault (core dumped)",
    "thread 'main' panicked at 'called `Option::unwrap()` on a `None` value', src/main.rs:3:9",
    "thread 'main' panicked at src/libcore/option.rs:335: called `Option::unwrap()` on a `None` value",
    "thread 'main' panicked at 'index out of bounds: the len is 3 but the index is 7', src/libcore/slice.rs:1",
    "thread 'main' panicked at 'attempt to subtract with overflow', src/a/foo.rs:3",
    "thread 'rustc' panicked at 'assertion failed: `(left == right)`",
    "thread 'main' has overflowed its stack",
    "memory allocation of 1073741824 bytes failed",
    "error: process didn't exit successfully: `target/debug/foo` (signal: 11, SIGSEGV: invalid memory reference)",
    "AttributeError: 'NoneType' object has no attribute 'foo'",
    "TypeError: 'NoneType' object is not subscriptable",
    "IndexError: list index out of range",
    "KeyError: 'name'",
    "RecursionError: maximum recursion depth exceeded while calling a Python object",
    "UnboundLocalError: local variable 'x' referenced before assignment",
    "ModuleNotFoundError: No module named 'foo'",
    "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
    "Fatal Python error: Segmentation fault",
    "json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
    'Exception in thread "main" java.lang.NullPointerException',
    'Exception in thread "main" java.lang.ArrayIndexOutOfBoundsException: Index 5 out of bounds for length 3',
    "# A fatal error has been detected by the Java Runtime Environment:",
    "java.lang.OutOfMemoryError: Java heap space",
    'java.lang.NullPointerException: Cannot invoke "String.length()" because "<local1>" is null',
    "java.lang.NullPointerException: Attempt to invoke virtual method 'int View.getId()' on a null object reference",
    "FATAL EXCEPTION: main",
    "TypeError: Cannot read properties of undefined (reading 'map')",
    "Uncaught TypeError: Cannot read property 'x' of undefined",
    "TypeError: undefined is not a function",
    "ReferenceError: foo is not defined",
    "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
    "RangeError: Maximum call stack size exceeded",
    "SyntaxError: Unexpected token < in JSON at position 0",
    "UnhandledPromiseRejectionWarning: Unhandled promise rejection. This error originated either by throwing",
    "npm ERR! code ELIFECYCLE",
    "double free or corruption (fasttop)",
    "free(): invalid pointer",
    "*** stack smashing detected ***: terminated",
    "terminate called after throwing an instance of 'std::bad_alloc'",
    "Program received signal SIGSEGV, Segmentation fault.",
    "Unhandled exception at 0x00007FF6: 0xC0000005: Access violation reading location 0x0000000000000000.",
    "Exception Type: EXC_BAD_ACCESS (SIGSEGV)",
    "System.NullReferenceException: Object reference not set to an instance of an object.",
    "PHP Fatal error: Uncaught Error: Call to a member function foo() on null in /a/b.php:3",
    "Fatal error: Unexpectedly found nil while unwrapping an Optional value",
    "collect2: error: ld returned 1 exit status",
    "make: *** [all] Error 2",
    "make[1]: *** [Makefile:12: all] Error 2",
    "LLVM ERROR: Broken module found, compilation aborted!",
    "<anon>:2:3: 2:5 error: mismatched types",
    "main.rs:2:3: error: cannot borrow `x` as mutable because it is also borrowed as immutable [E0502]",
    "error[E0308]: mismatched types",
    "error TS2345: Argument of type 'string' is not assignable to parameter of type 'number'.",
    "Error: An unknown error occurred, please try again later",
    "==3434== ERROR SUMMARY: 0 errors from 0 contexts (suppressed: 0 from 0)",
]
SPECIFIC = [
    "error: internal compiler error: sequence_element_type called on non-sequence value: Box<str>",
    "thread 'rustc' panicked at 'Trying to convert unsized value to lval', src/librustc_trans/trans/datum.rs:12",
    "thread 'rustc' panicked at 'assertion failed: self.mode == Mode::Var', src/librustc/check_const.rs:3",
    "LLVM ERROR: Stored value type does not match pointer operand type!",
    "panic: runtime error: frobnicator table has no row for the given widget",
    "fatal error: bulkBarrierPreWrite: unaligned arguments",
    "java.lang.IllegalStateException: The widget registry was closed before the render loop",
    "TypeError: frobnicate expects the quux handler to be registered first",
    "ValueError: The truth value of a Series is ambiguous. Use a.empty, a.bool()",
    "RuntimeError: CUDA error: device-side assert triggered in embedding lookup",
    "rustwrapper.cpp:12: error: too many arguments to function LLVMOpaqueValue* LLVMBuildLandingPad",
    "configure: error: unsupported target triples found",
    "error: no space left on device while writing the cache",
    "failed to load plugin registry: manifest checksum does not match the lockfile",
    "unable to locate the frobnicator executable. Please restart",
]


@pytest.mark.parametrize("line", CATCH_ALLS)
def test_a_catch_all_tells_nothing(line: str) -> None:
    assert not any(map(is_telling, find_fingerprints("", line)))


@pytest.mark.parametrize("line", SPECIFIC)
def test_a_message_of_a_program_tells_which_error_it_is(line: str) -> None:
    assert any(map(is_telling, find_fingerprints("", line)))


PROGRAMS = {
    "rust": 'fn main() {\n    match open() {\n        Err(why) => println!("unable to read: {}", why),\n    }\n}',
    "go": 'func main() {\n\tif err := run(); err != nil {\n\t\tlog.Fatal("cannot reach it", err)\n\t}\n}',
    "python": "try:\n    rows = load(path)\nexcept ValueError as error:\n    raise RuntimeError('not loaded')",
    "javascript": "const page = await fetch(url);\nif (!page.ok) {\n  throw new Error('unable to fetch it');\n}",
    "java": 'if (rows == null) {\n    throw new IllegalStateException("rows cannot be found");\n}',
    "c": 'if (fd < 0) {\n    fprintf(stderr, "could not open it\\n");\n    return 1;\n}',
}


@pytest.mark.parametrize("fence", ["", "```\n", "```text\n"])
@pytest.mark.parametrize("language", PROGRAMS)
def test_the_code_of_the_reporter_is_no_message(language: str, fence: str) -> None:
    text = f"{fence}{PROGRAMS[language]}\n{fence and '```'}\n\nerror: the ring table is not sorted"

    assert [line.kind for line in find_error_lines(text) if line.text in PROGRAMS[language]] == ["code"] * sum(
        line.text in PROGRAMS[language] for line in find_error_lines(text)
    )
    assert [line.text for line in find_error_lines(text) if line.kind == "message"] == [
        "error: the ring table is not sorted"
    ]
    assert drop_programs(text).split() == f"{fence} {fence and '```'} error: the ring table is not sorted".split()


@pytest.mark.parametrize(
    "text",
    [
        "for example, when I call read() it fails with an unexpected error",
        "calling `foo()` fails: unexpected end",
        "error[E0308]: mismatched types",
        "expected u8 -> u8, found fail",
        "error: failed to build\nCaused by:\n  could not find the directory (os error 2)\n\nassertion failed: a == b",
        "[ERROR] : TiExceptionHandler: (main) [1,2] Uncaught TypeError: cannot call method of undefined",
    ],
)
def test_output_and_sentences_are_no_programs(text: str) -> None:
    assert find_programs(text) == ()
    assert {line.kind for line in find_error_lines(text)} <= {"message", "remark"}


@pytest.mark.parametrize(
    "line, is_it",
    [
        ("since this morning my requests fail", True),
        ("the app crashes when the list is scrolled", True),
        ("sometimes it cannot be opened", True),
        ("we expected that it would not fail", True),
        ("error: we could not load the ring table", False),
        ("[error] for some reason the app failed to install", False),
        ("the model does not exist or you do not have access to it", False),
        ("cannot complete the install because of a conflicting dependency", False),
    ],
)
def test_a_story_is_told_by_a_person(line: str, *, is_it: bool) -> None:
    assert is_story(line) is is_it


@given(st.text(alphabet="ab{}();=<>:#\\n\t `'\"/.-[]|!", max_size=400))
def test_any_text_has_programs_in_order(text: str) -> None:
    spans = find_programs(text)

    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert len(drop_programs(text)) <= len(text)
    assert len(drop_catch_alls(text)) <= len(text)
