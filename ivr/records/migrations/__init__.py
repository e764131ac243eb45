"""How a database of an earlier release becomes one of this release, for Alembic.

A migration only adds: while a new version takes over, the one before goes on with its calls in the same database, and
on other machines longer than that.  What is no longer used is removed by the release after.

To make one: write ``versions/rNNNN_what.py``, the same in ``ivr/records/schema.py``, and its number there as ``HEAD``.
"""
