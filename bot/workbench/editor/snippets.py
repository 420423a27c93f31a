"""What an editor offers to write: a whole rule, a branch of guidance, an example of an issue. Pure.

By the model, or by model and key (`Guidance.when`), in the words of VS Code's `defaultSnippets`: `$1` is where the
cursor goes first, and a name of a key that is one is written over, too. None here for a key of what stands in a list
and holds a mapping: the language server would indent it too little.
"""

from typing import Any

Snippet = dict[str, Any]


def _one(label: str, body: object, description: str = "") -> list[Snippet]:
    return [{"label": label, "description": description, "body": body}]


_RULE = {
    "id": "${1:name-of-this-file}",
    "title": "${2:The known problem}",
    "mode": "observe",
    "match": {"phrase": "${3:what the program prints}"},
    "guidance": {"tldr": "${4:what this is}", "steps": ["${5:what to do now}"]},
    "examples": {
        "match": ["${6:what people paste}"],
        "no_match": ["${7:what comes nearest and is something else}"],
    },
}
_PACK = {
    "name": "${1:my-tool}",
    "product": "${2:My Tool}",
    "captures": {"version": {"first_of": [{"section": "${3:Version}"}]}},
}

SNIPPETS: dict[str, list[Snippet]] = {
    "RuleModel": _one("a whole rule", _RULE, "What to find, what to say, and the proof."),
    "RuleModel.labels": _one("labels to set", ["${1:needs-info}"]),
    "RuleModel.fixed_in": _one("the version with the fix", {"version": "$1"}),
    "RuleModel.duplicates": _one("how many", {"show": "${1:1}"}),
    "RuleModel.guidance": _one("guidance", _RULE["guidance"], "What every reporter is told."),
    "RuleModel.close": _one("not planned", {"as": "${1:not_planned}", "after": "${2:3d}"}),
    "RuleModel.examples": _one("examples", _RULE["examples"], "An issue that matches, and a near miss."),
    "Guidance": _one(
        "a branch for some",
        {"when": {"${1:version}": "${2:<2.1}"}, "tldr": "${3:what this is}", "steps": ["${4:what to do now}"]},
        "Speaks if its condition holds and no branch before it spoke.",
    ),
    "Example": _one(
        "an issue with a title", {"title": "${1:title}", "body": "${2:body}"}, "A plain text is the body alone."
    ),
    "Condition.in": _one("views", ["${1:title}"]),
    "PackModel": _one("a whole pack", _PACK, "Its name, its product, and where a version is stated."),
    "PackModel.captures": _one(
        "where the version is stated",
        {"${1:version}": {"first_of": [{"section": "${2:Version}"}]}},
        "A fact that every rule may use.",
    ),
    "CaptureModel.map": _one("a map", {"${1:darwin}": "${2:macos}"}),
    "PackLayout.sections": _one("sections", {"${1:Errors}": "${2:errors}"}),
}
