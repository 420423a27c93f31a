"""The error lines of a text, each recognised once, and their templates and messages. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import re2

from bot.text.markdown import Span, find_hidden, is_inside
from bot.text.templates import collapse_line, drop_volatile, find_words, mask_collapsed

Kind = Literal["message", "warning", "frame", "code", "remark"]

_STATED = re2.compile(
    r"(?i)error|panicked|fail|fatal|exception|assertion|unexpected|undefined|cannot|could not|unable|not found"
    r"|segfault"
    r"|sigsegv|illegal|abort|crash|denied|refused|timed out"
)
_FAILURE = re2.compile(
    rf"{_STATED.pattern}|\b(?:panic|segmentation fault|can't|couldn'?t|no such\b|does ?n[o']?t exist|missing"
    rf"|forbidden"
    r"|limit|not (?:exist|supported|available|allowed|permitted|valid|recogni[sz]ed|enough|logged|connected|a valid)"
    r"|blocked|unauthori[sz]ed|reject|invalid|malformed|corrupt|unknown|unrecogni[sz]ed|unsupported|unresolved"
    r"|exceed|quota"
    r"|out of\b|too (?:large|long|many|low|big|small|few)\b|timedout|time ?out|require[sd]?\b|overflow|underflow"
    r"|mismatch|conflict|expired|overloaded|killed|deadlock|assert|exit(?:ed)? (?:code|status|with)|status code"
    r"|e(?:acces|addrinuse|busy|conn|exist|inval|no(?:ent|mem|spc|t(?:dir|empty))|perm\b|pipe\b|timedout)"
    r"|disconnected|unreachable|interrupted|violat|warning:|bug\b|leak|broken|stopped)|\berr!|\b[45][0-9]{2} [a-z]"
)
"""Words with which programs and people say that something went wrong; with those that are sure, programs mostly."""

_CODE = re.compile(r"[;{]\s*$|^\s*(?:[)}\]]|//|#\[|/?\*|(?:use|fn|pub|let|import|from|const|var|function|def|class)\s)")
_STATEMENT = re.compile(  # a line of source code, in the languages that people report problems with
    r"""[;{]\s*$|^\s*[)}\]]+[;,)]*\s*$|^\s*(?://|/\*|\*/|#\[|#!\[|#\s*include\b|@\w+\s*(?:\(|$))|^\s*\.\w+\("""
    r"""|^\s*[\w.$\[\]'"]+(?:, [\w.$]+)*(?::\s*[\w<>&\[\]]+)?\s=\s\S|^\s*[\w.$:]+!?\((?:.*\)[?;,]*)?\s*$"""
    r"""|^\s*[\w&(){}, .:]+\s=>\s"""
    r"""|^\s*(?:pub |export |async |public |private |protected |static |final |default )*(?:"""
    r"""(?:let|const|var|static|local|val)\s[^=]{1,80}=|(?:fn|func|def|function|class|struct|enum|trait|impl|mod"""
    r"""|module"""
    r"""|namespace|interface|type|unsafe)\b[^.]*[({=:<]|(?:import|use|using|package|require"""
    r"""|extern crate)\s[\w.:{}*,"'@/ ]+$"""
    r"""|import\b.*\bfrom\b|from\s+\S+\s+import\b|(?:if|elif|else|for|while|switch|try|catch|except|with|case"""
    r"""|match|do)\b"""
    r"""(?:\s*\(|.*[:{]\s*$|$)|(?:return|raise|throw|assert|defer|go|await)\b[^,]*[;)\]}'"]\s*$)"""
    r"""|^\s*</?[A-Za-z][\w:.-]*(?:\s[^<>]*)?/?>|^\s*["']?[\w.-]+["']?\s*:\s*["'\[{].*[,\[{]\s*$"""
)
_OPERATOR = re.compile(  # signs that stand in a line of code, and sometimes in a message or a sentence
    r"""=>|::<|\b\w+!\(|\s(?::=|==|!=|===|!==|\+=|-=|&&|\|\||<-|->)\s|\b[\w.]+\((?:&?["'`]|\)|function\b)"""
)
_LITERAL = re.compile(r"\([^()\n]*\)|\"[^\"\n]*\"|(?<!\w)'[^'\n]*'|`[^`\n]*`|(?://|#|--)\s.*")
_SENTENCE_OF = re.compile(r"(?:\b[A-Za-z]['A-Za-z]*,? ){4}[A-Za-z]")
"""So many words in a row, outside of strings and remarks, are no code."""

