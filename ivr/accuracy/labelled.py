"""Labelled data on disk."""


class LabelledDataError(Exception):
    """The data cannot be used; the message names the file and what is wrong with it."""
