"""Programs of the checkout, run as modules: `python -m scripts.run`."""
