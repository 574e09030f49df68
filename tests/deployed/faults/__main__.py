"""Starts ministack, changed."""

from ministack import app

from faults import api_gateway, cloudformation, function_url, rights, s3, step_functions, transport

for module in (cloudformation, api_gateway, function_url, rights, s3, step_functions, transport):
    module.make_good()
app.main()
