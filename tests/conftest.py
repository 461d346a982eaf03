"""Fixtures for every room: real servers, started once per test process."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.support.fixtures"]

# The same examples every time, however slow the machine is today: speed is the business of benchmarks.
settings.register_profile(
    "steady", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")
