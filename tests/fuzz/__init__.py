"""What strangers and other systems may send: each harness takes any bytes and ends in exactly two ways.

``one(data)`` of a harness returns when the bytes were accepted, or rejected with the documented error; anything else
escapes it.  ``SEEDS`` are good inputs to begin with.  ``python -m tests.fuzz NAME`` runs one guided by coverage
(atheris); ``tests/test_fuzz.py`` runs all of them for a moment, with inputs made by hypothesis.
"""

NAMES = ("media", "session", "webhooks", "files", "imports", "numbers")
