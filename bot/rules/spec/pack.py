"""The shape of `pack.yml`: facts, layouts and words that all rules of a folder share. Pure."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from bot.rules.spec.condition import Condition, SectionView, Written, meaning
from bot.rules.spec.phrase import HoleType
from bot.text.language import LANGUAGES

CAPTURE_NAMES = "use lower-case letters, digits and `_`, and no word of the language"
TEMPLATE_NAMES = ("issue", "rule", "duplicates", "follow", "fixed_in")
ALWAYS_FORBIDDEN = ("duplicate of #",)
"""GitHub takes a comment that starts so as a command (docs: marking issues as a duplicate)."""


def is_capture_name(name: str) -> bool:
    """Whether a capture may be called so: no word that conditions or templates use for something else."""
    operators = {field.alias or key for key, field in Condition.model_fields.items()} - {"version"}
    return bool(re.fullmatch(r"[a-z][a-z0-9_]*", name)) and name not in {*operators, *TEMPLATE_NAMES}


class CaptureSource(Written):
    """One place where a capture may be stated."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    section: str | None = Field(
        None, min_length=1, description="A form field, heading or `Key: value` line.", examples=["Operating System"]
    )
    phrase: str | None = Field(
        None, min_length=1, description="A phrase with one typed hole.", examples=["my-tool v{version:version}"]
    )
    regex: str | None = Field(
        None,
        min_length=1,
        description="RE2 pattern whose first group is the value.",
        examples=[r"my-tool/(\d+\.\d+)"],
    )

    @model_validator(mode="after")
    def _is_one_thing(self) -> "CaptureSource":
        if sum(value is not None for value in (self.section, self.phrase, self.regex)) != 1:
            message = "a source is exactly one of `section`, `phrase` or `regex`"
            raise ValueError(message)
        return self


class CaptureModel(Written):
    """A fact that every rule of the pack may use."""

    first_of: list[CaptureSource] = Field(
        min_length=1,
        description="Where it is stated; logs win over form fields, those over prose.",
        examples=[[{"section": "Version"}, {"phrase": "my-tool v{version:version}"}]],
    )
    map: dict[str, str] | None = Field(
        None,
        description="What is written, and what it means: `{darwin: macos}`.",
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
                    "anything up to a space; no text may show it",
                    "a path; no text may show it",
                    "a host, also with its port: `api.example.com`",
                    "an address: `https://example.com/a`",
                    "the path of a source file, without anybody's home folder: `src/main.rs`",
                    "a date: `2026-11-23`, `Nov 23`",
                    "a time of day: `9am (Europe/Paris)`, `09:30`",
                    "an amount: `$5.00`, `5 EUR`",
                    "an error or exit code: `137`, `0xC0000005`, `ENOSPC`",
                    "anything up to what follows it in the phrase; no text may show it",
                )
            ),
        ]
        | None
    ) = Field(None, description="What kind of value it is; `version` for a capture of that name.", examples=["int"])

    @field_validator("map", mode="before")
    @classmethod
    def _values_are_text(cls, value: object) -> object:
        return {key: str(item) for key, item in value.items()} if isinstance(value, dict) else value


class PackLayout(Written):
    """A kind of report beside the built-in ones."""

    headings: Annotated[
        Literal["form", "bold", "any"],
        Field(json_schema_extra=meaning("`### X`, as issue forms write.", "`**X**`", "Either.")),
    ] = Field("any", description="What its headings look like: `### X`, `**X**`, or any.", examples=["bold"])
    sections: dict[str, SectionView] = Field(
        description="Its sections, and the view that the text of each belongs to.",
        examples=[{"Errors": "errors", "Environment Info": "facts"}],
    )


class PlaceholderModel(Written):
    """An answer that counts as unanswered."""

    text: str = Field(min_length=1, description="The whole answer.", examples=["1.0.0"])
    section: str = Field("", description="The field that has it; without it, any field.", examples=["Version"])


def _as_placeholder(value: object) -> object:
    """`"1.0.0"` is a placeholder in any field."""
    return {"text": value} if isinstance(value, str) else value


Patterns = list[Annotated[str, Field(min_length=1, max_length=1000)]]


class FeatureRequestModel(Written):
    """How reporters ask for something new outside the form for it."""

    titles: Patterns = Field(
        default_factory=list,
        description="RE2 patterns of titles, compared with the collapsed form (lower case).",
        examples=[["^(please )?add "]],
    )
    headings: list[str] = Field(
        default_factory=list,
        description="Headings or form fields with an answer.",
        examples=[["Proposed behavior", "Suggestion"]],
    )
    unless_titles: Patterns = Field(
        default_factory=list,
        description="RE2 patterns of titles that report a problem all the same.",
        examples=[[r"\b(crash\w*|fails?)\b"]],
    )
    unless_headings: list[str] = Field(
        default_factory=list,
        description="Headings with an answer that report a problem all the same.",
        examples=[["Steps to reproduce"]],
    )

    @model_validator(mode="after")
    def _says_something(self) -> "FeatureRequestModel":
        if not self.titles and not self.headings:
            message = "a feature request is recognised by `titles` or `headings`; add one of them"
            raise ValueError(message)
        return self


