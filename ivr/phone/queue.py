"""``<Enqueue>``: the caller waits, hears what ``waitUrl`` says, and leaves, gives up or is taken by an advisor."""

from ivr.phone.advisor import Queue
from ivr.phone.leg import Ending, HungUp, Leg, Step, follow, new_sid
from ivr.phone.twiml import Document, Verb
from ivr.phone.verbs import gather, hangup, leave, pause, play, redirect, say

FIRST_POSITION = 2  # one other caller is before us
TURN_S = 30  # between two requests of ``waitUrl``: what music and announcements last
PATIENCE = 20  # of those, after which the caller of a queue that does not move gives up

_WAITING = {
    "Say": say,
    "Play": play,
    "Pause": pause,
    "Gather": gather,
    "Redirect": redirect,
    "Hangup": hangup,
    "Leave": leave,
}


async def enqueue(leg: Leg, verb: Verb, document: Document) -> Step:
    """Into the queue; ``action`` is told how it ended."""
    notes = leg.notes
    notes.transferred_by(document.text)
    name = verb.text or verb.attributes.get("workflowSid", "")
    notes.queued = name
    where = {"QueueSid": new_sid("QU")}
    if leg.advisors.queue is Queue.FULL:
        notes.happened(f"queue {name} is full")
        return await leg.go_on(verb, document, {**where, "QueueResult": "queue-full", "QueueTime": "0"})
    notes.happened(f"waits in queue {name}")
    try:
        result, waited_s = await _wait(leg, verb, document, where)
    except HungUp:
        result = "bridged" if notes.bridged else "hangup"
        await leg.say_goodbye(verb, document, {**where, "QueueResult": result, "QueueTime": "0"})
        raise
    if result == "hangup":
        return Ending.HANGUP
    return await leg.go_on(verb, document, {**where, "QueueResult": result, "QueueTime": str(waited_s)})


async def _wait(leg: Leg, verb: Verb, document: Document, where: dict[str, str]) -> tuple[str, int]:
    """(QueueResult, seconds waited).  Raises HungUp when the caller gives up."""
    notes = leg.notes
    position, waited_s = FIRST_POSITION, 0
    for _ in range(PATIENCE):
        place = {
            **where,
            "QueuePosition": str(position),
            "QueueTime": str(waited_s),
            "AvgQueueTime": str(TURN_S * FIRST_POSITION),
            "CurrentQueueSize": str(position),
            "MaxQueueSize": "1000",
        }
        match await _listen(leg, verb, document, place):
            case Ending.LEAVE:
                notes.happened("leaves the queue")
                return "leave", waited_s
            case Ending.HANGUP:
                return "hangup", waited_s
        waited_s += TURN_S
        if leg.advisors.queue is Queue.MOVES:
            position -= 1
        if position == 0:
            notes.bridged = True
            notes.happened("an advisor takes the call from the queue")
            await leg.talk()
            return "bridged", waited_s
    notes.happened(f"the caller gives up after {waited_s} s in the queue")
    leg.gone.set()
    raise HungUp


async def _listen(leg: Leg, verb: Verb, document: Document, place: dict[str, str]) -> Ending:
    """One round of what the queue plays."""
    wait_url = verb.attributes.get("waitUrl")
    if not wait_url:
        await leg.wait(TURN_S)
        return Ending.RAN_OUT
    music = await leg.fetch(document.absolute(wait_url), verb.method("waitUrlMethod"), place)
    ending = await follow(leg, music, _WAITING)
    await leg.wait(TURN_S)
    return ending
