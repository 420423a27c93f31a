"""The shape of `pack.yml`: facts, layouts and words that all rules of a folder share. Pure."""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from bot.rules.spec.condition import MAX_TAGS, Condition, SectionView, Slug, Slugs, Written, check_once, meaning
from bot.rules.spec.phrase import HoleType
from bot.rules.spec.rule import HTTPS
from bot.rules.spec.validation import suggest
from bot.text.language import LANGUAGES
from bot.text.normalize import collapse

CAPTURE_NAMES = "use lower-case letters, digits and `_`, but no key of the rule language"
TEMPLATE_NAMES = ("issue", "rule", "duplicates", "follow", "fixed_in")
ALWAYS_FORBIDDEN = ("duplicate of #",)
"""GitHub treats a comment that starts with this as a command (docs: marking issues as a duplicate)."""


def is_capture_name(name: str) -> bool:
    """Whether a capture may have this name: conditions and templates must not use it for something else."""
    operators = {field.alias or key for key, field in Condition.model_fields.items()} - {"version"}
    return bool(re.fullmatch(r"[a-z][a-z0-9_]*", name)) and name not in {*operators, *TEMPLATE_NAMES}


class CaptureSource(Written):
    """One place where reports may state a capture."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    section: str | None = Field(
        None,
        min_length=1,
        description="The name of a form field, heading or `Key: value` line.",
        examples=["Operating System"],
    )
    phrase: str | None = Field(
        None, min_length=1, description="A phrase with one typed hole.", examples=["my-tool v{version:version}"]
    )
    regex: str | None = Field(
        None,
        min_length=1,
        description="An RE2 pattern; its first group is the value.",
        examples=[r"my-tool/(\d+\.\d+)"],
    )

    @model_validator(mode="after")
    def _is_one_thing(self) -> "CaptureSource":
        if sum(value is not None for value in (self.section, self.phrase, self.regex)) != 1:
            message = "a source must have exactly one of `section`, `phrase` and `regex`"
            raise ValueError(message)
        return self


class CaptureModel(Written):
    """A fact that every rule of the pack may use."""

    first_of: list[CaptureSource] = Field(
        min_length=1,
        description="Where reports state it. Logs win over form fields, and form fields win over prose.",
        examples=[[{"section": "Version"}, {"phrase": "my-tool v{version:version}"}]],
    )
    map: dict[str, str] | None = Field(
        None,
        description="Texts that reports contain, and the value that each one means: `{darwin: macos}`.",
        examples=[{"darwin": "macos", "win32": "windows"}],
    )
    type: (
        Annotated[
            HoleType,
            Field(
                json_schema_extra=meaning(
                    "a whole number: `32000`, `32,000`",
                    "a number: `3.5`",
                    "a version: `2.1.96`, `v3.0-beta.1`",
                    "letters, digits, `_` and `-`: `req_011CX`",
                    "a file or a package: `lodash`, `@scope/pkg`, `libfoo.so.6`",
                    "anything up to a space; comments never show it",
                    "a path; comments never show it",
                    "a host, with or without a port: `api.example.com`",
                    "a URL: `https://example.com/a`",
                    "the path of a source file, without the home folder: `src/main.rs`",
                    "a date: `2026-11-23`, `Nov 23`",
                    "a time of day: `9am (Europe/Paris)`, `09:30`",
                    "an amount: `$5.00`, `5 EUR`",
                    "an error or exit code: `137`, `0xC0000005`, `ENOSPC`",
                    "anything up to the next text of the phrase; comments never show it",
                )
            ),
        ]
        | None
    ) = Field(
        None, description="The type of the value. A capture with the name `version` is a `version`.", examples=["int"]
    )

    @field_validator("map", mode="before")
    @classmethod
    def _values_are_text(cls, value: object) -> object:
        return {key: str(item) for key, item in value.items()} if isinstance(value, dict) else value


class PackLayout(Written):
    """A kind of report that the pack adds to the built-in ones."""

    headings: Annotated[
        Literal["form", "bold", "any"],
        Field(json_schema_extra=meaning("`### X`, as issue forms write.", "`**X**`", "Either.")),
    ] = Field("any", description="The form of its headings.", examples=["bold"])
    sections: dict[str, SectionView] = Field(
        description="Its sections, and the view that has the text of each section.",
        examples=[{"Errors": "errors", "Environment Info": "facts"}],
    )


class PlaceholderModel(Written):
    """An answer that counts as no answer."""

    text: str = Field(min_length=1, description="The whole answer.", examples=["1.0.0"])
    section: str = Field(
        "", description="The field with this example. Without this key, any field.", examples=["Version"]
    )


def _as_placeholder(value: object) -> object:
    """`"1.0.0"` is a placeholder in any field."""
    return {"text": value} if isinstance(value, str) else value


Patterns = list[Annotated[str, Field(min_length=1, max_length=1000)]]


class FeatureRequestModel(Written):
    """The ways in which reporters request a feature outside the form for it."""

    titles: Patterns = Field(
        default_factory=list,
        description="RE2 patterns for titles in the collapsed form (lower case).",
        examples=[["^(please )?add "]],
    )
    headings: list[str] = Field(
        default_factory=list,
        description="Headings or form fields that only a feature request answers.",
        examples=[["Proposed behavior", "Suggestion"]],
    )
    unless_titles: Patterns = Field(
        default_factory=list,
        description="RE2 patterns for titles that report a problem in spite of this.",
        examples=[[r"\b(crash\w*|fails?)\b"]],
    )
    unless_headings: list[str] = Field(
        default_factory=list,
        description="Headings that show, if they have an answer, that the issue reports a problem in spite of this.",
        examples=[["Steps to reproduce"]],
    )

    @model_validator(mode="after")
    def _says_something(self) -> "FeatureRequestModel":
        if not self.titles and not self.headings:
            message = "a feature request is recognised by `titles` or `headings`; add one of them"
            raise ValueError(message)
        return self


class Translation(Written):
    """Pages in several languages, with URLs that differ in one place."""

    pages: list[str] = Field(
        min_length=1,
        description="The URLs of the pages, with `{language}` in place of the language.",
        examples=[["https://example.com/{language}/errors"]],
    )
    written_in: str = Field(
        "en", min_length=1, description="The language of the pages that rules link.", examples=["en"]
    )
    languages: dict[str, str] = Field(
        min_length=1,
        description="ISO 639-1 codes, and the name of each language in the URL.",
        examples=[{"fr": "fr", "zh": "zh-CN"}],
    )

    @field_validator("pages")
    @classmethod
    def _pages_have_a_place_for_the_language(cls, value: list[str]) -> list[str]:
        for page in value:
            if not page.startswith("https://") or page.count("{language}") != 1:
                message = f"`{page}` must start with `https://` and contain `{{language}}` once"
                raise ValueError(message)
        return value

    @field_validator("languages")
    @classmethod
    def _languages_are_told_apart(cls, value: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(value.keys() - {*LANGUAGES}):
            message = f"`{unknown[0]}` is not a language that Signpost detects; allowed: {', '.join(LANGUAGES)}"
            raise ValueError(message)
        return value


class Tool(Written):
    """A page or a command that helps with some of the pack's problems."""

    title: str = Field(min_length=1, max_length=200, description="The name of the tool.", examples=["my-tool doctor"])
    url: str = Field(
        pattern=HTTPS,
        max_length=500,
        description="The https URL of its page.",
        examples=["https://example.com/help/doctor"],
    )
    tags: Slugs = Field(
        min_length=1,
        max_length=MAX_TAGS,
        description="The tags of the problems for which it helps.",
        examples=[["install", "windows"]],
    )
    why: str = Field(
        min_length=1,
        max_length=300,
        description="A short text that says how it helps.",
        examples=["Checks the installation and prints what is wrong."],
    )


