"""What goes over Redis is JSON that says which deliveries wait, and nobody keeps an answer there."""

from __future__ import annotations

from workers.app import make_app


def test_celery_reads_and_writes_json_only_and_keeps_no_results() -> None:
    app = make_app(broker_url="memory://", queues=["kashflow.invoice"], sweep_seconds=2)

    assert app.conf.accept_content == ["json"]
    assert (app.conf.task_serializer, app.conf.event_serializer) == ("json", "json")
    assert app.conf.result_backend is None
    assert app.conf.task_ignore_result is True
