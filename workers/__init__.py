"""How news goes out: queues, the spine, endings, backoff, the sweeper. The only room that knows Celery."""
