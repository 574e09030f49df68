"""Starts ministack, changed."""

from ministack import app

from faults import api_gateway, cloudformation, function_url, rights

for module in (cloudformation, api_gateway, function_url, rights):
    module.make_good()
app.main()
