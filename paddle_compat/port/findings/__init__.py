"""The bugs that a port brings in silently: a code each, PC201 and on.

Each finding has evidence in the source near by: values are followed through plain assignments of
their scope, and where that ends nothing is said. Numbers that explanations tell were measured with
real Paddle 1.8.5 and 3.3.1 (``tests/port/findings/facts_*.py``).
"""
