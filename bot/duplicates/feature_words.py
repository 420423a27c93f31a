"""The features of the ranking in words. Pure."""

FEATURES = {
    "word_score": "words in common, against the best candidate's",
    "self_score": "words in common, against all of the report's",
    "title_score": "words in both titles, against the best candidate's",
    "age": "days since it was filed (log)",
    "quiet": "days since another report last pointed to it (log)",
    "title_likeness": "how alike the titles are",
    "rarest_word": "rarity of the rarest word in common",
    "title_told": "part of the report's title that it has",
    "title_answered": "part of its title that the report has",
    "rarest_mark": "rarity of the rarest error in common",
    "marks": "rarity of all errors in common (log)",
    "place": "rarity of the place in a source in common",
    "pairs": "rarity of all pairs of words in common (log)",
    "rarest_pair": "rarity of the rarest pair of words in common",
    "duplicates": "duplicates that it has already (log)",
    "same_author": "the same author",
    "series": "the same author within two days",
    "length": "words of its body (log)",
    "shared": "part of the report's words that it has",
    "is_duplicate": "it is a duplicate itself",
    "meaning": "how near its meaning is, by the sentence model",
}
"""What each feature is, for people."""
