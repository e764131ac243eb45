"""What an operator needs to keep the line alive.

==========  =================================================================
``metrics``  what is counted and timed, for Prometheus, over all processes
``health``   ``/health``, ``/ready`` and ``/metrics``
``logs``     one JSON object a line, with the call and without the caller
``reload``   the supervisors' files, watched
``doctor``   what is wrong with a machine's set-up
``numbers``  what a company's number at Twilio does when somebody rings
==========  =================================================================
"""
