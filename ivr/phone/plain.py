"""Words from outside on a terminal: shown, never obeyed."""

from rich.markup import escape


def plain(text: str) -> str:
    """``text`` for a rich console: markup, escape sequences and invisible characters do nothing."""
    return escape(
        "".join(each if each.isprintable() or each in "\n\t" else "\N{REPLACEMENT CHARACTER}" for each in text)
    )
