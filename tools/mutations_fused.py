"""Faults of the fused kernels and of what chooses and launches them."""

from __future__ import annotations

from mutation_type import Mutation

__all__ = ["FUSED"]

_MATH = "kernels/triton_math.py"
_KERNELS = "kernels/triton_focal.py"
_LAUNCH = "kernels/launch.py"
_LAYOUT = "kernels/layout.py"
_OPERATORS = "kernels/fused.py"
_PATHS = "kernels/paths.py"

_CHECKS = ("kernels/test_fused.py",)
_LAYOUTS = ("kernels/test_layout.py", "kernels/test_fused.py")

FUSED = (
    Mutation(
        "fused: no end to the exponential",
        _MATH,
        "return tl.where(a < -87.33654, 0.0, fraction * scale)",
        "return fraction * scale",
        _CHECKS,
    ),
    Mutation(
        "fused: a logarithm with six digits",
        _MATH,
        "return tl.fma(e * e, q, e)",
        "return tl.fma(e * e, q + 3e-6, e)",
        _CHECKS,
    ),
    Mutation(
        "fused: a reciprocal without its last step",
        _MATH,
        "return tl.fma(r, tl.fma(rest, rest, rest), r)",
        "return tl.fma(r, rest, r)",
        _CHECKS,
    ),
    Mutation(
        "fused: the slope of soft labels as if they were hard",
        _MATH,
        "mixed = tl.fma(mixed * -2.0, y, mixed)",
        "mixed = tl.fma(mixed * -2.0, tl.floor(y), mixed)",
        _CHECKS,
    ),
    Mutation(
        "fused: a weight of 0 makes not-a-number of an infinite loss",
        _MATH,
        "    entropy = tl.where(weight == 0, finite, entropy)\n",
        "",
        _CHECKS,
    ),
    Mutation(
        "fused: infinite logits of dense labels are large ones",
        _MATH,
        'tl.where(counts & (loss != 0), loss * float("inf"), loss)',
        "loss",
        _CHECKS,
    ),
    Mutation(
        "fused: ignored elements count",
        _KERNELS,
        "    value = tl.where(ignored, 0.0, value)\n",
        "",
        _CHECKS,
    ),
    Mutation(
        "fused: negatives saturate too",
        _KERNELS,
        "is_positive & (signed > ceiling)",
        "signed > ceiling",
        _CHECKS,
    ),
    Mutation(
        "fused: a block's first row is the next one",
        _KERNELS,
        "first = start // CLASSES",
        "first = (start + CLASSES - 1) // CLASSES",
        _CHECKS,
    ),
    Mutation(
        "fused: offsets of 32 bits",
        _KERNELS,
        "return start + i if WIDE else start.to(tl.int32) + i",
        "return start.to(tl.int32) + i",
        _CHECKS,
    ),
    Mutation(
        "fused: the last block is left out of a sum",
        _KERNELS,
        "elif start < n:",
        "elif start + BLOCK < n:",
        _CHECKS,
    ),
    Mutation(
        "fused: partial sums beyond the first are left out",
        _KERNELS,
        "for start in range(0, count, BLOCK):",
        "for start in range(0, BLOCK, BLOCK):",
        _CHECKS,
    ),
    Mutation(
        "fused: the power of gamma >= 1 is one too high",
        _LAUNCH,
        "exponent = gamma + (gamma < 0) - at_least_one",
        "exponent = gamma + (gamma < 0)",
        _CHECKS,
    ),
    Mutation(
        "fused: hyper-parameters in single precision",
        _LAUNCH,
        'struct.unpack("<q", struct.pack("<d", number))',
        'struct.unpack("<q", struct.pack("<d", *struct.unpack("<f", struct.pack("<f", number))))',
        _CHECKS,
    ),
    Mutation(
        "fused: the compiler contracts what is rounded twice",
        _LAUNCH,
        '"enable_fp_fusion": False',
        '"enable_fp_fusion": True',
        _CHECKS,
    ),
    Mutation(
        "fused: dimensions are merged where the logits' alone may be",
        _LAYOUT,
        "if merged and merged[-1][1] == tuple(size * stride for stride in strides):",
        "if merged and merged[-1][1][0] == size * strides[0]:",
        _LAYOUTS,
    ),
    Mutation(
        "fused: far offsets pass for near ones",
        _LAYOUT,
        "wide = max(math.prod(sizes) + slack, *reach) > _LARGEST",
        "wide = math.prod(sizes) + slack > _LARGEST",
        _LAYOUTS,
    ),
    Mutation(
        "fused: gradients that are to be differentiated are not",
        _OPERATORS,
        "if torch.is_grad_enabled() or ctx.needs_input_grad[1]:",
        "if ctx.needs_input_grad[1]:",
        _CHECKS,
    ),
    Mutation(
        "fused: weights of each row pass for one number",
        _OPERATORS,
        "weight.ndim == 0 and ",
        "",
        _CHECKS,
    ),
    Mutation(
        "fused: transforms inside compiled code reach the operator",
        _OPERATORS,
        "differentiated or differentiate.transforms_active() or ",
        "differentiated or ",
        _CHECKS,
    ),
    Mutation(
        "fused: a sum's divisor divides single losses",
        _OPERATORS,
        "divisor = 1.0 if ctx.total is None else ctx.divisor",
        "divisor = ctx.divisor",
        _CHECKS,
    ),
    Mutation(
        "paths: a choice outlives its block",
        _PATHS,
        "        _chosen.pop()\n",
        "        pass\n",
        ("kernels/test_paths.py",),
    ),
)
