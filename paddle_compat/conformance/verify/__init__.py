"""``paddle-compat verify``: ours held to real Paddle, recorded or live, case by case.

- `model`: what a run is made of, and what it gives: cases, results, the report;
- `selection`: every case there is, and the choice of some by pattern;
- `answers`: real Paddle's answers, recorded or asked for;
- `judging`, `judging_calls`, `judging_snippets`: the verdict on one case;
- `running`: the loop over cases and versions;
- `formats`: the report as text, JSON, JUnit, GitHub annotations or a page;
- `command`: the command line.
"""
