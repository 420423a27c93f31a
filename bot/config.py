"""A repository's settings, `config.yml`: every default is the careful one. Pure."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bot.errors import SettingsError
from bot.rules.condition_model import Association, Mode, Strings
from bot.rules.document import Problem, read_document
from bot.rules.validation import validate

Occasion = Literal["opened", "edited", "reopened", "commented"]


class _Setting(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Skipped(_Setting):
    """Issues that are left alone."""

    labels: Strings = Field(default_factory=list, description="Issues with one of these labels.")
    authors: Strings = Field(default_factory=list, description="Issues of these people.")
    associations: list[Association] = Field(
        default=["OWNER", "MEMBER"], description="Issues of authors with this association."
    )
    bots: bool = Field(default=True, description="Issues that bots and Apps open.")


def _reject_empty(prefixes: list[str]) -> list[str]:
    if "" in prefixes:
        raise ValueError("an empty prefix would own every label; leave it out")
    return prefixes


class LabelSettings(_Setting):
    """How labels are treated."""

    create: bool = Field(default=False, description="Create labels that do not exist; a typo then makes a label.")
    regression: str | None = Field(
        "regression", description="Label for a report of a problem that is fixed in the stated version."
    )
    prefix_owned: Annotated[Strings, AfterValidator(_reject_empty)] = Field(
        default_factory=list, description="Labels that start so are Signpost's own: no longer true, they go."
    )


class DuplicateSettings(_Setting):
    """How earlier reports are linked."""

    enabled: bool = Field(default=True, description="Whether to look for earlier reports.")
    show: int = Field(3, ge=0, le=3, description="How many a comment links at most.")
    tier_c: Literal["summary", "comment"] = Field("summary", description="Where merely similar issues are shown.")


class Words(_Setting):
    """Words that must not be used."""

    forbidden: Strings = Field(default_factory=list, description="A comment with one of these words does not leave.")


class Identity(_Setting):
    """Who we are, where the token cannot say."""

    login: str | None = Field(None, description="The login that our comments carry; default github-actions[bot].")


class Config(_Setting):
    """The settings of a repository.

    Defaults are made without validation, which they do not need: building the validators costs a cold start 15 ms.
    """

    mode: Mode = Field("comment", description="How far any rule may go: observe < label < comment.")
    packs: Strings = Field(default_factory=list, description="Shipped packs to use beside our own rules.")
    max_sections: int = Field(2, ge=1, le=5, description="How many known problems one comment may speak of.")
    skip: Skipped = Field(default_factory=Skipped.model_construct, description="Issues that are left alone.")
    on: list[Occasion] = Field(
        default=["opened", "edited", "reopened", "commented"],
        description="What is looked at; `commented` = by the author only.",
    )
    labels: LabelSettings = Field(default_factory=LabelSettings.model_construct, description="How labels are treated.")
    duplicates: DuplicateSettings = Field(
        default_factory=DuplicateSettings.model_construct, description="How earlier reports are linked."
    )
    words: Words = Field(default_factory=Words.model_construct, description="Words that must not be used.")
    identity: Identity = Field(
        default_factory=Identity.model_construct, description="Who we are, where the token cannot say."
    )
    template: str | None = Field(None, description="A comment template of our own, beside config.yml: comment.md.j2.")


def make_default_config() -> Config:
    """The settings of a repository that has none."""
    return Config.model_construct()


def read_config(text: str, file: str) -> Config:
    """The settings of a file; raises SettingsError with all problems, each with its line and column."""
    config, problems = parse_config(text, file)
    if config is None:
        raise SettingsError("the settings cannot be read\n" + "\n".join(map(str, problems)))
    return config


def parse_config(text: str, file: str) -> tuple[Config | None, tuple[Problem, ...]]:
    """The settings of a file, or None and everything that is wrong with them, from the first line to the last."""
    document = read_document(text, file)
    if document.value is None and not document.problems:
        return make_default_config(), ()
    config, problems = validate(document, Config)
    return config, tuple(sorted(problems))
