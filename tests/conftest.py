"""`pytest --update` records the outputs of the fixtures anew; cases and targets are found here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kit import TARGETS, all_cases


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the expected outputs, and fail where they changed")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if {"case", "target"} <= set(metafunc.fixturenames):
        pairs = [pytest.param(case, target, id=f"{case}-{target}") for case in all_cases() for target in TARGETS]
        metafunc.parametrize(("case", "target"), pairs)


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update"))


@pytest.fixture(autouse=True, scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What runs save, for `undo` outside of git and for the next run, does not go to the user's own folders."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where caches go in a test that is about them, also those of small trees."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    monkeypatch.setattr("migrate.cache.WORTH", 0)
    return home
