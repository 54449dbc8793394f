"""Fixtures that every test may use: where the optional real data lies."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real weights and photographs: $GRIDLENS_TEST_DATA, else ../shared/data beside the checkout."""
    folder = Path(os.environ.get("GRIDLENS_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(
            f"no real data at {folder}; set GRIDLENS_TEST_DATA to a folder that holds weights/ and images/"
        )
    return folder
