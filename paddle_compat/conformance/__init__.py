"""The proof: real Paddle, the exact value and `paddle_compat`, compared call by call.

- `call`: what is asked (`Call`) and what came back (`Outcome`);
- `oracles`: real Paddle, in this process or in an interpreter of its own;
- `ours`: the same calls on the faces of `paddle_compat`;
- `exact`: the true values and derivatives, by mpmath;
- `compare`: the one tolerance table, and the three-way comparison;
- `quirks`: the ledger of every known divergence;
- `cases`: the calls that the tests and the recordings ask; `scans` and `drawn`: more of them;
- `snippets`: layers and programs as legacy source that both sides run; `snippet_cases`: all of it;
- `coverage`: the public names, and the cases that use each;
- `verify`: the command ``paddle-compat verify``;
- `record`: re-records the bundled vectors (``python -m paddle_compat.conformance.record``).
- `scans`: errors along the logit and along a mean's length, for plots; recorded by
  ``python -m paddle_compat.conformance.scans``.
"""
