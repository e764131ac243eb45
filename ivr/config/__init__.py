"""The supervisors' files and the machine's settings, read once into frozen objects."""

from ivr.config.load import Config, Language, load
from ivr.config.settings import Settings, home, starter
from ivr.config.source import ConfigError, Mistake

__all__ = ["Config", "ConfigError", "Language", "Mistake", "Settings", "home", "load", "starter"]