_OUTPUT = re.compile(  # the beginning of a line that a program wrote
    r"""^\s*(?:\S{1,200}:\d+(?::\d+)?:\s|\[\w[\w :.,/-]*\]|(?:fatal |runtime |internal )?(?:error|warning|note"""
    r"""|panic|exception)\b"""
    r"""[^=;(]{0,40}:|(?i:fatal|panic)\b\W*[:\s]|thread\s+['\x60<]|task\s+['\x60<]|Traceback |Caused by\b"""
    r"""|Exception in |at\s+\S+\s*\(|goroutine \d"""
    r"""|(?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Warning)\b|Uncaught |Unhandled |npm |\$\s|>\s"""
    r"""|\d{2,4}[-:/]\d\d|={2,}|-{3,}"""
    r"""|(?i:assert(?:ion)?)\s(?:fail|error)|[VDIWEF]/[\w.-]+\s*[(:]|Segmentation fault|terminate called|\*{3})"""
)
_QUOTED = re.compile(r"^\s*(?:(?:<[^<>\n]{1,40}>|\S{1,200}):\d+|\d+ *\||(?:LL|\.\.\.) *\|) +[^\s:]")
"""A line of source that a compiler repeats in its message, with its number."""

_LEVEL = re.compile(r"^\s*\[[A-Za-z]{3,8}\]\s*:?\s+(?:.{0,120}\bsource:\s+)?")
_PROGRAMS = re.compile(
    r"(?i)^\s*(?:rust|rs|go|golang|py(?:thon)?3?|java|kotlin|swift|scala|js|jsx|javascript|ts|tsx|typescript|c|h"
    r"|cc|cpp|cxx|c\+\+"
    r"|cs|csharp|c#|rb|ruby|php|lua|perl|haskell|hs|elixir|dart|objc|objective-c|html|xml|css|sql)\b"
)
_SIGNS = re.compile(r"[;{}()=<>@#]|//|/\*|^\s*(?:import|use|using|package|require|else|try|do|from)\b|[:\[]\s*$")
"""What a line of code has at least."""

_LONGEST_STATEMENT = 200
_GAP = re.compile(r"\n(?:[ \t\r]*\n)+")
_MOSTLY, _PARTLY = 0.5, 0.25
"""The share of the lines of a block that must be code; the smaller one where its fence names a language."""

_PROSE = re.compile(
    r"^(?!\W*(?:\[|(?:fatal |internal )?(?:error|warning|panic|exception|thread|task)\b|[\w.$-]+(?:error"
    r"|exception)?:|# )).*\b(?:i|we|my"
    r"|our|me|apps?|as per|currently|should|sometimes|tried|expected|expect|workaround|reproduc\w+|works|working"
    r"|worked|crashe?s|crashing|customers?|suggestion"
    r"|will (?:crash|fail)|always fails?|fail case|please investigate|issue|problem|(?:to|can|are|be|is"
    r"|the) (?:see|seen|shown))\b"
)
_WARNING = re.compile(
    r"\W{0,9}(?:warn(?:ing)?|info|debug|trace)\b|w/|[^|]{0,60}\| ?(?:warn(?:ing)?|info|debug|trace) ?\|"
    r"|(?:\W*\[?error\]?\W+)?[\w./-]{1,60}:"
    r" (?:warning|info|note|debug):|\W*\[?error\]?\W+note:"
)
_FRAME = re2.compile(
    r"(?:^|[\s:])at [\w.$<>/ ]{1,200}\(|^\W*#\W*(?:in )?\w+ \(|[-+]\[[^\]]{1,80}\](?: ?\(|$)| \+$"
    r"|\b[\w$]+(?:\.[\w$<>]+){2,}[\w$<>. ]{0,60}\(|\bfile .{0,100}, line\b|(?:^|\s)- \w+::\w+|\b\w+::\w+::"
    r"|\b_+zn\w|\.so\("
    r"|\.dylib \S+ \+"
)
_WRAP = re.compile(r"[ \t\r]{0,8}\n[ \t]{1,12}(?=[a-z])(?!at )")
_WRAPPED_FROM = 40
"""A terminal wraps sentences at this width or more, and indents the rest (N4 in `bot.text.normalize`)."""

