"""The configuration file: read, checked whole, and typed; `compile` turns it into rows for the kernel."""

from engine.config.compile import compile_directory, compile_settings
from engine.config.load import load_config
from engine.config.sections import Config

__all__ = ["Config", "compile_directory", "compile_settings", "load_config"]
