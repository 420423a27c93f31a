import pytest

from bot.archive.stats import Share, measure_share


def rounded(share: Share | None) -> Share | None:
    return share and Share(share.hits, share.total, *(round(number, 4) for number in share[2:]))


@pytest.mark.parametrize(
    "hits, total, expected",
    [
        # The intervals are those of R's `binom::binom.wilson`, and of Brown, Cai and DasGupta (2001) for 0 of n.
        pytest.param(0, 10, Share(0, 10, 0.0, 0.0, 0.2775), id="none of ten"),
        pytest.param(10, 10, Share(10, 10, 1.0, 0.7225, 1.0), id="all of ten"),
        pytest.param(50, 100, Share(50, 100, 0.5, 0.4038, 0.5962), id="half"),
        pytest.param(81, 263, Share(81, 263, 0.308, 0.2553, 0.3662), id="Newcombe's own example (1998)"),
        pytest.param(1, 1, Share(1, 1, 1.0, 0.2065, 1.0), id="one of one says little"),
        pytest.param(0, 0, None, id="nothing counted"),
    ],
)
def test_a_share_comes_with_its_wilson_interval(hits: int, total: int, expected: Share | None) -> None:
    assert rounded(measure_share(hits, total)) == expected
