"""The memory: deliveries, attempts, links, intents and cursors, in one SQL database."""
