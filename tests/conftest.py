"""What all tests need: interrupts that arrive, even where the run was started to ignore them.

A shell starts its background jobs with SIGINT ignored, and programs started from there inherit it.
"""

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
