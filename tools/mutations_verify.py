"""Faults of `paddle-compat verify`: a check that a CI trusts must not look away."""

from __future__ import annotations

from mutation_type import Mutation

__all__ = ["VERIFY"]

_CALLS = "conformance/verify/judging_calls.py"
_SNIPPETS = "conformance/verify/judging_snippets.py"
_RUNNING = "conformance/verify/running.py"
_COMMAND = "conformance/verify/command.py"

_JUDGING = ("conformance/verify/test_judging.py",)
_COMMANDS = ("conformance/verify/test_command.py",)

VERIFY = (
    Mutation(
        "verify: a waiver that no longer occurs is no matter",
        _CALLS,
        "if quirk.shown_by(paddle, quirk.paddle) != has:",
        "if False:",
        _JUDGING,
    ),
    Mutation(
        "verify: what is known of Paddle's makes it guilty too",
        _CALLS,
        "    wrong[1] &= ~judged.excused(part, theirs)\n",
        "",
        _JUDGING,
    ),
    Mutation(
        "verify: newer versions have no quirks",
        _CALLS,
        "return max(older, key=release) if older",
        "return version if older",
        _JUDGING,
    ),
    Mutation(
        "verify: a Paddle that changed is right",
        _SNIPPETS,
        'blame: Blame = "both" if compare(snippet, ours, before) else "paddle"',
        'blame: Blame = "ours"',
        _JUDGING,
    ),
    Mutation(
        "verify: a declared difference is waived whatever ours answers",
        _SNIPPETS,
        "    found = check(snippet, ours, paddle)\n",
        "    found = [] if snippet.differs else check(snippet, ours, paddle)\n",
        _JUDGING,
    ),
    Mutation(
        "verify: what was not reached is left out",
        _RUNNING,
        "        if place not in results:\n",
        "        if False:\n",
        _COMMANDS,
    ),
    Mutation(
        "verify: a case that nobody can answer is left out",
        _RUNNING,
        "        if case.id not in reached:\n",
        "        if False:\n",
        _COMMANDS,
    ),
    Mutation(
        "verify: a failure ends with 0",
        _COMMAND,
        "    if report.failed:\n        return 1\n",
        "",
        _COMMANDS,
    ),
    Mutation(
        "verify: nothing compared is a success",
        _COMMAND,
        "    if not compared:\n",
        "    if False:\n",
        _COMMANDS,
    ),
)
