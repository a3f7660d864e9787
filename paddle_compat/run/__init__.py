"""``paddle-compat run``: a legacy script, unmodified, with `paddle` answered by `paddle_compat`.

Importing this package changes nothing. `command` reads the command line, `launch` is what it shares
with other commands that run scripts, `observe` tells those which programs ran, `script` loads and
executes the script, `aliases` answers its imports, `era` restores what Python and NumPy have
removed since, `children` carries both into processes that the script spawns, `launcher` tells it
of the others that torchrun started with it, and `frames` finds the script's own lines.
"""
