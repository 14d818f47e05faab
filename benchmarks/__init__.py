"""What the portal costs, measured: `python -m benchmarks` writes RESULTS.md with the command beside each figure.

How it counts is said at the head of that page: CPU time rather than seconds, interleaved pairs, bare ceilings in the
same server.
"""
