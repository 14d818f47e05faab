"""A missing or wrong setting stops the start with its name and the reason, and no secret is printed."""

from pathlib import Path

import pytest

from app.config import SettingsError, load_settings

SOUND = {"KUMUN_SECRET_KEY": "s" * 40, "KUMUN_MASTER_KEY": "m" * 40}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"KUMUN_SECRET_KEY": ""}, "KUMUN_SECRET_KEY"),
        ({"KUMUN_MASTER_KEY": ""}, "KUMUN_MASTER_KEY"),
        ({"KUMUN_SECRET_KEY": "trop-courte-secrete"}, "32 characters"),
        ({"KUMUN_BASE_URL": "http://kumun.example"}, "plain http"),
        ({"KUMUN_BASE_URL": "https://kumun.example/chemin"}, "without a path"),
        ({"KUMUN_BASE_URL": "ftp://kumun.example"}, "KUMUN_BASE_URL"),
        ({"KUMUN_S3_BUCKET": "pieces"}, "go together"),
        ({"KUMUN_DATABASE_URL": "postgresql+asyncpg://x/y"}, "KUMUN_DATABASE_URL_PLATEFORME"),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: dict[str, str], told: str
) -> None:
    for name, value in {**SOUND, **settings, "KUMUN_VAR": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=told) as refused:
        load_settings()
    assert "secrete" not in str(refused.value)
    assert "s" * 40 not in str(refused.value)


def test_sound_settings_are_taken_and_cannot_change(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {**SOUND, "KUMUN_VAR": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert (settings.base_host, settings.secure, settings.local) == ("localhost", False, True)
    assert "s" * 40 not in repr(settings)
    with pytest.raises(ValueError, match="frozen"):
        settings.base_url = "https://ailleurs.example"
