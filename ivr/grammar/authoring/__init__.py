"""The tools of grammar authors: import and export (SRGS, JSGF), lint, coverage.  No call needs them."""
