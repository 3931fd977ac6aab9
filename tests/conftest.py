"""What every test shares: the public corpus, when it lies beside the project."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the public corpus and cases: $TOOLPAGER_SHARED, or ../shared from the project's root."""
    folder = Path(os.environ.get("TOOLPAGER_SHARED", PROJECT.parent / "shared"))
    if not (folder / "corpus").is_dir():
        pytest.skip(f"no public corpus at {folder}; set TOOLPAGER_SHARED to its folder")
    return folder
