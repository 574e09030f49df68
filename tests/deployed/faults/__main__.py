"""Starts ministack, changed."""

from ministack import app

from faults import api_gateway, rights, services  # noqa: F401

app.main()
