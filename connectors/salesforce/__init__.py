"""The wire to Salesforce: OAuth, REST, Collections, Composite, describe, and the Streaming API."""
