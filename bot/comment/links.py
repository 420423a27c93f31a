"""The status of another issue, in words for a comment. Pure."""

from datetime import datetime

from bot.comment.sanitizer import quote_code
from bot.duplicates.canonical import Fix, Target
from bot.duplicates.selection import LinkDecision

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def write_link(link: LinkDecision, why: str | None = None) -> str:
    """The link to an earlier report, its status, and the reason; `why` if it was sanitized already."""
    return f"#{link.number} ({describe_status(link)}): {link.why if why is None else why}"


def describe_status(link: LinkDecision) -> str:
    """The status: `open, 14 others follow it`, or ``fixed in `2.1.96`, released 9 April 2026``."""
    if link.fix:
        return describe_fix(link.fix)
    followers = link.followers if link.is_open else 0
    if not followers:
        return link.state
    return f"open, {followers} others follow it" if followers > 1 else "open, 1 other follows it"


def describe_target(target: Target) -> str:
    """The status of the issue that a rule follows."""
    if target.fix:
        return describe_fix(target.fix)
    return "the open issue about this problem" if target.is_open else "closed as fixed"


def describe_fix(fix: Fix) -> str:
    """The release with the fix, and its date. A release that only came after the fix is worded as such."""
    if fix.version is None:
        return "fixed, but not released yet"
    when = write_date(fix.at) if fix.at else ""
    if fix.is_sure:
        return f"fixed in {quote_code(fix.version)}{f', released {when}' if when else ''}"
    return f"fixed; the next release was {quote_code(fix.version)}{f' on {when}' if when else ''}"


def write_date(at: datetime) -> str:
    """`9 April 2026`, in English on every machine."""
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}"