_SENTENCE = re.compile(r"(?<=[.!?]) +(?=[A-Z\"'`])")
_LONG_PROSE = 160
LONGEST_LINE = 1_000
_CUT = re.compile(
    r"""[:.;!?,](?=[\s"'\\]|$)|\s[-|·=]+\s|[·|]|["{}()\[\]<>]+|\s>\s|\\+|(?<![\ue000-\uf8ff])'(?=[\s.,:;)]|$)"""
    r"""|(?:(?<=\s)|^)'(?![\ue000-\uf8ff])"""
)
_EDGES = " \t:.;,!?-|·=\"'{}()[]<>\\/*#_~&%+@$^`"
_HOLES_AT_EDGES = re.compile(rf"^[\ue000-\uf8ff{re.escape(_EDGES)}]+|[\ue000-\uf8ff{re.escape(_EDGES)}]+$")
_MOST_CLAUSES = 3
_FEWEST_WORDS, _MOST_WORDS = 2, 24
_FEWEST_LETTERS, _LONGEST_PART = 9, 200


@dataclass(frozen=True)
class ErrorLine:
    """A line, or a sentence of a long one: at most 1,000 characters, wraps undone; `start` is where its line begins.

    `is_source` if it is part of a program that the reporter shows (see `find_programs`).
    """

    text: str
    start: int = 0
    is_source: bool = False

    @cached_property
    def kind(self) -> Kind:
        """The kind of line; only a `message` can identify an error, and a `remark` has no fingerprint."""
        if not _STATED.search(self.text):
            return "remark"
        if self.is_source or _CODE.search(self.text):
            return "code"
        if _WARNING.match(self.message):
            return "warning"
        return "frame" if _FRAME.search(self.message) else "message"

    @cached_property
    def collapsed(self) -> str:
        """The collapsed form."""
        return collapse_line(self.text)

    @cached_property
    def template(self) -> str:
        """The collapsed form with a private sign for each volatile part (see `bot.text.templates`)."""
        return mask_collapsed(self.collapsed)

    @cached_property
    def message(self) -> str:
        """The collapsed form without volatile parts: equal if two reports have the same error."""
        return drop_volatile(self.collapsed)


def find_error_lines(text: str, *, is_prose: bool = True) -> Iterator[ErrorLine]:
    """The error lines of a text, in order; they may include source code.

    Of a long line of prose each sentence is a line of its own; in a log, a message of two sentences stays whole.
    """
    text, end = _WRAP.sub(_unwrap, text), -1
    programs: tuple[Span, ...] | None = None
    for failure in _FAILURE.finditer(text):
        if failure.start() > end:
            start, end = text.rfind("\n", 0, failure.start()) + 1, text.find("\n", failure.start())
            end = end if end >= 0 else len(text)
            line = text[start:end]
            sentences = _SENTENCE.split(line) if is_prose and len(line) > _LONG_PROSE else [line]
            programs = find_programs(text) if programs is None else programs
            is_source = _is_repeated_source(line) or (is_inside(programs, start) and not _OUTPUT.search(line))
            yield from _make_lines(sentences, start, is_source=is_source)


def _is_repeated_source(line: str) -> bool:
    """Whether a compiler or a stack trace repeats a line of source in its output."""
    if _QUOTED.search(line):
        return True
    rest = _LEVEL.sub("", line[:_LONGEST_STATEMENT], count=1)
    return len(rest) < len(line) and bool(_STATEMENT.search(rest)) and _is_code(rest)


def _make_lines(sentences: list[str], start: int, *, is_source: bool) -> Iterator[ErrorLine]:
    for sentence in sentences:
        kept = " ".join(sentence.split())[:LONGEST_LINE]
        if len(sentences) == 1 or _FAILURE.search(kept):
            yield ErrorLine(kept, start, is_source)


