"""What holds for all tests."""

from hypothesis import settings

# A slow machine is no defect, so no example has a deadline.
settings.register_profile("rrdns", deadline=None)
settings.load_profile("rrdns")
