"""Who is calling?  As many proofs as a request needs, the silent ones first; a person where they cannot be had."""

from ivr.call.actions import Transfer
from ivr.call.known import Known
from ivr.call.plan import ProofPlan, RequestPlan
from ivr.call.state import Errand, Filling

FAILURES = 3  # asked proofs that were wrong, in a call; then a person


def proved(request: RequestPlan, known: Known) -> set[str]:
    """The proofs that hold.  A value that the calling number itself was found to have needs no silent proof."""
    theirs = any(known.slots.get(slot.name) in known.own.get(slot.own or "", ()) for slot in request.slots)
    silent = {proof.name for proof in request.proofs if proof.slot is None}
    return known.proved | (silent if theirs else set())


def next_proof(request: RequestPlan, known: Known) -> Filling | Errand | Transfer | None:
    """What is needed to know who is calling; None when enough is known."""
    have = proved(request, known)
    open_ = [proof for proof in request.proofs if proof.name not in have | known.disproved and _possible(proof, known)]
    if len(have) >= request.proofs_needed:
        return None
    if len(have) + len(open_) < request.proofs_needed:
        return Transfer("identity")
    proof = min(open_, key=lambda each: each.slot is not None)
    if proof.slot and proof.slot.name not in known.slots:
        return Filling(request, proof.slot)
    return Errand(request, "proof", proof.action, proof.slot, proof.name)


def _possible(proof: ProofPlan, known: Known) -> bool:
    return proof.slot is not None or bool(known.caller)  # a silent proof is about the calling number
