"""The supervisor's desk: what happens now, what happened, and who may look.

=============  ==============================================================================
``users``      who may log in: ``config/users.yaml``, hashed passwords, two roles
``logins``     log-in attempts and sessions, in the database, so that any process knows them
``live``       calls now, from the records' tail
``numbers``    today in figures; what the system could not do
``search``     calls of the past
``timeline``   one call, moment by moment
``masking``    telephone numbers as each role may see them
``doors``      who may come in: cookies, cross-site requests, headers
``desk``       the pages under /supervisor
=============  ==============================================================================
"""
