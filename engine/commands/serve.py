"""`trunkline serve`: the engine on real time until it is told to stop; SIGHUP makes it read its configuration again."""

import asyncio
import logging
import signal
from pathlib import Path

import uvloop

from engine.commands.builds import prune_builds
from engine.commands.log_lines import LogFormat, write_lines
from engine.config import load_config
from engine.errors import ConfigError, SettingsRefused
from engine.kernel.jit import cache_folder
from engine.live.host import EngineHost, Reloaded
from engine.live.host import serve as serve_live
from engine.live.memory import keep_large_apart

logger = logging.getLogger(__name__)


def serve(path: Path, data: Path, log_format: LogFormat = LogFormat.LOGFMT) -> None:
    """Run the engine. Raises what `EngineHost.start` raises, before it takes the first contact."""
    write_lines(log_format)
    keep_large_apart()
    config = load_config(path)
    prune_builds(cache_folder())
    reloader = Reloader(path)
    uvloop.run(serve_live(config, data, ready=reloader.follow))


class Reloader:
    """Reads the configuration again on SIGHUP; one with faults changes nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._task: asyncio.Task[None] | None = None

    def follow(self, host: EngineHost) -> None:
        """Tell what is running, and listen for SIGHUP from now on."""
        for status in host.status():
            logger.info("adapter %s: %s", status.name, status.detail or ("up" if status.up else "down"))
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._begin, host)

    def _begin(self, host: EngineHost) -> None:
        if self._task is not None and not self._task.done():
            logger.warning("still reading the configuration; send SIGHUP again when that is done")
            return
        self._task = asyncio.get_running_loop().create_task(self.reload(host))

    async def reload(self, host: EngineHost) -> None:
        """Read the file, and follow it if it is good."""
        try:
            config = await asyncio.to_thread(load_config, self._path)
            changed = await host.reload(config)
        except SettingsRefused as error:
            for fault in error.faults:
                logger.error("%s", fault)
            logger.error("configuration read again, but for this, which stays as it was: correct the file, or restart")
        except ConfigError as error:
            host.engine.loads.refuse(error.faults)
            for fault in error.faults:
                logger.error("%s", fault)
            logger.error("the configuration was not changed: correct the file, then send SIGHUP again")
        except Exception as error:
            # Nobody waits for this task: what it does not say here is never said. The engine takes nothing of the file
            # by then: what fails to follow it later comes as SettingsRefused.
            host.engine.loads.refuse([f"{type(error).__name__}: {error}"])
            logger.exception("the configuration could not be read again; what is running goes on")
        else:
            logger.info("configuration read again: %s", said_of(changed))


def said_of(changed: Reloaded) -> str:
    """Return what changed in words."""
    settings = f"{changed.settings} setting{'' if changed.settings == 1 else 's'} changed"
    return f"{settings}, and these sections: {', '.join(changed.sections)}" if changed.sections else settings
