"""The shape of a rule's labels: those that it always sets, and those that depend on an answer. Pure."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from bot.rules.spec.condition import LabelName, LabelNames, Written, find_template
from bot.rules.spec.document import Path
from bot.rules.spec.modifiers import AT_KEY
from bot.text.normalize import collapse
from bot.tracker.types import LONGEST_LABEL


def _fail_at(key: str, message: str) -> PydanticCustomError:
    return PydanticCustomError(AT_KEY, "{message}", {"message": message, "key": key})


class LabelSource(Written):
    """A form field or a capture whose answers give labels. Signpost sets only labels that exist."""

    model_config = ConfigDict(
        json_schema_extra={
            "minProperties": 2,
            "if": {"not": {"required": ["map"]}},
            "then": {"required": ["prefix"]},
        }
    )

    section: str | None = Field(
        None,
        min_length=1,
        description="The name of a form field or heading. Several answers in it give several labels.",
        examples=["Component"],
    )
    capture: str | None = Field(
        None, min_length=1, description="A capture of pack.yml or of this rule.", examples=["os"]
    )
    map: dict[str, Annotated[LabelNames, Field(min_length=1)]] | None = Field(
        None,
        min_length=1,
        description="The label, or several, for each answer. Case, quotes and Markdown do not matter.",
        examples=[{"Core": "area:core", "User interface": ["area:ui", "needs-design"]}],
    )
    prefix: str | None = Field(
        None,
        min_length=1,
        max_length=LONGEST_LABEL - 1,
        description=(
            "The label is this text and the answer. With `map`, this is for the answers that the map does not have. "
            "Signpost never creates such a label from text that a reporter may have typed."
        ),
        examples=["os:"],
    )

    @model_validator(mode="after")
    def _names_one_place_and_a_label(self) -> "LabelSource":
        if self.section is not None and self.capture is not None:
            raise _fail_at("capture", "an item of `from` needs `section` or `capture`, not both; use two items")
        if self.section is None and self.capture is None:
            message = "an item of `from` needs `section` or `capture`, for example `section: Component`"
            raise ValueError(message)
        if self.map is None and self.prefix is None:
            message = (
                "without `map` or `prefix`, reporters could type the name of any label; "
                'add a map, or a prefix such as `prefix: "area:"`'
            )
            raise ValueError(message)
        if problem := find_template(self.prefix or ""):
            raise _fail_at("prefix", problem)
        known = dict[str, str]()
        for key in self.map or {}:
            answer = collapse(key)
            if not answer:
                raise ValueError(f"the key {key!r} of `map` has no text to compare with; remove it")
            if answer in known:
                raise ValueError(f"`{known[answer]}` and `{key}` of `map` are the same answer; remove one of the two")
            known[answer] = key
        return self


class Labels(Written):
    """Labels to add and to remove. Signpost never removes a label that a human added."""

    add: list[LabelName] = Field(
        default_factory=list, description="Labels to add; the repository must have them.", examples=[["bug"]]
    )
    remove: list[LabelName] = Field(
        default_factory=list,
        description="Labels to remove, if a bot or an issue template added them.",
        examples=[["needs-triage"]],
    )
    from_: list[LabelSource] = Field(
        default_factory=list,
        alias="from",
        max_length=20,
        description=(
            "A label per answer of a form field, or per value of a capture. "
            "When the answer changes, Signpost replaces the label that it set for it."
        ),
        examples=[
            [
                {"section": "Component", "map": {"Core": "area:core", "User interface": "area:ui"}},
                {"capture": "os", "prefix": "os:"},
            ]
        ],
    )

    @model_validator(mode="after")
    def _no_label_is_both(self) -> "Labels":
        if both := sorted({*self.add} & {*self.remove}):
            message = f"the label `{both[0]}` is in both `add` and `remove`; remove it from one of the lists"
            raise ValueError(message)
        return self

    def list_given(self) -> Iterator[tuple[Path, str]]:
        """The labels that the rule may add, with their paths: those of `add`, and those of each map of `from`."""
        yield from ((("add", index), name) for index, name in enumerate(self.add))
        for index, source in enumerate(self.from_):
            for answer, names in (source.map or {}).items():
                yield from ((("from", index, "map", answer, place), name) for place, name in enumerate(names))


def as_labels(value: object) -> Any:  # noqa: ANN401 (pydantic validates it next)
    """A list of labels as labels to add."""
    if isinstance(value, str):
        message = "`labels` must be a list, for example `labels: [bug]`"
        raise ValueError(message)  # noqa: TRY004 (pydantic reports a ValueError at its place)
    items = value if isinstance(value, list) else [value]
    if any(isinstance(each, dict) and {"section", "capture"} & each.keys() for each in items):
        message = (
            "a label per answer goes below `from`; write `labels: {add: [...], from: [...]}`, "
            'for example `from: [{section: Component, prefix: "area:"}]`'
        )
        raise ValueError(message)
    return {"add": value} if isinstance(value, list) else value
