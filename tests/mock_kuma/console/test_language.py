"""English and Russian: the same keys in both files, every key of a page there, the menu and the browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING

import pytest

from mock_kuma import console, scenarios
from mock_kuma.console import language

if TYPE_CHECKING:
    from tests.mock_kuma.console.conftest import Browser

FOLDER = Path(console.__file__).parent
MESSAGES = {
    name: json.loads((FOLDER / "messages" / f"{name}.json").read_text(encoding="utf-8"))
    for name in language.LANGUAGES
}
SCENARIOS = "/simulator/worlds/default/scenarios"
SOURCES = [*(FOLDER / "templates").glob("*.html"), *FOLDER.glob("*.py")]


def test_every_language_has_the_same_messages() -> None:
    """No key is missing, and each says as much with the same values."""
    english, russian = MESSAGES["en"], MESSAGES["ru"]

    def values(text: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    assert sorted(english) == sorted(russian)
    assert [key for key in english if values(english[key]) != values(russian[key])] == []


def test_every_message_of_a_page_is_there() -> None:
    """A page has no words of its own, and names none that does not exist."""
    texts = [path.read_text(encoding="utf-8") for path in SOURCES]
    used = {key for text in texts for key in re.findall(r"""\bt\(["']([a-z_.]+[a-z_])["'][,)]""", text)}

    assert len(used) > 150
    assert sorted(used - set(MESSAGES["en"])) == []


@pytest.mark.parametrize("name", scenarios.names())
def test_each_shipped_story_is_told_in_both_languages(name: str) -> None:
    """In English as its file tells it; one is about Cyrillic, and its file speaks Russian."""
    story = scenarios.found(name)
    words = {
        language: (said[f"story.{name}"], said[f"story.{name}.about"]) for language, said in MESSAGES.items()
    }

    assert (story.title, " ".join(story.about.split())) == words["ru" if name == "cyrillic" else "en"]
    assert words["en"] != words["ru"]


@pytest.mark.parametrize("name", scenarios.names())
def test_each_step_of_a_shipped_story_is_told_in_both_languages(name: str) -> None:
    """Each says something, in English as the file says it; no message is left of a step that there was."""
    said = [step.say for step in scenarios.found(name).steps]
    words = {
        language: [messages.get(f"story.{name}.{number}") for number in range(1, len(said) + 1)]
        for language, messages in MESSAGES.items()
    }

    assert said == words["ru" if name == "cyrillic" else "en"]
    assert all(russian and russian != english for english, russian in zip(*words.values(), strict=True))
    assert f"story.{name}.{len(said) + 1}" not in MESSAGES["en"]


def test_a_story_is_told_to_a_russian_reader_step_by_step(simulator: Browser) -> None:
    """Its steps before it is played, and while they wait for their time; the names of its alerts are data."""
    shown = simulator.get(SCENARIOS, **{"Accept-Language": "ru"}).text
    simulator.post("/look", language="ru", back=SCENARIOS)
    played = simulator.post(SCENARIOS, scenario="ransomware", how="play", speed="1").text

    assert "Антивирус умолкает" in shown
    assert "The antivirus falls silent" not in shown
    assert played.count("Антивирус умолкает") == 2
    assert "Шифровальщик в пятницу вечером, шаг 3" in played


@pytest.mark.parametrize(
    ("accepts", "expected"),
    [("ru-RU,ru;q=0.9,en;q=0.5", "ru"), ("en-GB", "en"), ("de", "en"), ("", "en")],
)
def test_the_browsers_language_is_spoken(browser: Browser, accepts: str, expected: str) -> None:
    """The first that both know, else English."""
    response = browser.get("/sign-in", **{"Accept-Language": accepts})

    assert f'<html lang="{expected}"' in response.text
    assert ("Войти" in response.text) == (expected == "ru")


def test_the_menu_comes_before_the_browser(admin: Browser) -> None:
    """What was chosen stays chosen, and one is back where one was."""
    response = admin.post("/look", language="ru", back="/tenants")

    assert response.request.path == "/tenants"
    assert "Тенанты" in admin.get("/tenants", **{"Accept-Language": "en"}).text


def test_the_theme_is_chosen_in_the_menu(admin: Browser) -> None:
    """Dark is dark from the first byte; what is no theme changes nothing."""
    admin.post("/look", theme="dark", back="/alerts")
    admin.post("/look", theme="pink", back="//example.com")

    assert 'data-bs-theme="dark" data-theme="dark"' in admin.get("/alerts").text


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/simulator", {"kuma_version": "3.2", "clock": "then"}),
        ("/simulator/worlds/default/clock", {"step": "advance", "seconds": "many"}),
        ("/simulator/worlds/default/faults", {"kind": "delay", "ms": "long", "times": "1"}),
        (SCENARIOS, {"scenario": "none", "how": "tell"}),
    ],
)
def test_a_refusal_begins_in_the_readers_language(
    simulator: Browser, path: str, form: dict[str, str]
) -> None:
    """What the control API says to it stands behind, word for word."""
    simulator.post("/look", language="ru", back="/simulator")

    response = simulator.post("/simulator/worlds" if path == "/simulator" else path, **form)

    assert response.status_code == 422
    assert re.search("(Значение недопустимо|Что-то не так): ", response.text)


def test_a_filter_that_is_refused_says_so_in_the_readers_language(admin: Browser) -> None:
    """Beside the field, before what was wrong."""
    admin.post("/look", language="ru", back="/alerts")

    assert "Это не время: " in admin.get("/alerts?filtered=1&from=then").text
