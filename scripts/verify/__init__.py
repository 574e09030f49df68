"""Compares a deployed stack with what the docs promise: make verify ENDPOINT=https://… BUCKET=…

It needs boto3 and the standard library, and curl for HTTP/2. docs/OPERATIONS.md says what it does.
"""
