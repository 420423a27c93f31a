"""Trimmed issues that a person has labelled, as issues in the shape that they had; the data stays outside."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.issue.facts import Facts
from bot.rules.spec.rule import Example
from bot.tracker.types import Issue
from bot.workbench.check.examples import make_example_issue

NONE = "none"
"""The class of an issue that has no known problem."""

_NO_TITLE = "(title not shown)"
_NO_MESSAGE = re.compile(
    r"\s*(?:paraphrase\b|title-only\b|screenshots? only\b|same text in all|version field\b)", re.IGNORECASE
)
_PICTURE = "![Image](https://github.com/user-attachments/assets/00000000-0000-0000-0000-000000000000)"
_LEAD = re.compile(r"^\s*(?:NEGATIVE|NEAR|REFILE(?: shape)?|comment)s?:\s*", re.IGNORECASE)
_REMARK_WORDS = (
    "title|label|excerpt|version field|version =|reader|pad|noise|redacted|cut|unticked|dropped|older|old host"
    "|screenshots?|blockquoted|typed junk|desktop app|wording|near|model-written|no json|negative|dump|symbols differ"
    "|in every|phone number|no error text|pasted|named by|not attached|identical|only one|comment|rtl|canonical"
)
_REMARK = re.compile(rf"\s*\([^()]*\b(?:{_REMARK_WORDS})\b[^()]*\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One labelled issue: its class, and what the report itself and its error dump say."""

    number: int
    label: str
    title: str
    shape: str
    version: str
    os: str
    message: str
    dump: str

    @property
    def is_title_only(self) -> bool:
        """Whether the reader kept no text of the body."""
        return self.message in {"", _PICTURE} and not self.dump

    @property
    def is_silent(self) -> bool:
        """Whether the reader kept nothing at all, so that nothing can be found."""
        return not (self.title or self.message or self.dump)


def read_excerpts(path: Path) -> Iterator[Excerpt]:
    """The rows of a JSONL file, without the remarks of the person who read the issues."""
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        message, dump = split_excerpt(row["excerpt"])
        title = "" if row["title"] == _NO_TITLE else row["title"]
        yield Excerpt(row["number"], row["class"], title, row["shape"], row["version"], row["os"], message, dump)


def split_excerpt(text: str) -> tuple[str, str]:
    """The text of the report and of its error dump; both are empty where the reader only describes it."""
    if _NO_MESSAGE.match(text):
        return (_PICTURE if "screenshot" in text.lower() else ""), ""
    report, _, dump = _REMARK.sub("", _LEAD.sub("", text)).partition("**Errors**")
    return report.strip(), dump.strip()


def write_issue(excerpt: Excerpt, message: str, dump: str) -> Issue:
    """The excerpt as an issue of its shape, with the message in place of its own."""
    write = _SHAPES.get(excerpt.shape, _write_free)
    return make_example_issue(Example(title=excerpt.title, body=write(excerpt, message, dump)))


def vary(excerpt: Excerpt) -> Iterator[tuple[str, Issue]]:
    """The issue as it was, and mangled as terminals and JSON do: wrapped inside words, and escaped."""
    yield "as it was", write_issue(excerpt, excerpt.message, excerpt.dump)
    if not excerpt.is_title_only:
        yield "wrapped", write_issue(excerpt, wrap(excerpt.message), excerpt.dump)
        yield "escaped", write_issue(excerpt, json.dumps(excerpt.message)[1:-1], json.dumps(excerpt.dump)[1:-1])


def wrap(text: str, width: int = 57) -> str:
    """Wrapped as by a terminal: inside words, with an indentation."""
    flat = " ".join(text.split())
    return "\n     ".join(flat[start : start + width] for start in range(0, len(flat), width))


def join_text(facts: Facts) -> str:
    """Title and body as they were written, in lower case: all that a simple search sees."""
    return f"{facts.issue.title}\n{facts.body}".lower()


