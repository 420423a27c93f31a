"""No test here has a clock, so hypothesis's own is off."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
