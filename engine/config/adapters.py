"""Adapters by entry point: which there are, and the settings that each checks itself."""

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from engine.config.document import Document
from engine.config.faults import good_part, note_faults
from engine.config.listeners import check_listeners
from engine.model.fields import nearest
from engine.ports import Adapter

GROUP: Final = "trunkline.adapters"
Loader = Callable[[], Any]


def installed_adapters() -> dict[str, Loader]:
    """Return the adapters of this installation by name; each is imported only when its loader is called."""
    return {point.name: point.load for point in _entry_points()}


def adapter_class(name: str) -> type[Adapter]:
    """Return the class of an installed adapter. Raises KeyError."""
    loaded: type[Adapter] = installed_adapters()[name]()
    return loaded


def check_adapters(
    document: Document,
    sections: Mapping[str, Any],
    loaders: Mapping[str, Loader],
    context: dict[str, Any],
    inherited: Mapping[str, Any],
) -> dict[str, BaseModel]:
    """Return each section as an instance of its adapter's `Settings`; faults go to the document.

    `context` is what the adapter's own validators see: the names by kind, `tokens`, and the file's `folder`. What holds
    for the whole service is `inherited`, by key: a section that has such a key and does not say it takes it from there.
    """
    checked: dict[str, BaseModel] = {}
    good: dict[str, BaseModel] = {}
    for name, section in sections.items():
        location = ("adapters", name)
        if name not in loaders:
            text = f"there is no adapter '{name}'{nearest(name, loaders)}"
            document.add(location, text, at_key=True)
            continue
        try:
            settings: type[BaseModel] = loaders[name]().Settings
        except (ImportError, AttributeError) as error:
            document.add(location, f"the adapter '{name}' cannot be loaded: {error}", at_key=True)
            continue
        said = {} if section is None else section
        if isinstance(said, dict):
            said = {key: inherited[key] for key in inherited if key in settings.model_fields} | said
        try:
            good[name] = checked[name] = settings.model_validate(said, extra="forbid", context=context)
        except ValidationError as error:
            note_faults(document, error, settings, location, context)
            if isinstance(said, dict):
                good[name] = good_part(settings, said, set(), context)
    check_listeners(document, good)
    return checked


def _entry_points() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))
