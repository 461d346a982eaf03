"""Two small worlds, a Salesforce and a KashFlow, as HTTP servers on loopback with declared misbehaviour."""
