"""Run by Alembic: upgrades over the connection that ``ivr.records.upgrade`` holds."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
