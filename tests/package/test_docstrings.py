"""The examples in docstrings say what happens."""

import doctest
import importlib
import pkgutil

import pytest

import agent
import pager
import summarizers

MODULES = [
    found.name
    for package in (pager, summarizers, agent)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name: str) -> None:
    """Each runs as it stands and prints what it says."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0
