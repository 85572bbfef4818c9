"""Tables, admission ledger and payloads, on real Delta tables in temporary folders."""
