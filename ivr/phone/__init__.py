"""The telephone we test with.  It meets the server exactly where Twilio would, with real HTTP and a real WebSocket.

==============  ===========================================================================================
``playback``    PURE: what the caller's ear gets: audio queued and played in order, marks, clear
``caller``      PURE: somebody with a script: what is said, pressed, left out, and when
``timings``     PURE: what was measured on the wire: first audio, replies, asked to transfer, late frames
``messages``    PURE: the exchange's side of the Media Streams protocol
``twiml``       PURE: a TwiML document as verbs
``sound``       a text or a recording as it arrives over a telephone line
``websocket``   a WebSocket client on asyncio that costs a few microseconds a frame
``stream``      one media stream: a frame every 20 ms both ways, until one side ends it
``webhooks``    signed requests, as an exchange makes them
``advisor``     the other end of a transfer: what advisors and queues do
``leg``         one telephone on a call: it follows TwiML
``verbs``       what each verb of TwiML does, but for the next three
``connect``     ... ``<Connect><Stream>``
``dial``        ... ``<Dial>``
``queue``       ... ``<Enqueue>``
``exchange``    one call from ringing to its end
``transcript``  what was said on both sides, from the records of the call or from what the exchange saw
``result``      how the call ended: what ``ivr call --json`` prints
``server``      a server of our own for the length of a ``with`` block
``dialling``    all of that for one call; ``show`` puts it on the screen
``softphone``   the browser as a telephone; ``live`` is who speaks into it
``load``        many calls at once; ``usage`` reads what they cost the server
``recorded``    a recorded call as a scenario
``rehearsal``   a scenario played by text: the real call without sound and without waiting
``aloud``       ... and by sound, through all of the above
``benchmark``   who calls in ``ivr bench calls``, and the figures at the end
==============  ===========================================================================================

Waiting that nobody listens to is shortened a hundredfold (``leg.SHORTER``): twenty seconds of ringing take 0.2 s.
Media streams are never shortened; they run in real time.
"""
