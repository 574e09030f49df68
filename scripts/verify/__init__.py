"""Compares a deployed stack with the docs: docs/VERIFY.md. Needs boto3, and curl for HTTP/2."""
