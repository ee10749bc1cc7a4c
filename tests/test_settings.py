"""Settings are one table: read once, checked, and documented from it."""

from dataclasses import fields
from pathlib import Path

import pytest

from goldvein.settings import SETTINGS, SettingError, Settings, default_home, read_settings, settings_page


def test_every_row_has_a_field_of_its_type() -> None:
    """The table and the record name the same settings with the same types, in the same order."""
    rows = [(setting.name, type(setting.default)) for setting in SETTINGS]
    rows = [(name, Path if issubclass(kind, Path) else kind) for name, kind in rows]
    assert rows == [(field.name, field.type) for field in fields(Settings)]


def test_nothing_needs_to_be_set() -> None:
    """An empty environment, or one with empty variables, gives the defaults."""
    assert read_settings({}) == read_settings({"GOLDVEIN_PORT": "", "PATH": "/bin"})
    assert read_settings({}).allow_private_webhooks is False


def test_values_have_the_type_of_their_default() -> None:
    """Text from the environment becomes numbers, truth values and folders."""
    settings = read_settings(
        {"GOLDVEIN_PORT": "9000", "GOLDVEIN_ALLOW_PRIVATE_WEBHOOKS": "yes", "GOLDVEIN_HOME": "/srv/gold"}
    )
    assert (settings.port, settings.allow_private_webhooks, settings.home) == (9000, True, Path("/srv/gold"))


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("GOLDVEIN_PORT", "http", "not a whole number"),
        ("GOLDVEIN_PORT", "99999", "at most 65535"),
        ("GOLDVEIN_DATABASE_URL", "mysql://ann:secret@db/x?a=b", "write postgresql://"),
        ("GOLDVEIN_DATABASE_URL", "label.example", "write postgresql://"),
        ("GOLDVEIN_LOG_JSON", "perhaps", "not a yes or no"),
        ("GOLDVEIN_LOG_LEVEL", "loud", "must be one of debug, info"),
        ("GOLDVEIN_POOL_SIZE", "1", "at least 2 connections"),
        ("GOLDVEIN_WEBHOOK_TIMEOUT", "nan", "at least 0.1 seconds"),
        ("GOLDVEIN_DATABSE_URL", "postgresql:///x", "is GOLDVEIN_DATABASE_URL meant"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_it(variable: str, text: str, message: str) -> None:
    """Every message names the variable and the rule."""
    with pytest.raises(SettingError, match=message) as caught:
        read_settings({variable: text})
    assert variable in str(caught.value)


def test_an_address_that_is_refused_is_not_told() -> None:
    """It may hold a password. A list of words for libpq is no less an address than a URL."""
    with pytest.raises(SettingError) as caught:
        read_settings({"GOLDVEIN_DATABASE_URL": "mysql://ann:secret@db/x"})
    assert "secret" not in str(caught.value)
    for url in ("postgres:///x", "postgresql://ann@db/x?host=/run", "host=db dbname=x options='-c a=b://c'"):
        assert read_settings({"GOLDVEIN_DATABASE_URL": url}).database_url == url


def test_other_programs_variables_are_no_concern() -> None:
    """A variable such as the client's key may share the prefix."""
    assert read_settings({"GOLDVEIN_API_KEY": "gv_1"}) == read_settings({})


def test_the_data_folder_of_the_user_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ordinary users keep their data where their system says; a relative path there counts as not set."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert default_home({"XDG_DATA_HOME": "/data/me"}) == Path("/data/me/goldvein")
    assert default_home({"XDG_DATA_HOME": "me"}) == Path.home() / ".local" / "share" / "goldvein"


def test_the_page_of_settings_is_the_table() -> None:
    """docs/settings.md is made from the table: `python -m goldvein.settings > docs/settings.md`."""
    page = Path(__file__).parents[1] / "docs" / "settings.md"
    assert page.read_text() == settings_page()
