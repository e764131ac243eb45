"""A voice IVR that puts people first.  The map of the house:

=================  =====================================================================================================
``app``            puts the real parts together; the only place that does
``cli``            the ``ivr`` command, one file per group of commands
``config``         the supervisors' files and the machine's settings, read once into frozen objects
``call``           PURE: one call as a function from events to actions
``grammar``        PURE: sentence templates -> phrases, text -> meaning, spoken digits
``speech``         audio codec, recognisers (Vosk, Whisper), model store, voice, prompts
``tone``           acoustic cues, the caller's own baseline, words and behaviour -> one reading
``requests``       what the business can do for a caller: a database, HTTP services, text messages
``advisors``       who takes a transferred call, and the handover card
``telephony``      Twilio: webhooks, TwiML, Media Streams, the session loop
``records``        what is stored of a call
``operations``     what operators see and do: health, metrics, logs, changed files, the doctor, numbers at Twilio
``supervisor``     the desk: wallboard, call pages, reports, what-ifs
``accuracy``       how often the system is right, on labelled data
``phone``          the telephone we test with: a simulator that follows TwiML as an exchange would
``yaml_text``      YAML text -> values and the lines they stand in
``phone_numbers``  which number calls, was dialled, can be called back
``cache_folder``   files that can be made anew, and are removed when nobody uses them
=================  =====================================================================================================

``call`` and ``grammar`` import nothing that does input or output; everything else may import them.
"""

__version__ = "0.1.0"
