"""Addresses never disappear."""

import pytest

from bot.errors import SettingsError
from bot.insights.site.addresses import FormerRule, check_served, format_addresses, list_former, parse_addresses
from tests.insights.site.sites import PACK, make_rules, write_rule


def test_former_rules_lead_to_where_they_ended() -> None:
    assert list_former(make_rules()) == (
        FormerRule(id="old-login", why="Version 1 is gone."),
        FormerRule(id="old-quota", leads_to=("quota",)),
        FormerRule(id="older-quota", leads_to=("quota",), why="Renamed."),
        FormerRule(id="write-failed", leads_to=("out-of-disk", "quota"), why="It mixed two problems."),
    )


def test_a_cycle_of_former_rules_ends() -> None:
    removed = [
        {"id": "a", "why": "It went.", "split_into": ["b"]},
        {"id": "b", "why": "Back.", "split_into": ["a", "c"]},
    ]
    rules = make_rules([write_rule("c", {"phrase": "No space left on device"})], {**PACK, "removed": removed})
    assert [(former.id, former.leads_to) for former in list_former(rules)] == [("a", ("c",)), ("b", ("c",))]


def test_what_rules_and_packs_account_for_may_be_served() -> None:
    check_served(["p/quota/", "p/old-quota/", "p/old-login/", "p/write-failed/", "tag/gone/", "all/2/"], make_rules())


def test_a_page_that_would_disappear_stops_the_build() -> None:
    message = (
        "the site served p/lost/, p/gone/ before, and no rule has that id now; add `was: [lost]` to the rule that took "
        "its place, or add {id: lost, why: …} to `removed` in pack.yml"
    )
    with pytest.raises(SettingsError) as error:
        check_served(["p/lost/", "p/quota/", "p/gone/"], make_rules())
    assert str(error.value) == message


def test_the_list_of_addresses_is_read_as_it_was_written() -> None:
    addresses = ("all/", "p/quota/", "tag/a.b/")
    assert parse_addresses(format_addresses(["tag/a.b/", *addresses]), "addresses.txt") == addresses


@pytest.mark.parametrize("line", ["p/quota", "/p/quota/", "../p/", "p/Quota/", "https://example.com/", "p//"])
def test_a_line_that_is_not_an_address_is_an_error(line: str) -> None:
    with pytest.raises(SettingsError, match=r"^addresses\.txt:2: .* is not an address of a site"):
        parse_addresses(f"# ours\n{line}\n", "addresses.txt")