def _unwrap(wrap: re.Match[str]) -> str:
    before = wrap.string[max(0, wrap.start() - _WRAPPED_FROM) : wrap.start()]
    is_wrapped = len(before) == _WRAPPED_FROM and "\n" not in before and before[-1] not in ".:;{}(,!?"
    return " " * len(wrap[0]) if is_wrapped else wrap[0]


def find_programs(text: str) -> tuple[Span, ...]:
    """The source code in a text, in order: fences and paragraphs whose lines are mostly code, whatever the language.

    Output that is pasted with it is part of the span; `find_error_lines` tells the two apart.
    """
    fences = find_hidden(text).fences
    found = [content for whole, content in fences if _is_program(text, content, text[whole.start : content.start])]
    position = 0
    for whole in (*(whole for whole, _ in fences), Span(len(text), len(text))):
        gaps = [gap.span() for gap in _GAP.finditer(text, position, max(position, whole.start))]
        starts, ends = (
            [position, *(end for _, end in gaps)],
            [*(start for start, _ in gaps), max(position, whole.start)],
        )
        blocks = map(Span, starts, ends)
        found += [block for block in blocks if _is_program(text, block)]
        position = max(position, whole.end)
    return tuple(sorted(found))


def drop_programs(text: str) -> str:
    """A text without its source code; what a program wrote stays."""
    kept, position = list[str](), 0
    for span in find_programs(text):
        lines = text[span.start : span.end].split("\n")
        kept += [text[position : span.start], "\n".join(filter(_OUTPUT.search, lines))]
        position = span.end
    return "".join([*kept, text[position:]])


def _is_program(text: str, span: Span, opener: str = "") -> bool:
    lines = [line[:_LONGEST_STATEMENT] for line in text[span.start : span.end].split("\n") if line.strip()]
    signed = [line for line in lines if _SIGNS.search(line)]
    needed = (_PARTLY if _PROGRAMS.search(opener.strip(" \n`~-*+0123456789.)")) else _MOSTLY) * len(lines)
    if not lines or len(signed) < needed:
        return False
    statements = [line for line in signed if _STATEMENT.search(line) and _is_code(line)]
    if not statements or len(statements) >= needed:
        return bool(statements)
    operators = [line for line in signed if _OPERATOR.search(line) and not _STATEMENT.search(line) and _is_code(line)]
    return len(statements) + len(operators) >= needed


def _is_code(line: str) -> bool:
    return not _OUTPUT.search(line) and not _SENTENCE_OF.search(_LITERAL.sub(" ", line))


def is_story(message: str) -> bool:
    """Whether a text in collapsed form is a sentence of the reporter, who tells what happens: no program wrote it."""
    return _PROSE.match(message) is not None


def is_error(text: str) -> bool:
    """Whether a line or phrase states an error, and is not source code."""
    start = text[:LONGEST_LINE]
    return bool(_FAILURE.search(start)) and not _CODE.search(start)


def split_template(template: str) -> Iterator[str]:
    """The clauses of a line's template, and its runs of two and three of them, edges trimmed.

    A message begins and ends at punctuation, and the text around it differs from report to report.
    """
    cuts = [0, *(match.end() for match in _CUT.finditer(template)), len(template)]
    for first, start in enumerate(cuts[:-1]):
        for end in cuts[first + 1 : first + 1 + _MOST_CLAUSES]:
            part = trim_part(template[start:end])
            if is_worth_counting(part):
                yield part


def trim_part(part: str) -> str:
    """A part without the marks and holes at its ends."""
    return _HOLES_AT_EDGES.sub("", part).strip(_EDGES)


def is_worth_counting(part: str) -> bool:
    """Whether a part has enough words to identify it, and not more than a phrase should have."""
    if not _FEWEST_LETTERS <= len(part) <= _LONGEST_PART:
        return False
    words = find_words(part)
    return _FEWEST_WORDS <= len(words) <= _MOST_WORDS and sum(map(len, words)) >= _FEWEST_LETTERS
