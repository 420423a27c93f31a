"""The configurations that `signpost init --from` knows, each recognised by its shape. Pure.

github/issue-labeler, redhat-plumbers-in-action/advanced-issue-labeler and dessant/label-actions, as their sources read
them on 2026-11-30.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.cli.translation.drafts import (
    Draft,
    Left,
    Pattern,
    Translation,
    explain_markdown,
    finish_drafts,
    make_sample,
    read_pattern,
)
from bot.errors import SettingsError
from bot.rules.spec.document import Document, Path, cut_name, read_document
from bot.text.normalize import collapse

NO_MATCH = "Thank you for this project."
"""A near miss of no rule: maintainers replace it."""

CLOSES_AFTER = 3
"""Days."""

_LONGEST_TLDR = 600
_VERSIONED = re.compile(r"-v\d[\w.]*\.ya?ml$")
_ACTIONS = frozenset(
    {"close", "close-reason", "reopen", "lock", "unlock", "lock-reason", "comment", "label", "unlabel"}
)
_LABELER = frozenset(
    {"changed-files", "any", "all", "head-branch", "base-branch", "any-glob-to-any-file", "all-globs-to-all-files"}
)
"""Keys of https://github.com/actions/labeler."""

_GLOB = re.compile(r"(?!/).*(?:\*\*|/\*)|!?\*.*", re.DOTALL)
"""The beginning of a path with stars, such as `src/**/*.js`."""

_PATTERN = re.compile(r"\.[*+?]|[\\^$|()\s]")
"""What a pattern may have, and a path does not."""

_THREADS = {"prs": "pull requests", "discussions": "discussions"}
_NO_COUNTERPART = {"reopen": "reopening", "lock": "locking", "unlock": "unlocking", "lock-reason": "locking"}
_POSSESSIVE = re.compile(r"@?\{issue-author\}(?=['’]s\b)")
_AUTHOR = re.compile(r"(?:^|[ \t]|,[ \t]+)@?\{issue-author\}(?:[,:](?=\s|$))?", re.MULTILINE)
_GREETING = re.compile(r"^(?:hi|hello|hey|dear)\b[ ,!:]*", re.IGNORECASE)

