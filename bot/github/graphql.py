"""What is common to all GraphQL answers: text that pydantic takes, and errors, which come with the status 200. Pure."""

from pydantic import BaseModel

from bot.errors import TrackerError
from bot.github.answer import Json
from bot.github.payload import mend_text


class Problem(BaseModel):
    """One of GraphQL's errors; a query that the server does not understand has errors without a type."""

    type: str = ""
    message: str = ""


def mend_json(json: Json) -> Json:
    """Mend the text in JSON of any depth (see `mend_text`), which pydantic would refuse."""
    if isinstance(json, str):
        return mend_text(json)
    if isinstance(json, list):
        return [mend_json(entry) for entry in json]
    if isinstance(json, dict):
        return {key: mend_json(value) for key, value in json.items()}
    return json


def describe_problems(problems: list[Problem], what: str) -> TrackerError:
    """The error that says what GitHub answered, and what can be done."""
    kinds = {problem.type for problem in problems}
    said = f"Could not {what}: GitHub answered: {problems[0].message[:300]}"
    if "NOT_FOUND" in kinds:
        return TrackerError(f"{said} It does not exist, or the token may not see it.", missing=True)
    if "FORBIDDEN" in kinds:
        return TrackerError(f"{said}. Give the job `permissions: contents: read`.")
    if "RATE_LIMITED" in kinds:
        return TrackerError(f"{said}. Run it again within the hour.")
    return TrackerError(said)
