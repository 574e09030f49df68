"""What `make run` and the end-to-end tests start on 127.0.0.1: an S3 server, the function, a BitTorrent client.

Nothing here outlives its owner: each process has a session of its own, and `stop` ends that whole session.
"""
