"""The notes of a release are the newest section of the changelog, which must be that of the version."""

import pytest

from release.notes import NotesError, check_final, find_section, make_links_absolute, make_notes

TOP = "# Changelog\n\n"
OLDER = "## [0.1.0] - 2026-12-01\n\nFirst.\n"


@pytest.mark.parametrize(
    "changelog, version, section",
    [
        pytest.param(f"{TOP}{OLDER}", "0.1.0", "First.", id="the only one"),
        pytest.param(
            f"{TOP}## [1.0.0] - 2027-01-31\n\n### Added\n\n- A.\n\n{OLDER}", "1.0.0", "### Added\n\n- A.", id="two"
        ),
        pytest.param(f"{TOP}## [Unreleased]\n\n- B.\n\n{OLDER}", "1.0.0.dev0", "- B.", id="a development version"),
    ],
)
def test_the_section_of_the_version_is_found(changelog: str, version: str, section: str) -> None:
    assert find_section(changelog, version) == section


@pytest.mark.parametrize(
    "changelog, version, message",
    [
        pytest.param(TOP, "0.1.0", "must be [0.1.0], not []", id="no section"),
        pytest.param(
            f"{TOP}## [Unreleased]\n\n- B.\n", "0.1.0", "must be [0.1.0], not [Unreleased]", id="not yet named"
        ),
        pytest.param(f"{TOP}{OLDER}", "0.2.0", "must be [0.2.0], not [0.1.0]", id="an older one"),
        pytest.param(f"{TOP}## [0.1.0]\n\nFirst.\n", "0.1.0", "needs its date", id="no date"),
        pytest.param(f"{TOP}## [0.2.0] - 2027-01-31\n\n{OLDER}", "0.2.0", "is empty", id="empty"),
    ],
)
def test_a_changelog_that_does_not_fit_is_refused(changelog: str, version: str, message: str) -> None:
    with pytest.raises(NotesError, match=r"CHANGELOG\.md") as caught:
        find_section(changelog, version)
    assert message in str(caught.value)


@pytest.mark.parametrize("version", ["0.1.0", "10.20.30", "1.0.0rc1", "1.0.0a2", "1.0.0.post1"])
def test_a_version_in_its_normal_form_can_be_published(version: str) -> None:
    check_final(version)


@pytest.mark.parametrize(
    "version", ["", "0.2", "v0.2.0", "0.2.0-rc1", "0.2.0.rc1", "0.02.0", "0.2.0.0", "0.2.0+a", "0.2.0 ", "0.2.0.dev1"]
)
def test_any_other_version_is_refused(version: str) -> None:
    with pytest.raises(NotesError, match=r"set a final one|cannot be published"):
        check_final(version)


def test_the_notes_pin_the_commit_of_the_tag() -> None:
    notes = make_notes(f"{TOP}{OLDER}", "0.1.0", "a" * 40)

    assert notes.startswith("First.\n\n## Use this release\n")
    assert f"      - uses: signpost-bot/signpost@{'a' * 40} # v0.1.0\n" in notes
    assert "gh release verify v0.1.0 --repo signpost-bot/signpost\n" in notes


@pytest.mark.parametrize(
    "text, absolute",
    [
        ("[a](docs/a.md#b)", "[a](https://github.com/signpost-bot/signpost/blob/v1/docs/a.md#b)"),
        ('<img src="a/b.png">', '<img src="https://raw.githubusercontent.com/signpost-bot/signpost/v1/a/b.png">'),
        ("[a](#here), [b](https://example.org)", "[a](#here), [b](https://example.org)"),
    ],
)
def test_a_link_into_the_repository_works_elsewhere(text: str, absolute: str) -> None:
    assert make_links_absolute(text, "v1") == absolute
