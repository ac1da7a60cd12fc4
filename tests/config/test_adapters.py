"""Sections of adapters: checked by their own settings, with the names and tokens of the whole file at hand."""

from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ValidationInfo, model_validator

from engine.config import Config, load_config
from engine.config.adapters import adapter_class, installed_adapters
from engine.errors import ConfigError
from engine.model.fields import Duration, Ref, TimeZone


class Settings(BaseModel):
    port: int = 1
    dialled: dict[str, Annotated[str, Ref("queue")]] = {}
    timeout_ns: Annotated[int, Duration("1s", "1m")] = 0
    tokens: int = 0

    @model_validator(mode="before")
    @classmethod
    def _count_tokens(cls, value: Any, info: ValidationInfo) -> Any:
        return {"tokens": len((info.context or {}).get("tokens", ())), **value}


class Http:
    Settings = Settings


def load(tmp_path: Path, text: str) -> Config:
    file = tmp_path / "c.yaml"
    file.write_text(text, encoding="utf-8")
    return load_config(file, {}, {"http": lambda: Http})


def test_each_adapter_gets_its_own_settings_and_the_tokens(tmp_path: Path) -> None:
    token = f"{{id: a, sha256: '{'0' * 64}', scopes: [read]}}"
    config = load(tmp_path, f"queues: {{q: {{}}}}\ntokens: [{token}]\nadapters: {{http: {{dialled: {{'7': q}}}}}}")
    assert config.adapters == {"http": Settings(port=1, dialled={"7": "q"}, tokens=1)}


def test_a_section_may_be_empty(tmp_path: Path) -> None:
    assert load(tmp_path, "queues: {q: {}}\nadapters:\n  http:\n").adapters == {"http": Settings()}


def test_names_in_an_adapters_section_are_checked_like_all_others(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "queues: {sales: {}}\nadapters:\n  http: {dialled: {'7': sale}, timeout_ns: 2m}")
    assert [line.partition("c.yaml:")[2] for line in caught.value.faults] == [
        "3:25: there is no queue 'sale'; did you mean 'sales'?",
        "3:44: 2m is out of range; allowed is 1s to 1m",
    ]


def test_a_section_inherits_the_time_zone_of_the_service_unless_it_says_one(tmp_path: Path) -> None:
    class Zoned(BaseModel):
        time_zone: TimeZone = "UTC"

    file = tmp_path / "c.yaml"
    file.write_text(
        "service: {time_zone: Asia/Ho_Chi_Minh}\nqueues: {q: {}}\n"
        "adapters: {quiet: , said: {time_zone: Europe/Berlin}, plain: {}}",
        encoding="utf-8",
    )
    zoned = SimpleNamespace(Settings=Zoned)
    loaders: dict[str, Any] = {"quiet": lambda: zoned, "said": lambda: zoned, "plain": lambda: Http}
    adapters = load_config(file, {}, loaders).adapters
    assert (adapters["quiet"].time_zone, adapters["said"].time_zone) == ("Asia/Ho_Chi_Minh", "Europe/Berlin")


@pytest.mark.parametrize("name", ["http", "mqtt"])
def test_the_adapters_have_the_day_of_the_service(tmp_path: Path, name: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(
        f"service: {{time_zone: Asia/Ho_Chi_Minh}}\nqueues: {{q: {{}}}}\nadapters: {{{name}: {{}}}}", encoding="utf-8"
    )
    assert load_config(file, {}).adapters[name].time_zone == "Asia/Ho_Chi_Minh"


def test_a_faulty_time_zone_is_one_fault_not_one_of_each_adapter(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("service: {time_zone: Asia/Hanoi}\nqueues: {q: {}}\nadapters: {http: {}}", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(file, {})
    assert len(caught.value.faults) == 1


def test_a_faulty_token_is_one_fault_not_two(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, "queues: {q: {}}\ntokens: [{id: a, sha256: b, scopes: [read]}]\nadapters: {http: {}}")
    assert len(caught.value.faults) == 1


def test_an_adapter_that_is_not_installed_is_a_key_error() -> None:
    assert "telepathy" not in installed_adapters()
    with pytest.raises(KeyError, match="telepathy"):
        adapter_class("telepathy")
