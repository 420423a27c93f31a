"""The shape of `pack.yml`: facts, layouts and words that all rules of a folder share. Pure."""

import re
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from bot.rules.spec.condition import Condition, SectionView, Written, meaning
from bot.rules.spec.phrase import HoleType
from bot.text.language import LANGUAGES

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
    layouts: dict[str, PackLayout] = Field(
        default_factory=dict,
        description="Kinds of report in addition to the built-in ones.",
        examples=[{"in-app": {"headings": "bold", "sections": {"Errors": "errors"}}}],
    )
    placeholders: list[str] = Field(
        default_factory=list,
        description="Answers that count as no answer, such as the examples in a form.",
        examples=[["1.0.0", "e.g. Ubuntu 24.04"]],
    )
    none: list[Condition] = Field(
        default_factory=list,
        description=(
            "If one of these conditions holds, no rule of the pack matches. "
            "Use it for feature requests that quote an error message, for example."
        ),
        examples=[[{"section": "Proposed Solution", "empty": False}]],
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

    @field_validator("precedence")
    @classmethod
    def _stand_once(cls, value: list[str]) -> list[str]:
        if twice := [name for index, name in enumerate(value) if name in value[:index]]:
            message = f"the list has `{twice[0]}` twice; remove one of the two"
            raise ValueError(message)
        return value

    @field_validator("captures")
    @classmethod
    def _names_are_names(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if not is_capture_name(name):
                message = f"`{name}` cannot be the name of a capture; {CAPTURE_NAMES}"
                raise ValueError(message)
        return value
