"""Keys of a condition that need another key beside them, and what to say where it is missing. Pure."""

AT_KEY = "at_key"
"""The type of an error about one key of a mapping; its context has the `message` and the `key`."""

SECTION_TESTS = ("is", "one_of", "contains", "empty", "missing", "placeholder", "url_host")
BESIDE = {
    "in": ("phrase", "regex", "link"),
    "lines": ("regex",),
    "ticked": ("checkbox",),
    "at": ("frame",),
    **dict.fromkeys(SECTION_TESTS, ("section",)),
    "section": (*SECTION_TESTS, "checkbox"),
}
"""Keys of a condition, each with other keys; the condition must have at least one of those, too."""

_WHOLE_ISSUE = {
    **dict.fromkeys(("is", "one_of", "contains"), "; to search the whole issue, use `phrase`"),
    "empty": "; to test the whole body, use `body: empty`",
}


def say_what_is_beside(key: str) -> str:
    """The message for a condition that has the key, but none of the keys that it needs."""
    others = BESIDE[key]
    if key == "section":
        return f"`section` needs a test in the same condition: {', '.join(others[:-1])} or {others[-1]}"
    if key in SECTION_TESTS:
        whole = _WHOLE_ISSUE.get(key, "")
        return f"`{key}` needs `section` in the same condition, for example `section: Logs`{whole}"
    named = [f"`{other}`" for other in others]
    one_of = " or ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)
    return f"`{key}` needs {one_of} in the same condition"
