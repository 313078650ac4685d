"""What several unit tests are given."""

import pytest

from fakes.authority import Authority


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Signs certificates for all tests alike, and keeps nothing of them: keys are slow to make."""
    return Authority()
