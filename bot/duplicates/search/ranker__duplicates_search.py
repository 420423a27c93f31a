"""Who said it before: the steps from a query to ranked candidates, over any collection. Pure."""

from bot.duplicates.search.collection import Collection
from bot.duplicates.search.document import Profile
from bot.duplicates.search.features import Compared, compare_candidates
from bot.duplicates.search.model import Model
from bot.duplicates.search.ranker import Candidate, rank_candidates
from bot.duplicates.search.retrieval import find_candidates, weigh_words


def compare_with_collection(query: Profile, collection: Collection) -> tuple[Compared, ...]:
    """The reports of a collection that deserve it, compared with a query; none that was filed after it."""
    words = weigh_words(query, collection)
    return compare_candidates(query, words, find_candidates(query, words, collection), collection)


def search_collection(query: Profile, collection: Collection, model: Model) -> tuple[Candidate, ...]:
    """All reports that were found, the likeliest to be the same problem first."""
    return rank_candidates(query, compare_with_collection(query, collection), model)
