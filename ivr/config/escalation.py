"""Nobody is kept: a configuration that could keep a caller with the machine is refused."""

from ivr.call.proof import Flaw, prove, unheard
from ivr.config.load import Config
from ivr.config.source import ConfigError, Mistake, read

_FILE = "config/ivr.yaml"
_PROVED: dict[str, int] = {}  # plan -> its states; most edits change a sentence or a telephone number, and no plan


def prove_escalation(config: Config) -> int:
    """In how many states a call can be, after a person was found to be reachable in each of them.

    Raises ConfigError with what a caller does who would be kept, and the setting to mend.
    """
    language, plan = next(iter(config.plans.items()))  # the others differ in what requests are called
    states, flaws = _PROVED.get(repr(plan), 0), [flaw for each in config.grammars.values() for flaw in unheard(each)]
    if not states:
        kept, states = prove(plan, config.grammars[language])
        flaws += kept
    if flaws:
        raise ConfigError([_mistake(config, flaw) for flaw in flaws])
    _PROVED[repr(plan)] = states
    return states


def _mistake(config: Config, flaw: Flaw) -> Mistake:
    if not flaw.setting:
        return Mistake("config", None, str(flaw), "undo the last change; if there is none, this is a fault of ours")
    return read(config.home, _FILE).mistake(flaw.setting, str(flaw), f"lower {'.'.join(flaw.setting)}")
