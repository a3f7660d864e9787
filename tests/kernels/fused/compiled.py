"""Compile what the faces launch, for a GPU that is not there, and print facts of it as JSON.

    python compiled.py 90 [short]

The argument is the GPU's compute capability. Everything is as on such a GPU up to the launch: the
arguments as they are told apart, the kernel's variant, the machine code.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import triton
from torch import Tensor
from triton.backends.compiler import GPUTarget

import paddle_compat as paddle
from paddle_compat.kernels import launch, triton_focal
from paddle_compat.kernels.focal import Focal, focal_loss_sum
from paddle_compat.kernels.paths import focal_path

functional = paddle.nn.functional.sigmoid_focal_loss
by_class = paddle.fluid.layers.sigmoid_focal_loss
TOOLS = Path(triton.__file__).parent / "backends" / "nvidia" / "bin"


class Compiled:
    """A kernel that is compiled where it would be launched."""

    def __init__(self, kernel: Any, facts: list[dict[str, Any]]) -> None:
        self.kernel, self.facts, self.case = kernel, facts, ""

    def __getitem__(self, grid: tuple[int, ...]) -> Any:
        def compile_it(*arguments: Any, **constants: Any) -> None:
            made = self.kernel.warmup(*arguments, grid=grid, **constants)
            self.facts.append({"case": self.case, "kernel": self.kernel.__name__, **facts_of(made)})

        return compile_it


def facts_of(made: Any) -> dict[str, Any]:
    """Read the assembly that was made."""
    text = made.asm["ptx"]
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(made.asm["cubin"])
        file.flush()
        usage = subprocess.run(
            [TOOLS / "cuobjdump", "-res-usage", file.name], capture_output=True, text=True
        ).stdout
    return {
        "approximate": sorted(set(re.findall(r"\b\w+\.(?:approx|full)[\w.]*", text))),
        "wide loads": len(re.findall(r"ld\.global\.v4\.b32", text)),
        "wide stores": len(re.findall(r"st\.global\.v4\.b32", text)),
        "conversions": sorted(set(re.findall(r"cvt\.[\w.]*b?f16[\w.]*", text))),
        "contracted": made.metadata.enable_fp_fusion,
        "atomics": len(re.findall(r"\b(?:atom|red)\.", text)),
        "spilled": sum(map(int, re.findall(r"(?:STACK|LOCAL):(\d+)", usage))),
        "registers": max(map(int, re.findall(r"REG:(\d+)", usage))),
    }


def run(kernels: list[Compiled]) -> None:
    """Call the faces in their variants, on tensors whose memory nobody reads."""

    def case(name: str, call: Any, x: Tensor, backward: bool = True) -> None:
        for kernel in kernels:
            kernel.case = name
        loss = call(x.requires_grad_(backward))
        if backward:
            loss.backward(torch.ones_like(loss).contiguous())

    label = torch.ones(1000, 1, dtype=torch.int32)
    fg_num = torch.ones(1, dtype=torch.int32)
    short = sys.argv[2:] == ["short"]
    dtypes = (torch.float32, torch.bfloat16)
    for dtype in dtypes if short else (*dtypes, torch.float64):
        kind, x, y = str(dtype)[6:], torch.empty(1000, 80, dtype=dtype), torch.ones(1000, 80)
        y = y.to(dtype)
        for reduction in ("none", "sum"):
            name = f"dense {reduction} {kind}"
            case(name, lambda x: functional(x, y, reduction=reduction), x.clone())
        case(f"classes {kind}", lambda x: by_class(x, label, fg_num), x.clone())
    if short:
        return
    x, y = torch.empty(1000, 80), torch.ones(1000, 80)
    for gamma in (0.5, 1.1, -0.5):
        call = lambda x: functional(x, y, gamma=gamma, reduction="none")
        case(f"gamma {gamma} dense", call, x.clone())
        case(f"gamma {gamma} classes", lambda x: by_class(x, label, fg_num, gamma), x.clone())
    turned = x.transpose(0, 1).contiguous().transpose(0, 1)
    case("turned dense", lambda x: functional(x, y, reduction="none"), turned.clone())
    case("turned classes", lambda x: by_class(x, label, fg_num), turned.clone())
    case("every other", lambda x: functional(x[:, ::2], y[:, ::2]), x.clone())
    case("one", lambda x: functional(x, y[0, :1]), x[0, :1].clone())
    case("odd", lambda x: functional(x, y[:3, :3], reduction="none"), x[:3, :3].clone())
    case("one class", lambda x: by_class(x, label, fg_num), x[:, :1].clone())
    bits = torch.empty(2**31 + 99, dtype=torch.uint8)
    total = lambda x: focal_loss_sum(x, bits, Focal(2.0, 0.25, 0.75), dtype=torch.float32)
    case("huge", total, torch.empty(2**31 + 99, dtype=torch.bfloat16), backward=False)
    case("huge and expanded", total, torch.empty(1).expand(2**31 + 99), backward=False)


def main() -> None:
    """Compile, and print."""
    target = GPUTarget("cuda", int(sys.argv[1]), 32)
    stand_in = SimpleNamespace(
        get_current_device=lambda: 0,
        get_current_stream=lambda device: 0,
        get_current_target=lambda: target,
    )
    triton.runtime.driver.set_active(stand_in)
    facts: list[dict[str, Any]] = []
    names = ("loss", "partial_sums", "finish", "gradient")
    kernels = {name: Compiled(getattr(triton_focal, name), facts) for name in names}
    module = SimpleNamespace(**kernels, tl=triton.language, INTERPRETED=False)
    launch._kernels_for = lambda device: module
    with focal_path("triton"):
        run(list(kernels.values()))
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
