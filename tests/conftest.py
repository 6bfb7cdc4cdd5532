"""What all tests need: interrupts that arrive, and no test that fails for being slow.

A shell starts its background jobs with SIGINT ignored, and programs started from there inherit it.
"""

import signal

from hypothesis import settings

signal.signal(signal.SIGINT, signal.default_int_handler)
settings.register_profile("w2v", deadline=None)
settings.load_profile("w2v")
