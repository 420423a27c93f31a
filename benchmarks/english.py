"""The English of the project: a word list that `make lint` holds, and figures of how readable the texts are.

    python -m benchmarks.english              the figures
    python -m benchmarks.english --check      each text that uses a word of the list; exit code 1 if there is one
    python -m benchmarks.english --list docs  the texts of a kind, each with its place

A text is a paragraph, a list item or a table cell of a page (docs), a string of the code or of a template that people
read (messages), a docstring of a public name (docstrings), or a text of a shipped pack (packs). Code is left out, and
so are words in italics, which name a word instead of using it. `--root` reads another checkout.
"""

import argparse
import ast
import re
import statistics
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from syntok import segmenter

ROOT = Path(__file__).parents[1]
PAGES = ("*.md", "docs/**/*.md", "*/README.md", ".github/*.md")
PACK_KEYS = ("title", "why", "tldr", "notes", "recommendation")
KINDS = ("docs", "messages", "docstrings", "packs")
SENTENCE_LIMIT = 20
"""Words that a sentence for users should not exceed."""
SHORTEST_SENTENCE = 4
"""Words that make a sentence; what has fewer is a name or a cell of a table."""

WORD_LIST = {
    r"\b(is|are|was|were) (told|said)\b": "name who reports it: “the summary lists …”",
    r"(?<!there )\b(is|are) no\b(?! longer| more)": "“is not a …”, “invalid …” or “must be …”",
    r"\bwhatever\b": "name what is meant",
    r"\bof which\b": "two sentences",
    r"\bbesides?\b": "“next to”, “with” or “also”",
    r"\bso many\b": "the number",
    r"\bwithout further ado\b": "“by default”",
    r"\bstands? (in|under|at|on|above|below|there|here|beside)\b": "“is in”",
    r"(^|[.:] )Who \w+s [^?]*$": "“Someone who …” or “If you …”",
    r"(^|\. )What (is|has|was|does) [^?]*$": "“Everything that …”, or name it",
    r"\bcircles?\b": "“cycle”",
    r"\blikeness(es)?\b": "“similarity” or “candidate”",
    r"\b(a wish|wishes)\b": "“a feature request”",
    r"\banew\b": "“again” or “new”",
    r"\bnobody\b": "“no one”, or name who did not",
    r"\bone an? (line|week|day|issue|rule|folder|file)\b": "“one per line”",
    r"\b(is|are) gone\b": "“was deleted”, or what became of it",
}
"""Patterns that texts for people do not match (case ignored), each with what to write in their place."""

_CODE = re.compile(r"`[^`\n]*`|https?://\S+|\{\{.*?\}\}|\{%.*?%\}")
_NO_TEXT = re.compile(r"^\s*(SELECT|INSERT|CREATE|DELETE|UPDATE|PRAGMA|query|mutation|fragment)\b|[\\^]|\(\?")
_TEMPLATE_TAGS = re.compile(r"<(script|style)\b.*?</\1>|<!--.*?-->|\{#.*?#\}|<[^>]+>|\{%.*?%\}", re.DOTALL)
_SCRIPT_STRING = re.compile(r"""(?<![\w])(["'`])((?:\\.|(?!\1)[^\n\\])*)\1""")


class Text(NamedTuple):
    """A text for people: its kind, its place as `path:line`, and its words without code."""

    kind: str
    place: str
    words: str


def read_texts(root: Path) -> Iterator[Text]:
    """All texts of a checkout, kind by kind, each kind in the order of its files."""
    yield from _read_pages(root)
    yield from _read_modules(root)
    yield from _read_templates(root)
    yield from _read_action(root)
    yield from _read_packs(root)


def _read_pages(root: Path) -> Iterator[Text]:
    parser = MarkdownIt("commonmark").enable("table")
    for path in sorted({path for pattern in PAGES for path in root.glob(pattern)}):
        line = 0
        for token in parser.parse(path.read_text("utf-8")):
            line = token.map[0] + 1 if token.map else line
            if token.type == "inline":
                yield Text("docs", f"{path.relative_to(root)}:{line}", _read_inline(token.children or []))


def _read_inline(tokens: Iterable[Token]) -> str:
    """The words of a paragraph. A code span counts as one word, so that a sentence keeps its length."""
    words, is_italic = [], False
    for token in tokens:
        is_italic = token.type == "em_open" or (is_italic and token.type != "em_close")
        if token.type not in {"html_inline", "image"} and not is_italic:
            words.append("x" if token.type == "code_inline" else token.content or " ")
    return " ".join("".join(words).split())


def _read_modules(root: Path) -> Iterator[Text]:
    for path in sorted((root / "bot").rglob("*.py")):
        place, tree = path.relative_to(root), ast.parse(path.read_text("utf-8"))
        docstrings = set(_find_docstrings(tree))
        for node in _find_strings(tree):
            kind = "docstrings" if node in docstrings else "messages"
            for offset, words in _split_paragraphs(_read_string(node)):
                if _is_text(words):
                    yield Text(kind, f"{place}:{node.lineno + offset}", _CODE.sub("x", words))