def _write_form(excerpt: Excerpt, message: str, dump: str) -> str:
    log = "\n".join(part for part in (message, dump) if part)
    filled = "_No response_" if message == _PICTURE else "It should work."
    return (
        "### Preflight Checklist\n\n- [x] I have searched existing issues and this hasn't been reported yet\n"
        "- [x] I am using the latest version of Claude Code\n\n"
        f"### What's Wrong?\n\n{message or '_No response_'}\n\n### What Should Happen?\n\n{filled}\n\n"
        f"### Error Messages/Logs\n\n```shell\n{log}\n```\n\n### Steps to Reproduce\n\n{filled}\n\n"
        "### Is this a regression?\n\nI don't know\n\n"
        f"### Claude Code Version\n\n{excerpt.version or '_No response_'}\n\n"
        f"### Platform\n\nAnthropic API\n\n### Operating System\n\n{_SYSTEMS.get(excerpt.os, 'Other')}\n\n"
        "### Additional Information\n\n_No response_"
    )


def _write_in_app(excerpt: Excerpt, message: str, dump: str) -> str:
    errors = json.dumps([{"error": dump, "timestamp": "2026-01-01T00:00:00.000Z"}] if dump else [])
    return (
        f"**Bug Description**\n{message}\n\n**Environment Info**\n- Platform: {_PLATFORMS.get(excerpt.os, 'darwin')}\n"
        f"- Terminal: xterm\n- Version: {excerpt.version}\n- Feedback ID: \n\n**Errors**\n```json\n{errors}\n```\n"
    )


def _write_classic(excerpt: Excerpt, message: str, dump: str) -> str:
    return (
        "## Environment\n- Platform (select one):\n  - [x] Anthropic API\n  - [ ] AWS Bedrock\n"
        f"- Claude CLI version: {excerpt.version}\n- Operating System: {_SYSTEMS.get(excerpt.os, '')}\n\n"
        f"## Bug Description\n{message}\n\n## Steps to Reproduce\n1. Start it\n\n## Expected Behavior\nIt works.\n\n"
        f"## Actual Behavior\n{message}\n{dump}\n"
    )


def _write_model_form(excerpt: Excerpt, message: str, dump: str) -> str:
    return (
        "### Preflight Checklist\n\n- [x] I have searched existing issues\n\n### Type of Behavior Issue\n\n"
        f"Other unexpected behavior\n\n### What You Asked Claude to Do\n\nA change.\n\n### What Claude Actually Did\n\n"
        f"{message}\n{dump}\n\n### Claude Model\n\nOpus\n\n### Claude Code Version\n\n{excerpt.version}\n"
    )


def _write_editor(excerpt: Excerpt, message: str, dump: str) -> str:
    return (
        f"Type: <b>Bug</b>\n\n{message}\n{dump}\n\nExtension version: {excerpt.version}\n"
        "VS Code version: Code 1.128.0\nOS version: Windows_NT x64 10.0.26100\nModes:\n\n"
        "<details><summary>System Info</summary>\n\n|Item|Value|\n|---|---|\n|CPUs|8|\n</details>\n"
    )


def _write_html(_excerpt: Excerpt, message: str, dump: str) -> str:
    return (
        '<h3 class="heading-element" dir="auto">What\'s Wrong?</h3>\n'
        f'<p dir="auto" data-sourcepos="3:1-3:9">{message}</p>\n<pre><code>{dump}</code></pre>\n'
    )


def _write_free(_excerpt: Excerpt, message: str, dump: str) -> str:
    return f"{message}\n\n{dump}".strip()


_SYSTEMS = {"macos": "macOS", "windows": "Windows", "linux": "Ubuntu/Debian Linux"}
_PLATFORMS = {"macos": "darwin", "windows": "win32", "linux": "linux"}
_SHAPES = {
    "form": _write_form,
    "bugcmd": _write_in_app,
    "oldform": _write_classic,
    "model-form": _write_model_form,
    "vscode-report": _write_editor,
    "html": _write_html,
}
