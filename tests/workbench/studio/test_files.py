from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.rules.spec.document import MAX_BYTES
from bot.workbench.studio.files import RuleFile, SaveError


def a_file(folder: Path, content: bytes) -> RuleFile:
    path = folder / "rule.yml"
    path.write_bytes(content)
    return RuleFile(path)


@pytest.mark.parametrize(
    "before, text, after",
    [
        pytest.param(b"id: a\n", "id: b\n", b"id: b\n", id="line feeds"),
        pytest.param(b"id: a\r\nb: 1\r\n", "id: b\nb: 1\n", b"id: b\r\nb: 1\r\n", id="Windows' line ends"),
        pytest.param(b"id: a\rb: 1\r", "id: b\nb: 1\n", b"id: b\rb: 1\r", id="an old Mac's line ends"),
        pytest.param(b"a: 1\r\nb: 2\nc: 3\n", "a: 1\nb: 2\nc: 4\n", b"a: 1\nb: 2\nc: 4\n", id="the most frequent one"),
        pytest.param(b"id: a\n", "id: b", b"id: b\n", id="the final line end is put back"),
        pytest.param(b"id: a", "id: b", b"id: b", id="none is added"),
        pytest.param(b"\xef\xbb\xbfid: a\n", "id: b\n", b"\xef\xbb\xbfid: b\n", id="a byte order mark"),
        pytest.param(b"", "id: b\n", b"id: b\n", id="an empty file"),
        pytest.param("a: é\n".encode(), "a: 🚧\n", "a: 🚧\n".encode(), id="signs beyond ASCII"),
    ],
)
def test_saving_keeps_the_form_of_the_file(tmp_path: Path, before: bytes, text: str, after: bytes) -> None:
    file = a_file(tmp_path, before)

    file.save(text, file.before.version)

    assert (tmp_path / "rule.yml").read_bytes() == after


def test_saving_again_needs_no_reading(tmp_path: Path) -> None:
    file = a_file(tmp_path, b"id: a\n")

    first = file.save("id: b\n", file.before.version)
    file.save("id: c\n", first.version)

    assert (tmp_path / "rule.yml").read_bytes() == b"id: c\n"


def test_nothing_but_the_file_is_written_and_its_rights_stay(tmp_path: Path) -> None:
    file = a_file(tmp_path, b"id: a\n")
    (tmp_path / "rule.yml").chmod(0o640)

    file.save("id: b\n", file.before.version)

    assert list(tmp_path.iterdir()) == [tmp_path / "rule.yml"]
    assert (tmp_path / "rule.yml").stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.yml").write_bytes(b"id: a\n")
    (tmp_path / "rule.yml").symlink_to("real.yml")
    file = RuleFile(tmp_path / "rule.yml")

    file.save("id: b\n", file.before.version)

    assert (tmp_path / "rule.yml").is_symlink()
    assert (tmp_path / "real.yml").read_bytes() == b"id: b\n"


def test_what_somebody_else_wrote_is_not_overwritten(tmp_path: Path) -> None:
    file = a_file(tmp_path, b"id: a\n")
    (tmp_path / "rule.yml").write_bytes(b"id: theirs\n")

    with pytest.raises(SaveError, match="another program changed") as refused:
        file.save("id: mine\n", file.before.version)

    assert refused.value.is_conflict
    assert (tmp_path / "rule.yml").read_bytes() == b"id: theirs\n"


def test_after_reading_it_again_it_may_be_overwritten(tmp_path: Path) -> None:
    file = a_file(tmp_path, b"id: a\n")
    (tmp_path / "rule.yml").write_bytes(b"id: theirs\n")

    file.save("id: mine\n", file.read().version)

    assert (tmp_path / "rule.yml").read_bytes() == b"id: mine\n"


def test_a_file_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    file = a_file(tmp_path, b"id: a\n")
    (tmp_path / "rule.yml").unlink()

    with pytest.raises(SaveError, match="does not exist any more") as refused:
        file.save("id: b\n", file.before.version)

    assert refused.value.is_conflict
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text, complaint",
    [
        pytest.param("a" * MAX_BYTES, "larger than 256 KiB", id="too large"),
        pytest.param("a: '\ud83d'", "is incomplete", id="half a sign"),
    ],
)
def test_what_no_rule_file_can_hold_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    file = a_file(tmp_path, b"id: a\n")

    with pytest.raises(SaveError, match=complaint):
        file.save(f"{text}\n", file.before.version)

    assert (tmp_path / "rule.yml").read_bytes() == b"id: a\n"


def test_a_rule_of_256_kib_is_saved(tmp_path: Path) -> None:
    file = a_file(tmp_path, b"#" * (MAX_BYTES - 1) + b"\n")

    file.save("x" * (MAX_BYTES - 1) + "\n", file.before.version)

    assert (tmp_path / "rule.yml").stat().st_size == MAX_BYTES


@pytest.mark.parametrize(
    "content, complaint",
    [
        pytest.param(None, "there is no rule file", id="missing"),
        pytest.param(b"id: \xff\n", r"not valid UTF-8 \(byte 5\)", id="no UTF-8"),
        pytest.param(b"#" * (MAX_BYTES + 1), "larger than 256 KiB", id="too large"),
    ],
)
def test_what_cannot_be_opened_is_explained(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    if content is not None:
        (tmp_path / "rule.yml").write_bytes(content)

    with pytest.raises(SettingsError, match=complaint):
        RuleFile(tmp_path / "rule.yml")


def test_a_folder_is_no_rule(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read"):
        RuleFile(tmp_path)