class RemovedRule(Written):
    """A former rule. Its page of the site stays, and says what became of it."""

    id: Slug = Field(description="The id of the former rule.", examples=["write-failed"])
    why: str = Field(
        min_length=1,
        max_length=600,
        description="The reason for the removal, for readers of the page.",
        examples=["Version 3 no longer writes to the disk."],
    )
    split_into: Slugs = Field(
        default_factory=list,
        description="The rules that took its place, if it was split. The page then offers a choice.",
        examples=[["out-of-disk", "disk-is-read-only"]],
    )


_ASKS = {"version": "the version that you use", "os": "your operating system"}
"""What a comment asks for where the pack has no text of its own."""

AskText = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\r\n{}]+$")]


class PackModel(Written):
    """A folder of rules."""

    name: str = Field(
        pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
        max_length=80,
        description="The pack's name, which is the name of its folder.",
        examples=["my-tool"],
    )
    product: str = Field(
        "", max_length=100, description="The product's name, as its users write it.", examples=["My Tool"]
    )
    fallback: bool = Field(
        default=False,
        description="The rules are general: they are silent if a rule of another pack labels or comments.",
        examples=[True],
    )
    captures: dict[str, CaptureModel] = Field(
        default_factory=dict,
        description="Facts that all rules of the pack may use.",
        examples=[{"version": {"first_of": [{"section": "Version"}]}}],
    )
    asks: dict[str, AskText] = Field(
        default_factory=dict,
        description=(
            "What a comment asks for if a rule has `ask` and the report does not state the capture. "
            "`version` and `os` have a text already."
        ),
        examples=[{"version": "the output of `my-tool --version`", "request_id": "the request id"}],
    )
    layouts: dict[str, PackLayout] = Field(
        default_factory=dict,
        description="Kinds of report in addition to the built-in ones.",
        examples=[{"in-app": {"headings": "bold", "sections": {"Errors": "errors"}}}],
    )
    placeholders: list[
        Annotated[PlaceholderModel, BeforeValidator(_as_placeholder, json_schema_input_type=str | PlaceholderModel)]
    ] = Field(
        default_factory=list,
        description="Answers that count as no answer, such as the examples in a form; name the field if you can.",
        examples=[["e.g. Ubuntu 24.04", {"section": "Version", "text": "1.0.0"}]],
    )
    none: list[Condition] = Field(
        default_factory=list,
        description=(
            "If one of these conditions holds, no rule of the pack matches. "
            "Use it for feature requests that quote an error message, for example."
        ),
        examples=[[{"section": "Proposed Solution", "empty": False}]],
    )
    feature_requests: list[FeatureRequestModel] = Field(
        default_factory=list,
        description="The signs of a feature request. No rule of the pack matches it, even if it quotes a message.",
        examples=[[{"titles": ["^(please )?add "], "headings": ["Proposed behavior"]}]],
    )
    circumstance: Patterns = Field(
        default_factory=list,
        description=(
            "RE2 patterns for sentences about another problem that only mention an error message. `{message}` is the "
            "text that a rule recognised. The rule ignores it in such a sentence; in a title, the rule does not match."
        ),
        examples=[[r"\b(lost|empty)\b.{0,40}\bafter\b.{0,20}{message}"]],
    )
    overlap: Annotated[
        Literal["declared", "allowed"],
        Field(
            json_schema_extra=meaning(
                "One of the two rules names the other in `supersedes` or `also`, or both are in `precedence`.",
                "Nothing needs to be said; each of them may speak, up to `max_sections`.",
            )
        ),
    ] = Field(
        "declared",
        description=(
            "What two rules need that match the same issue, if both comment. Rules of two packs need nothing only if "
            "both packs allow it."
        ),
        examples=["allowed"],
    )
    precedence: list[str] = Field(
        default_factory=list,
        description="Rules in order. A rule is silent if an earlier rule of the list also matches.",
        examples=[["out-of-disk", "write-failed"]],
    )
    translations: list[Translation] = Field(
        default_factory=list,
        description="Pages that comments link in the reporter's language.",
        examples=[[{"pages": ["https://example.com/{language}/errors"], "languages": {"fr": "fr"}}]],
    )
    forbidden_words: list[str] = Field(
        default_factory=list,
        description="Words that trigger other bots of the repository. Signpost never posts a comment with these words.",
        examples=[["possible duplicate"]],
    )

    tools: list[Tool] = Field(
        default_factory=list,
        max_length=200,
        description=(
            "Pages and commands that help. Reports and pages show those that share most tags with the problem."
        ),
        examples=[
            [
                {
                    "title": "my-tool doctor",
                    "url": "https://example.com/help/doctor",
                    "tags": ["install"],
                    "why": "Checks the installation.",
                }
            ]
        ],
    )
    removed: list[RemovedRule] = Field(
        default_factory=list,
        description="Former rules, whose pages of the site stay.",
        examples=[[{"id": "write-failed", "why": "It mixed two problems.", "split_into": ["out-of-disk"]}]],
    )

    @field_validator("precedence")
    @classmethod
    def _stand_once(cls, value: list[str]) -> list[str]:
        return check_once(value)

    @field_validator("captures")
    @classmethod
    def _names_are_names(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if not is_capture_name(name):
                message = f"`{name}` cannot be the name of a capture; {CAPTURE_NAMES}"
                raise ValueError(message)
        return value

    def check_ask(self, name: str, captures: Collection[str]) -> str | None:
        """Why `ask` cannot name this; None if it can. `captures` are the names of the captures that a rule has."""
        if name not in captures:
            return f"unknown capture `{name}`{suggest(name, captures)}"
        return None if self.find_ask(name) else f"no text asks for `{name}`; add `asks: {{{name}: …}}` to pack.yml"

    def find_ask(self, name: str) -> str | None:
        """What a comment asks for if the capture of that name is unknown; None if nothing says it."""
        return self.asks.get(name) or _ASKS.get(name)


def find_forbidden(text: str, words: tuple[str, ...]) -> list[str]:
    """The words that the text contains, in any case or markup; an empty word never counts."""
    collapsed = collapse(text)
    return [word for word in words if (wanted := _collapse_word(word)).strip() and wanted in collapsed]


_collapse_word = lru_cache(collapse)
