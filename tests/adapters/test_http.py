"""The circuit breaker's life."""

from meterai.kit.http.outside_service import CircuitBreaker


def test_the_breaker_opens_probes_and_closes() -> None:
    now = 0.0
    breaker = CircuitBreaker(failures_max=2, open_seconds=5, clock=lambda: now)
    breaker.record(success=False)
    assert breaker.admit()
    breaker.record(success=False)
    assert not breaker.admit()
    now = 5.0
    assert breaker.admit()  # the probe
    assert not breaker.admit()
    breaker.record(success=False)
    now = 9.0
    assert not breaker.admit()
    now = 10.0
    assert breaker.admit()
    breaker.record(success=True)
    assert breaker.admit()
    assert breaker.admit()
