"""The supervisor's desk: what happens now, what happened, and who may look.

=============  ==============================================================================
``users``      who may log in: ``config/users.yaml``, hashed passwords, two roles
``logins``     log-in attempts and sessions, in the database, so that any process knows them
``live``       calls now, from the records' tail
``numbers``    today in figures; what the system could not do
``search``     calls of the past
``timeline``   one call, moment by moment
``figures``    what a period comes to; ``summary`` says what changed, ``plots`` draws, ``unmatched`` finds subjects
``report``     all of that as a page with its tables beside it
``what_if``    stored decisions under other thresholds
``doors``      who may come in: cookies, cross-site requests, headers
``desk``       the pages under /supervisor
=============  ==============================================================================
"""