Parts = Iterator[Draft | Left]


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of an issue form: its label is the heading in the issue."""

    id: str
    label: str


def translate_files(texts: Mapping[str, str], forms: Sequence[str], today: date) -> list[Translation]:
    """The rules of several configurations, by the names of their files. Raises SettingsError."""
    done, taken = list[Translation](), set[str]()
    for file, text in texts.items():
        done.append(translate(text, file, forms, taken, today))
        taken |= done[-1].rules.keys()
    return done


def translate(text: str, file: str, forms: Iterable[str], taken: Iterable[str], today: date) -> Translation:
    """The rules of a configuration. `forms` are the texts of issue forms, `taken` the ids of other rules.

    Raises SettingsError for a file that is not YAML, or not one of the three kinds.
    """
    document = read_document(text, file)
    if document.problems:
        raise SettingsError(str(document.problems[0]))
    value = document.value
    kind, read = _recognise(value, file)
    fields = {field.id: field for form in forms for field in read_fields(form)}
    parts = [_review(part, today) for part in read(value, document, fields)]
    return finish_drafts(file, kind, parts, taken, today)


def _review(part: Draft | Left, today: date) -> Draft | Left:
    """The rule with the day on which its text was in use, if it has a text."""
    if isinstance(part, Draft) and "reviewed" in part.rule:
        part.rule["reviewed"] = today
    return part


_Reader = Callable[[Any, Document, Mapping[str, FormField]], Parts]


def _recognise(value: object, file: str) -> tuple[str, _Reader]:
    if isinstance(value, dict) and value:
        policy = value.get("policy")
        if isinstance(policy, list) and all(isinstance(each, dict) for each in policy):
            return "advanced-issue-labeler", _read_policies
        _refuse_globs(value, file)
        if any(_are_patterns(each) for each in value.values()) and not any(map(_is_mapping, value.values())):
            return "issue-labeler", _read_patterns
        if any(_is_mapping(each) and _ACTIONS & _list_keys(each) for each in value.values()):
            return "label-actions", _read_actions
    raise SettingsError(
        f"{file} is not a configuration that `--from` knows: a file of github/issue-labeler (a label with its regular "
        "expressions), of advanced-issue-labeler (`policy:` with `section:`), or of dessant/label-actions (a label "
        "with actions such as `comment:`)"
    )


def _refuse_globs(value: Mapping[str, Any], file: str) -> None:
    """Raises SettingsError for a file of actions/labeler, which looks like patterns but has paths of pull requests."""
    listed = [each for stated in value.values() for each in (stated if isinstance(stated, list) else [stated])]
    texts = [each for each in listed if isinstance(each, str)]
    is_labeler = any(isinstance(each, dict) and _LABELER & each.keys() for each in listed)
    if is_labeler or (any(map(_GLOB.match, texts)) and not any(map(_PATTERN.search, texts))):
        raise SettingsError(
            f"{file} is a configuration of actions/labeler, which labels pull requests by their files; Signpost leaves "
            "pull requests alone, so keep that tool for them"
        )


def _is_mapping(value: object) -> bool:
    return isinstance(value, dict)


def _are_patterns(value: object) -> bool:
    return isinstance(value, str | list)


def _list_keys(actions: Mapping[str, Any]) -> set[str]:
    """The names of the actions on a label, with those for one kind of thread."""
    inner = (actions.get(thread) for thread in ("issues", *_THREADS))
    return {*actions, *(name for each in inner if isinstance(each, dict) for name in each)}


def _find_line(document: Document, *path: str | int) -> int:
    return document.problem_at(tuple(path), "").line


def _read_patterns(value: dict[str, Any], document: Document, _: Mapping[str, FormField]) -> Parts:
    """A rule for each label whose patterns all have a counterpart and a text that they match."""
    if _VERSIONED.search(document.file):
        reason = "the rules hold for every issue, whichever version of the template it has"
        yield Left(1, "a file for one version of the template", reason)
    for label, written in value.items():
        line, patterns = _find_line(document, label), list[Pattern]()
        listed = written if isinstance(written, list) else [written]
        try:
            patterns = [read_pattern(_require_text(each)) for each in listed]
        except SettingsError as error:
            yield Left(line, f"label {cut_name(label)!r}", str(error))
            continue
        if draft := _draft_patterns(label, patterns, line):
            yield draft
        else:
            yield Left(line, f"label {cut_name(label)!r}", "no text was found that all of its patterns match")


def _require_text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise SettingsError(f"a pattern must be a text, not {cut_name(json.dumps(value, default=str))}")
    return value


def _draft_patterns(label: str, patterns: list[Pattern], line: int) -> Draft | None:
    samples = [make_sample(pattern) for pattern in patterns]
    found = [sample for sample in samples if sample]
    if not found or len(found) < len(samples):
        return None
    conditions = list({str(each): each for each in map(_write_condition, patterns)}.values())
    rule = {
        "title": f"Issues for the label {label}"[:120],
        "mode": "label",
        "match": conditions[0] if len(conditions) == 1 else {"all": conditions},
        "labels": [label],
        "examples": {"match": [_join_samples(patterns, found)], "no_match": [NO_MATCH]},
    }
    return Draft(name=label, line=line, rule=rule, hint=next(filter(None, map(explain_markdown, patterns)), ""))


def _write_condition(pattern: Pattern) -> dict[str, Any]:
    if pattern.phrase:
        return {"phrase": pattern.phrase}
    return {"regex": pattern.source} | ({"lines": True} if pattern.is_by_lines else {})


def _join_samples(patterns: list[Pattern], samples: list[str]) -> Any:  # noqa: ANN401 (a text or an issue)
    """One text with all samples; where a pattern needs the start or the end of a text, it gets the title."""
    ends = re.compile(r"(?:^|[(|])\^|\$(?:$|[)|])")
    bound = [place for place, each in enumerate(patterns) if not each.is_by_lines and ends.search(each.source)]
    if len(samples) == 1 or not bound:
        return "\n".join(samples)
    rest = [sample for place, sample in enumerate(samples) if place != bound[0]]
    return {"title": samples[bound[0]], "body": "\n".join(rest)}


def read_fields(form: str) -> Iterator[FormField]:
    """The fields of an issue form that have an id."""
    value = read_document(form, "").value
    body = value.get("body") if isinstance(value, dict) else None
    for element in body if isinstance(body, list) else []:
        given = element.get("attributes") if isinstance(element, dict) else None
        if isinstance(given, dict) and isinstance(given.get("label"), str) and isinstance(element.get("id"), str):
            yield FormField(element["id"], given["label"].strip())


def _read_policies(value: dict[str, Any], document: Document, fields: Mapping[str, FormField]) -> Parts:
    for number, policy in enumerate(value["policy"]):
        path: Path = ("policy", number)
        if policy.get("template"):
            line = _find_line(document, *path, "template")
            yield Left(line, "`template`", "a rule matches every issue that has the field, whichever its form is")
        sections = policy.get("section")
        for place, section in enumerate(sections if isinstance(sections, list) else []):
            yield from _read_section(section, (*path, "section", place), document, fields)


def _read_section(section: object, path: Path, document: Document, fields: Mapping[str, FormField]) -> Parts:
    line = _find_line(document, *path)
    ids = _list_texts(section.get("id")) if isinstance(section, dict) else []
    if not isinstance(section, dict) or not ids:
        yield Left(line, "a section", "it has no `id`")
        return
    answers = _read_answers(section)
    if not answers:
        yield Left(line, f"section {', '.join(map(cut_name, ids))}", "no answer has a label")
        return
    for each in (each for each in ids if each not in fields):
        reason = f"no issue form here has this id, so the heading {_guess_heading(each)!r} is a guess"
        yield Left(line, f"id {cut_name(each)!r}", reason)
    names = list(dict.fromkeys(fields[each].label if each in fields else _guess_heading(each) for each in ids))
    yield _draft_answers(names, answers, line)


def _read_answers(section: Mapping[str, Any]) -> dict[str, list[str]]:
    """The labels of each answer that is not blocked. Answers that differ only in case are one."""
    answers = dict[str, tuple[str, list[str]]]()
    blocked = {collapse(key) for key in _list_texts(section.get("block-list"))}
    for name, key in _list_pairs(section.get("label")):
        if (answer := collapse(key)) and answer not in blocked:
            answers.setdefault(answer, (key, []))[1].append(name)
    return {key: [*dict.fromkeys(names)] for key, names in answers.values()}


def _list_pairs(labels: object) -> Iterator[tuple[str, str]]:
    """Each label with each of its keys."""
    for entry in labels if isinstance(labels, list) else []:
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str) and name:
            yield from ((name, key) for key in _list_texts(entry.get("keys")))


def _list_texts(value: object) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [str(each) for each in listed if isinstance(each, str | int) and not isinstance(each, bool) and str(each)]


def _guess_heading(name: str) -> str:
    words = re.sub(r"[-_\s]+", " ", name).strip()
    return (words[:1].upper() + words[1:]) or name


def _draft_answers(names: list[str], answers: Mapping[str, list[str]], line: int) -> Draft:
    """A rule for a field, with a label per answer."""
    mapped = {key: found[0] if len(found) == 1 else found for key, found in answers.items()}
    answered = [{"section": name, "empty": False} for name in names]
    answer, labels = next(iter(answers.items()))
    rule = {
        "title": f"Labels for {', '.join(names)}"[:120],
        "mode": "label",
        "match": answered[0] if len(answered) == 1 else {"any": answered},
        "labels": {"from": [{"section": name, "map": mapped} for name in names]},
        "examples": {
            "match": [{"body": f"### {names[0]}\n\n{answer}", "expect": {"labels": labels}}],
            "no_match": [f"### {names[0]}\n\n_No response_"],
        },
    }
    return Draft(name=f"{names[0]} labels", line=line, rule=rule)


def _read_actions(value: dict[str, Any], document: Document, _: Mapping[str, FormField]) -> Parts:
    for label, stated in value.items():
        where, line = f"label {cut_name(label)!r}", _find_line(document, label)
        if not isinstance(stated, dict) or not stated:
            yield Left(line, where, "it has no actions")
            continue
        for thread in _THREADS.keys() & stated.keys():
            yield Left(_find_line(document, label, thread), where, f"Signpost leaves {_THREADS[thread]} alone")
        if label.startswith("-"):
            reason = "an action when a label is removed; the comment of a rule goes when its label goes"
            yield Left(line, where, reason)
            continue
        merged, paths = _merge_issues(label, stated)
        for name, path in paths.items():
            if reason := _find_lack(name, merged):
                yield Left(_find_line(document, *path), f"{where}, `{cut_name(name)}`", reason)
        yield from _read_action(label, merged, line, document.file)


def _merge_issues(label: str, stated: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Path]]:
    """The actions on issues, where those of `issues` come before the general ones, and the place of each."""
    general = {name: each for name, each in stated.items() if name not in _THREADS}
    inner = general.pop("issues", None)
    own = inner if isinstance(inner, dict) else {"issues": inner} if inner else {}
    places: dict[str, Path] = {name: (label, name) for name in general}
    places |= {name: (label, "issues", name) if inner is own else (label, "issues") for name in own}
    return {**general, **own}, places


def _find_lack(name: str, actions: Mapping[str, Any]) -> str:
    """Why an action is left out; "" if it is not."""
    if name not in _ACTIONS:
        return "this is not an action of label-actions"
    if not actions[name] or name not in _NO_COUNTERPART or (name == "lock-reason" and actions.get("lock")):
        return ""
    return f"{_NO_COUNTERPART[name]} has no counterpart; keep the other tool for it"


def _read_action(label: str, stated: Mapping[str, Any], line: int, file: str) -> Parts:
    text = "\n\n".join(each.strip() for each in _list_texts(stated.get("comment") or None))
    others = [_drop_label(_list_texts(stated.get(key) or None), label) for key in ("label", "unlabel")]
    labels = {"add": others[0], "remove": [each for each in others[1] if each not in others[0]]}
    yield from _explain_differences(label, text, stated, line)
    if text or any(labels.values()):
        yield _draft_answer(label, text, labels, closes=bool(stated.get("close")), at=(file, line))


def _drop_label(names: Iterable[str], label: str) -> list[str]:
    """The names without the label that the rule answers."""
    return [each for each in names if each.casefold() != label.casefold()]


def _explain_differences(label: str, text: str, stated: Mapping[str, Any], line: int) -> Iterator[Left]:
    where, closing = (
        f"label {cut_name(label)!r}",
        f"Signpost closes as not planned, {CLOSES_AFTER} days after its comment",
    )
    closes, unlabel = stated.get("close"), _list_texts(stated.get("unlabel") or None)
    told = (
        (len(_drop_label(unlabel, label)) < len(unlabel), "unlabel", "a rule cannot remove the label that it answers"),
        (_drop_label(unlabel, label), "unlabel", "Signpost removes a label only if a bot or a template set it"),
        (closes and not text, "close", "Signpost closes an issue only after a comment that says so"),
        (closes and text, "close", f"{closing}; any activity cancels it"),
        ("{issue-author}" in text, "{issue-author}", "left out: Signpost mentions no one; read the text again"),
    )
    yield from (Left(line, f"{where}, `{name}`", reason) for holds, name, reason in told if holds)


def _draft_answer(
    label: str, text: str, labels: Mapping[str, list[str]], *, closes: bool, at: tuple[str, int]
) -> Draft:
    """A rule that answers a label which a person sets."""
    file, line = at
    rule: dict[str, Any] = {"title": label[:120], "about": "report"}
    rule |= {} if text else {"mode": "label"}
    rule["match"] = {"label": label}
    rule |= {"labels": {key: names for key, names in labels.items() if names}} if any(labels.values()) else {}
    if text:
        rule |= {"reviewed": "", "guidance": _write_guidance(text) | {"source": file}}
        rule |= {"close": {"as": "not_planned", "after": f"{CLOSES_AFTER}d"}} if closes else {}
    example = {"title": "It does not work", "labels": [label]}
    rule["examples"] = {"match": [example], "no_match": [{"title": "It does not work"}]}
    return Draft(name=label, line=line, rule=rule)


def _write_guidance(text: str) -> dict[str, str]:
    """The first paragraph, and the rest as notes; signs of templates are masked."""
    spoken = _AUTHOR.sub("", _POSSESSIVE.sub("the author", text)).replace("{issue-author}", "the author")
    spoken = _GREETING.sub("", spoken) if spoken != text else spoken
    spoken = re.sub(r"\{(?=[{%#])", "{{ '{' }}", spoken).strip()
    spoken = spoken[:1].upper() + spoken[1:]
    first, _, rest = spoken.partition("\n\n")
    if len(first) > _LONGEST_TLDR:
        cut = _find_end(first[:_LONGEST_TLDR])
        first, rest = first[:cut], f"{first[cut:].strip()}\n\n{rest}"
    return {"tldr": first.strip()} | ({"notes": rest.strip()} if rest.strip() else {})


def _find_end(text: str) -> int:
    """Where to cut a text: after its last sentence, else after its last line or word, else at its end."""
    ends = ([found.end() for found in re.finditer(pattern, text)] for pattern in (r"[.!?](?=\s)", r"\n", r"\s"))
    return next((found[-1] for found in ends if found), len(text))
