"""Fixtures for every room: real servers, started once per test process."""

pytest_plugins = ["tests.support.fixtures"]
