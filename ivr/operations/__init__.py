"""What an operator needs to keep the line alive.

==========  =================================================================
``metrics``  what is counted and timed, for Prometheus, over all processes
``health``   ``/health``, ``/ready`` and ``/metrics``
``logs``     one JSON object a line, with the call and without the caller
==========  =================================================================
"""
