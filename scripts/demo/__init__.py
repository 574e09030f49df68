"""`make run`, step by step."""
