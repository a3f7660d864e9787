"""Run the ported head where neither Paddle nor paddle_compat can be imported.

python run_ported.py HEAD.py WEIGHTS.pt INPUTS.npz ANSWERS.npz
"""

from __future__ import annotations

import importlib.util
import sys
from typing import Any


class Absent:
    """Lets nothing of Paddle's be imported."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.partition(".")[0] in ("paddle", "paddle_compat"):
            raise ModuleNotFoundError(f"No module named {name!r} here", name=name)


sys.meta_path.insert(0, Absent())

import numpy as np  # noqa: E402
import torch  # noqa: E402


def main(head_file: str, weights: str, inputs: str, answers: str) -> None:
    spec = importlib.util.spec_from_file_location("ported_head", head_file)
    assert spec is not None
    assert spec.loader is not None
    ported: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(ported)
    head = ported.Head()
    head.load_state_dict(torch.load(weights, weights_only=True))
    data = np.load(inputs)
    features = [data["small"], data["large"]]
    label, target = data["label"], data["target"]
    parts = head.loss(
        [torch.tensor(f) for f in features], torch.tensor(label), torch.tensor(target)
    )
    sum(parts).backward()
    found = {f"gradient {name}": p.grad.numpy().copy() for name, p in head.named_parameters()}
    head.zero_grad()
    steps = ported.train(head, [(features, label, target)] * 6)
    classes, scores = ported.predict(head, features)
    found |= {f"after {name}": p.detach().numpy() for name, p in head.named_parameters()}
    np.savez(answers, steps=np.array(steps), classes=classes, scores=scores, **found)
    assert not [name for name in sys.modules if name.partition(".")[0].startswith("paddle")]


if __name__ == "__main__":
    main(*sys.argv[1:])