class Translation(Written):
    """Pages that exist in several languages, under addresses that differ in one place."""

    pages: list[str] = Field(
        min_length=1,
        description="Their addresses, with `{language}` where the language stands.",
        examples=[["https://example.com/{language}/errors"]],
    )
    written_in: str = Field("en", min_length=1, description="The language that rules link.", examples=["en"])
    languages: dict[str, str] = Field(
        min_length=1,
        description="ISO 639-1 codes, and how the address names each language.",
        examples=[{"fr": "fr", "zh": "zh-CN"}],
    )

    @field_validator("pages")
    @classmethod
    def _pages_have_a_place_for_the_language(cls, value: list[str]) -> list[str]:
        for page in value:
            if not page.startswith("https://") or page.count("{language}") != 1:
                message = f"`{page}` needs `https://` in front and `{{language}}` where the language stands"
                raise ValueError(message)
        return value

    @field_validator("languages")
    @classmethod
    def _languages_are_told_apart(cls, value: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(value.keys() - {*LANGUAGES}):
            message = f"`{unknown[0]}` is no language that reports are told apart by; known are {', '.join(LANGUAGES)}"
            raise ValueError(message)
        return value


class PackModel(Written):
    """A folder of rules."""

    name: str = Field(
        pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
        max_length=80,
        description="The pack's name; the folder's name.",
        examples=["my-tool"],
    )
    product: str = Field("", max_length=100, description="The product, as its users call it.", examples=["My Tool"])
    fallback: bool = Field(
        default=False,
        description="Its rules are general: they are silent where a rule of another pack labels or speaks.",
        examples=[True],
    )
    captures: dict[str, CaptureModel] = Field(
        default_factory=dict,
        description="Facts that every rule of the pack may use.",
        examples=[{"version": {"first_of": [{"section": "Version"}]}}],
    )
    layouts: dict[str, PackLayout] = Field(
        default_factory=dict,
        description="Kinds of report beside the built-in ones.",
        examples=[{"in-app": {"headings": "bold", "sections": {"Errors": "errors"}}}],
    )
    placeholders: list[
        Annotated[PlaceholderModel, BeforeValidator(_as_placeholder, json_schema_input_type=str | PlaceholderModel)]
    ] = Field(
        default_factory=list,
        description="Answers that count as unanswered: a form's own examples, best with the field that has them.",
        examples=[["e.g. Ubuntu 24.04", {"section": "Version", "text": "1.0.0"}]],
    )
    none: list[Condition] = Field(
        default_factory=list,
        description="Where one of these holds, no rule of the pack matches: a wish that quotes a message, for example.",
        examples=[[{"section": "Proposed Solution", "empty": False}]],
    )
    feature_requests: list[FeatureRequestModel] = Field(
        default_factory=list,
        description="How feature requests begin; no rule of the pack matches them, whatever messages they quote.",
        examples=[[{"titles": ["^(please )?add "], "headings": ["Proposed behavior"]}]],
    )
    circumstance: Patterns = Field(
        default_factory=list,
        description=(
            "RE2 patterns of titles and sentences about another problem, in collapsed form, with `{message}` for what "
            "a rule recognised there: it does not count then, and in a title it silences the rule."
        ),
        examples=[[r"\b(lost|empty)\b.{0,40}\bafter\b.{0,20}{message}"]],
    )
    precedence: list[str] = Field(
        default_factory=list,
        description="Rules of which one speaks: each is silent when one that stands before it matches too.",
        examples=[["out-of-disk", "write-failed"]],
    )
    translations: list[Translation] = Field(
        default_factory=list,
        description="Pages that a comment links in the reporter's language.",
        examples=[[{"pages": ["https://example.com/{language}/errors"], "languages": {"fr": "fr"}}]],
    )
    forbidden_words: list[str] = Field(
        default_factory=list,
        description="Words that wake other bots of the repository; a comment that has them does not leave.",
        examples=[["possible duplicate"]],
    )

    @field_validator("precedence")
    @classmethod
    def _stand_once(cls, value: list[str]) -> list[str]:
        if twice := [name for index, name in enumerate(value) if name in value[:index]]:
            message = f"`{twice[0]}` stands here twice; leave it once"
            raise ValueError(message)
        return value

    @field_validator("captures")
    @classmethod
    def _names_are_names(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if not is_capture_name(name):
                message = f"`{name}` cannot be a capture's name; {CAPTURE_NAMES}"
                raise ValueError(message)
        return value
