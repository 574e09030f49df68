"""ministack 1.5.33 with its faults made good: `python -m faults` is `ministack`.

Each function of these modules makes good one fault in which the template is right, and says what is wrong. It may go
once ministack does the same by itself: take it out and run the tests. For another version of ministack, all tests of
this folder must pass; a name that is gone there ends the server at its start.
"""
