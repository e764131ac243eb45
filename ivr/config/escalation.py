"""Nobody is kept: a configuration that could keep a caller with the machine is refused."""

from contextlib import ExitStack, suppress
from hashlib import sha256
from pathlib import Path

import ivr.call
from ivr.cache_folder import remove_unused, used
from ivr.call.proof import Flaw, one_of_each, prove, unheard
from ivr.config.load import Config
from ivr.config.source import ConfigError, Mistake, read
from ivr.config.writing import one_at_a_time, replace

_FILE = "config/ivr.yaml"


def prove_escalation(config: Config, cache: Path) -> int:
    """In how many states a call can be, after a person was found to be reachable in each of them.

    ``cache``: the folder in which a plan that was proved is remembered, so that most starts and edits need no proof.
    Raises ConfigError with what a caller does who would be kept, and the setting to mend.
    """
    plan, alike = one_of_each(config.plans.values())
    flaws = [flaw for grammar in config.grammars.values() for flaw in unheard(grammar)]
    proved = cache / f"{_digest(alike)}.proved"
    with ExitStack() as alone:
        with suppress(OSError):  # the processes of a server read their files at once: one proves, the others wait
            alone.enter_context(one_at_a_time(cache))
        states = _remembered(proved)
        if not states:
            kept, states = prove(plan, config.grammars.values())
            flaws += kept
            if not kept:
                _remember(proved, states)
    if flaws:
        raise ConfigError([_mistake(config, flaw) for flaw in flaws])
    return states


def _digest(alike: str) -> str:
    """The same for plans that behave alike and the same code of a call."""
    code = b"".join(path.read_bytes() for path in sorted(Path(ivr.call.__path__[0]).glob("*.py")))
    return sha256(code + alike.encode()).hexdigest()


def _remembered(proved: Path) -> int:
    with suppress(OSError, ValueError):
        used(proved)
        return int(proved.read_text(encoding="ascii"))
    return 0


def _remember(proved: Path, states: int) -> None:
    with suppress(OSError):  # then it is proved again
        replace(proved, str(states))
        remove_unused(proved.parent, "*.proved")


def _mistake(config: Config, flaw: Flaw) -> Mistake:
    if not flaw.setting:
        return Mistake("config", None, str(flaw), "undo the last change; if there is none, this is a fault of ours")
    return read(config.home, _FILE).mistake(flaw.setting, str(flaw), f"lower {'.'.join(flaw.setting)}")