def _find_docstrings(tree: ast.AST) -> Iterator[ast.AST]:
    """Every string that is a statement: of modules, classes and functions, and those below a field."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _find_strings(node: ast.AST) -> Iterator[ast.expr]:
    """The strings of the code in order; an f-string is one, and what is inside its braces is left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.JoinedStr) or (isinstance(child, ast.Constant) and isinstance(child.value, str)):
            yield child
        else:
            yield from _find_strings(child)


def _read_string(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _split_paragraphs(words: str) -> Iterator[tuple[int, str]]:
    """The paragraphs and list items of a text, each with the number of lines before it."""
    start = 0
    for part in re.split(r"(\n\s*\n|\n\s*(?=[-*] ))", words):
        if part.strip():
            yield start, " ".join(part.split())
        start += part.count("\n")


def _is_text(words: str) -> bool:
    """Whether a string is for people: two words or more, and neither a pattern nor a query."""
    return len(re.findall(r"[A-Za-z]{2,}", words)) > 1 and " " in words.strip() and not _NO_TEXT.search(words)


def _read_templates(root: Path) -> Iterator[Text]:
    for path in sorted((root / "bot").rglob("*")):
        place = path.relative_to(root)
        if path.suffix in {".j2", ".html"} and "static" not in place.parts:
            text = _TEMPLATE_TAGS.sub(lambda tag: "\n" * max(tag[0].count("\n"), 1), path.read_text("utf-8"))
            yield from _read_lines(str(place), text)
        elif path.suffix == ".js" and "static" not in place.parts:
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                strings = (match[2] for match in _SCRIPT_STRING.finditer(line))
                yield from (Text("messages", f"{place}:{number}", words) for words in strings if _is_text(words))


def _read_lines(place: str, text: str) -> Iterator[Text]:
    for number, line in enumerate(text.splitlines(), 1):
        if _is_text(line):
            yield Text("messages", f"{place}:{number}", _CODE.sub("x", " ".join(line.split())))


def _read_action(root: Path) -> Iterator[Text]:
    action = yaml.safe_load((root / "action.yml").read_text("utf-8"))
    for value in (action, *action["inputs"].values(), *action["outputs"].values()):
        yield Text("messages", "action.yml:1", _CODE.sub("x", value["description"]))


def _read_packs(root: Path) -> Iterator[Text]:
    for path in sorted((root / "rules").glob("*/*.yml")):
        rule = yaml.safe_load(path.read_text("utf-8"))
        guidance = rule.get("guidance") or []
        for value in (rule, *(guidance if isinstance(guidance, list) else [guidance])):
            texts = (*map(value.get, PACK_KEYS), *(value.get("steps") or []))
            for words in filter(None, texts):
                yield Text("packs", f"{path.relative_to(root)}:1", _CODE.sub("x", " ".join(str(words).split())))


def find_words(texts: Iterable[Text]) -> Iterator[str]:
    """A line for each text that matches a pattern of the word list: its place, what it matches, what to write."""
    for text in texts:
        for pattern, advice in WORD_LIST.items():
            if match := re.search(pattern, text.words, re.IGNORECASE):
                yield f"{text.place}: “{match[0][:40]}”: write {advice}"


def measure_sentences(texts: Iterable[Text]) -> str:
    """A row of the table: words, sentences, their median and 90th percentile in words, the share above the limit."""
    lengths = sorted(length for text in texts for length in _count_words(text.words))
    above = sum(length > SENTENCE_LIMIT for length in lengths)
    median, ninth = statistics.median(lengths), lengths[len(lengths) * 9 // 10]
    return f"{sum(lengths):,} | {len(lengths):,} | {median:g} | {ninth} | {above / len(lengths):.0%}"


def _count_words(words: str) -> Iterator[int]:
    """The number of words of each sentence."""
    for paragraph in segmenter.process(words):
        for sentence in paragraph:
            length = sum(any(letter.isalnum() for letter in token.value) for token in sentence)
            if length >= SHORTEST_SENTENCE:
                yield length


def main() -> int:
    """1 if --check finds a word of the list, and else 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--list", choices=KINDS)
    arguments = parser.parse_args()
    texts = list(read_texts(arguments.root))
    if arguments.list:
        print("\n".join(f"{text.place}: {text.words}" for text in texts if text.kind == arguments.list))
        return 0
    if arguments.check:
        found = list(find_words(text for text in texts if text.kind != "docstrings"))
        print("\n".join(found) or f"{len(texts):,} texts use no word of the list")
        return 1 if found else 0
    print("| kind | words | sentences | median | 90th percentile | above 20 words |\n|---|---:|---:|---:|---:|---:|")
    for kind in KINDS:
        print(f"| {kind} | {measure_sentences(text for text in texts if text.kind == kind)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
