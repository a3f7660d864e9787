"""The faults that `mutation_check.py` plants, one at a time: data, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MUTATIONS", "Mutation"]


@dataclass(frozen=True)
class Mutation:
    """One small fault.

    Attributes:
        name: what is wrong then.
        file: under ``paddle_compat/``.
        before: text that occurs exactly once in the file.
        after: what it becomes.
        first: the tests that should notice (files or folders under ``tests/``), run first.
    """

    name: str
    file: str
    before: str
    after: str
    first: tuple[str, ...] = ()


_POINTWISE = "kernels/pointwise.py"
_DENSE = "kernels/dense.py"
_ROWS = "kernels/by_class.py"
_BLOCKS = "kernels/blocks.py"
_GRAD = "kernels/differentiate.py"
_COMPOSED = "kernels/composed.py"
_FOCAL = "kernels/focal.py"
_GLOBAL = "kernels/global_sum.py"
_FUNCTIONAL = "nn/functional/loss.py"
_MODULE = "nn/layer/loss.py"
_FLUID = "fluid/layers/detection.py"

_SWEEP = ("sweep/test_float32.py",)
_HALF = ("sweep/test_half.py",)
_RANKS = ("distributed",)
_COMPOSED_TESTS = (
    "faces/test_special_values_under_transforms.py",
    "faces/test_far_easy_elements.py",
    "kernels",
)

_KERNEL = (
    Mutation(
        "one-sided: log(1 - x) instead of log1p(-x)",
        _POINTWISE,
        "torch.minimum(p, n, out=factor).neg_().log1p_()",
        "torch.minimum(p, n, out=factor).neg_().add_(1).log_()",
        _SWEEP,
    ),
    Mutation(
        "dense: log(1 - x) instead of log1p(-x)",
        _POINTWISE,
        "torch.minimum(p, n, out=miss).neg_().log1p_()",
        "torch.minimum(p, n, out=miss).neg_().add_(1).log_()",
        _SWEEP,
    ),
    Mutation(
        "one-sided: the larger of p and 1 - p in the logarithm",
        _POINTWISE,
        "torch.minimum(p, n, out=factor)",
        "torch.maximum(p, n, out=factor)",
        _SWEEP,
    ),
    Mutation(
        "one-sided: the logit clamped at the wrong place",
        _POINTWISE,
        "torch.clamp_min(logit, 0, out=entropy).sub_(factor)",
        "torch.clamp_min(logit, 1e-5, out=entropy).sub_(factor)",
        _SWEEP,
    ),
    Mutation(
        "one-sided: no weight",
        _POINTWISE,
        "    factor.mul_(weight)\n",
        "",
        _SWEEP,
    ),
    Mutation(
        "one-sided: the slope without its factor gamma",
        _POINTWISE,
        "entropy.clamp_max_(_LARGE), value=gamma)",
        "entropy.clamp_max_(_LARGE))",
        _SWEEP,
    ),
    Mutation(
        "one-sided: 0 x infinity in the slope",
        _POINTWISE,
        "entropy.clamp_max_(_LARGE), value=gamma",
        "entropy, value=gamma",
        _SWEEP,
    ),
    Mutation(
        "one-sided: 0 x infinity in the loss of positives that weigh nothing",
        _POINTWISE,
        "torch.where(weight == 0, entropy.clamp_max(_LARGE), entropy)",
        "entropy",
        ("kernels", "conformance/test_vectors.py"),
    ),
    Mutation(
        "one-sided: 0 x infinity in the loss of negatives that weigh nothing",
        _POINTWISE,
        "    elif weight == 0:\n        entropy.clamp_max_(_LARGE)\n",
        "",
        ("kernels", "conformance/test_vectors.py"),
    ),
    Mutation(
        "one-sided: gamma 0 computed as gamma 1",
        _POINTWISE,
        "        factor.fill_(1)\n",
        "        factor.copy_(p)\n",
        _SWEEP,
    ),
    Mutation(
        "power 2.5 computed as 1.5",
        _POINTWISE,
        "return out.mul_(base) if exponent == 2.5 else out",
        "return out",
        ("kernels",),
    ),
    Mutation(
        "power 0.5 computed as 1.5",
        _POINTWISE,
        "if exponent in (1.5, 2.5):",
        "if exponent in (0.5, 1.5, 2.5):",
        _SWEEP,
    ),
    Mutation(
        "dense: sigmoid(x) and sigmoid(-x) swapped in 1 - p_t",
        _POINTWISE,
        "torch.lerp(p, n, label, out=miss)",
        "torch.lerp(n, p, label, out=miss)",
        _SWEEP,
    ),
    Mutation(
        "dense: the weights of both labels swapped",
        _POINTWISE,
        "torch.sub(negative, label, alpha=negative, out=weight).add_(label, alpha=positive)",
        "torch.sub(positive, label, alpha=positive, out=weight).add_(label, alpha=negative)",
        _SWEEP,
    ),
    Mutation(
        "dense: x - x y with the wrong sign",
        _POINTWISE,
        "addcmul_(logit, label, value=-1)",
        "addcmul_(logit, label, value=1)",
        _SWEEP,
    ),
    Mutation(
        "dense: the slope of 1 - p_t wrong for soft and positive labels",
        _POINTWISE,
        "mixed.addcmul_(mixed, label, value=-2)",
        "mixed.addcmul_(mixed, label, value=-1)",
        _SWEEP,
    ),
    Mutation(
        "dense: p - y with the sign of its second half lost",
        _POINTWISE,
        "torch.addcmul(miss, n, label, value=-2, out=n)",
        "torch.addcmul(miss, n, label, value=0, out=n)",
        _SWEEP,
    ),
    Mutation(
        "dense: gamma 3 computed as gamma 2",
        _POINTWISE,
        "        if gamma == 2:\n",
        "        if gamma in (2, 3):\n",
        _SWEEP,
    ),
    Mutation(
        "dense: one power too many for gamma above 1",
        _POINTWISE,
        "_power(miss, gamma - 1, p)",
        "_power(miss, gamma, p)",
        _SWEEP,
    ),
    Mutation(
        "dense: a fractional gamma's slope divides by zero",
        _POINTWISE,
        "miss.clamp_min_(torch.finfo(miss.dtype).tiny)",
        "miss",
        _SWEEP,
    ),
    Mutation(
        "dense: the slope without its factor gamma",
        _POINTWISE,
        "n.addcmul_(mixed, entropy, value=gamma)",
        "n.addcmul_(mixed, entropy)",
        _SWEEP,
    ),
    Mutation(
        "infinite logits: the two sides swapped",
        _POINTWISE,
        "torch.where(logit > 0, 1 - label, label)",
        "torch.where(logit < 0, 1 - label, label)",
        _SWEEP,
    ),
    Mutation(
        "infinite logits: 0 x infinity on the easy side",
        _POINTWISE,
        "torch.where(limit == 0, 0.0, logit)",
        "logit",
        _SWEEP,
    ),
    Mutation(
        "infinite logits: the slope without its sign",
        _POINTWISE,
        "limit * logit.sign()",
        "limit",
        _SWEEP,
    ),
    Mutation(
        "infinite logits: gamma left out of the limit for soft labels",
        _POINTWISE,
        "weight * wrong.pow(focal.exponent) * wrong",
        "weight * wrong",
        ("kernels", "conformance/test_vectors.py"),
    ),
    Mutation(
        "total: single precision between the rows",
        _POINTWISE,
        ".sum(1).sum(dtype=torch.float64)",
        ".sum(1).sum()",
        ("faces/test_sum_precision.py",),
    ),
    Mutation(
        "total: what does not fill a row is lost",
        _POINTWISE,
        "return rows if whole == values.numel() else rows + values[whole:].sum("
        "dtype=torch.float64)",
        "return rows",
        ("kernels",),
    ),
    Mutation(
        "a sum keeps its last block only",
        _BLOCKS,
        "torch.stack(totals).sum()",
        "totals[-1]",
        ("kernels",),
    ),
    Mutation(
        "blocks that cut rows",
        _BLOCKS,
        "step = min(max(step // unit, 1) * unit, size)",
        "step = min(step, size)",
        ("kernels",),
    ),
    Mutation(
        "results in the order of memory instead of the logits' order",
        _BLOCKS,
        ".permute(inverse)",
        ".permute(order)",
        ("kernels",),
    ),
    Mutation(
        "bfloat16 computed in bfloat16",
        _BLOCKS,
        "dtype in (torch.float16, torch.bfloat16)",
        "dtype in (torch.float16,)",
        _HALF,
    ),
    Mutation(
        "dense: the mean's slope is the sum's",
        _DENSE,
        "        if scale != 1:\n",
        "        if scale > 1:\n",
        ("kernels", "faces"),
    ),
    Mutation(
        "dense: labels between -101 and -100 are not ignored",
        _DENSE,
        "y.trunc() == focal.ignored",
        "y == focal.ignored",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "dense: every label below -99 is ignored",
        _DENSE,
        "y.trunc() == focal.ignored",
        "y.trunc() <= focal.ignored",
        ("faces/test_functional.py",),
    ),
    Mutation(
        "dense: ignored elements keep their slope",
        _DENSE,
        "                slope_out.masked_fill_(ignored, 0)\n",
        "                pass\n",
        _HALF,
    ),
    Mutation(
        "dense: ignored elements keep their loss",
        _DENSE,
        "            loss.masked_fill_(ignored, 0)\n",
        "",
        _HALF,
    ),
    Mutation(
        "dense: ignored elements stay in the sum",
        _DENSE,
        "        total = pointwise.total(loss)\n    if slope_out is not None:\n",
        "    if slope_out is not None:\n",
        ("kernels", "faces"),
    ),
    Mutation(
        "dense: a block without infinities is not searched for ignored labels",
        _DENSE,
        "return not label.amin().item() > focal.ignored",
        "return not label.amin().item() > focal.ignored - 1",
        _HALF,
    ),
    Mutation(
        "dense: infinite logits are left as they are",
        _DENSE,
        'if total.device.type != "cpu" or not math.isfinite(total.item()):',
        'if total.device.type != "cpu":',
        _SWEEP,
    ),
    Mutation(
        "dense: a recomputed slope without the incoming gradient",
        _DENSE,
        "            slope_out.mul_(upstream)\n",
        "            pass\n",
        _HALF,
    ),
    Mutation(
        "dense: each block takes the first block's incoming gradient",
        _DENSE,
        "factor = flat[2][part] if upstreams else upstream",
        "factor = flat[2][: part.stop - part.start] if upstreams else upstream",
        ("kernels",),
    ),
    Mutation(
        "rows: a label above C is positive in the last column (blocks)",
        _ROWS,
        "is_positive = self.at == column",
        "is_positive = self.at <= column",
        ("kernels", "sweep"),
    ),
    Mutation(
        "rows: background is positive in the first column (blocks)",
        _ROWS,
        "is_positive = self.at == column",
        "is_positive = self.at >= column",
        _HALF,
    ),
    Mutation(
        "rows: a label above C is positive in the last column (at once)",
        _ROWS,
        "torch.eq(column, torch.arange(logit.shape[1]))",
        "torch.eq(column.clamp(max=logit.shape[1] - 1), torch.arange(logit.shape[1]))",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "rows: background is positive in the first column (at once)",
        _ROWS,
        "torch.eq(column, torch.arange(logit.shape[1]))",
        "torch.eq(column.clamp(min=0), torch.arange(logit.shape[1]))",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "rows: the positive in the next column (blocks)",
        _ROWS,
        "self.at = column.clamp(0, logit.shape[1] - 1)",
        "self.at = (column + 1).clamp(0, logit.shape[1] - 1)",
        ("kernels", "sweep"),
    ),
    Mutation(
        "rows: a positive's slope with the wrong sign",
        _ROWS,
        "torch.where(is_positive, -self.slope, self.slope)",
        "self.slope",
        _SWEEP,
    ),
    Mutation(
        "rows: a positive's logit with the wrong sign",
        _ROWS,
        "torch.where(is_positive, -x, x)",
        "x",
        _SWEEP,
    ),
    Mutation(
        "rows: positives weigh as negatives",
        _ROWS,
        "masked_fill_(is_positive, focal.positive)",
        "masked_fill_(is_positive, focal.negative)",
        _SWEEP,
    ),
    Mutation(
        "rows: no saturation (blocks)",
        _ROWS,
        "is_positive & (x > focal.ceiling)",
        "is_positive & (x > 2 * focal.ceiling)",
        _SWEEP,
    ),
    Mutation(
        "rows: no saturation (at once)",
        _ROWS,
        "(label == 1) & (logit < -focal.ceiling)",
        "(label == 1) & (logit < -2 * focal.ceiling)",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "rows: negatives saturate too (at once)",
        _ROWS,
        "saturated = (label == 1) & (logit < -focal.ceiling)",
        "saturated = logit.abs() > focal.ceiling",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "rows: the loss put in place of a positive's slope",
        _ROWS,
        "slope_out.scatter_(1, rows.at[here], rows.slope[here])",
        "slope_out.scatter_(1, rows.at[here], rows.loss[here])",
        _SWEEP,
    ),
    Mutation(
        "rows: every block takes the first block's positives",
        _ROWS,
        "loss_out.scatter_(1, rows.at[here], rows.loss[here])",
        "loss_out.scatter_(1, rows.at[: len(loss_out)], rows.loss[: len(loss_out)])",
        _SWEEP,
    ),
    Mutation(
        "rows: each block takes the first block's incoming gradient",
        _ROWS,
        "factor = upstream[here] if",
        "factor = upstream[: here.stop - here.start] if",
        ("kernels",),
    ),
    Mutation(
        "rows: a recomputed slope without the incoming gradient",
        _ROWS,
        "            slope_out.mul_(upstream)\n",
        "            pass\n",
        _HALF,
    ),
    Mutation(
        "rows: ignored rows keep their slope",
        _ROWS,
        "[result.loss] if result.slope is None else [result.loss, result.slope]",
        "[result.loss]",
        _HALF,
    ),
    Mutation(
        "rows: every label below 0 is ignored",
        _ROWS,
        "_zero_rows(column == focal.ignored, result)",
        "_zero_rows(column <= focal.ignored, result)",
        _HALF,
    ),
    Mutation(
        "infinite gamma is not replaced",
        "kernels/hyper.py",
        "return min(self.gamma, 1e30)",
        "return self.gamma",
        ("kernels", "faces"),
    ),
)

_AUTOGRAD = (
    Mutation(
        "the stored slope is used again when a retained graph runs again",
        _GRAD,
        "ctx.slope.pop()",
        "ctx.slope[-1]",
        ("kernels",),
    ),
    Mutation(
        "an incoming gradient below 1 is taken for 1",
        _GRAD,
        "upstream.item() != 1:",
        "upstream.item() > 1:",
        ("kernels",),
    ),
    Mutation(
        "an incoming gradient expanded along rows only is taken for one number",
        _GRAD,
        "any(upstream.stride())",
        "upstream.stride(0)",
        ("kernels",),
    ),
    Mutation(
        "a label's gradient is lost",
        _GRAD,
        "if torch.is_grad_enabled() or needs[1]:",
        "if torch.is_grad_enabled():",
        ("kernels",),
    ),
    Mutation(
        "no second derivative",
        _GRAD,
        "if torch.is_grad_enabled() or needs[1]:",
        "if needs[1]:",
        ("kernels",),
    ),
    Mutation(
        "a negative gamma goes to the sweep",
        _GRAD,
        "return focal.gamma >= 0 and",
        "return",
        ("kernels",),
    ),
    Mutation(
        "half precision: the slope is rounded before it is scaled",
        _GRAD,
        "ctx.needs_input_grad[0] and compute_dtype(logit.dtype) == logit.dtype",
        "ctx.needs_input_grad[0]",
        _HALF,
    ),
    Mutation(
        "a label that depends on the logits is counted into their gradient",
        _GRAD,
        "source.view_as(source) if source.requires_grad",
        "source if source.requires_grad",
        ("faces/test_labels_from_logits.py",),
    ),
    Mutation(
        "composed: sigmoid(x) and sigmoid(-x) swapped in 1 - p_t",
        _COMPOSED,
        "p * (1 - label) + n * label",
        "n * (1 - label) + p * label",
        _COMPOSED_TESTS,
    ),
    Mutation(
        "composed: the weights of both labels swapped",
        _COMPOSED,
        "label * focal.positive + (1 - label) * focal.negative",
        "label * focal.negative + (1 - label) * focal.positive",
        _COMPOSED_TESTS,
    ),
    Mutation(
        "composed: the cross-entropy of negatives with the wrong sign",
        _COMPOSED,
        "(label - 1) * F.logsigmoid(-x)",
        "(1 - label) * F.logsigmoid(-x)",
        _COMPOSED_TESTS,
    ),
    Mutation(
        "composed: the derivative of 0 to a fractional power",
        _COMPOSED,
        "floor = max(tiny, 1e-100)",
        "floor = 0.0",
        _COMPOSED_TESTS,
    ),
    Mutation(
        "composed: one power too many for a negative gamma",
        _COMPOSED,
        "safe.pow(gamma + 1)",
        "safe.pow(gamma + 2)",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "composed: infinite logits swapped",
        _COMPOSED,
        "torch.where(logit > 0, 1 - label, label)",
        "torch.where(logit < 0, 1 - label, label)",
        _COMPOSED_TESTS,
    ),
    Mutation(
        "composed: ignored elements keep their NaN in the gradient",
        _COMPOSED,
        "        logit = torch.where(ignored, 0.0, logit)\n        label =",
        "        label =",
        _COMPOSED_TESTS,
    ),
    Mutation(
        "composed: ignored elements contribute",
        _COMPOSED,
        "    loss = torch.where(infinite, limit, loss)\n"
        "    return loss if ignored is None else loss.masked_fill(ignored, 0)\n",
        "    return torch.where(infinite, limit, loss)\n",
        _COMPOSED_TESTS,
    ),
    Mutation(
        "composed: the saturation zeroes the gradient",
        _COMPOSED,
        "loss - excess.detach()",
        "loss - excess",
        _COMPOSED_TESTS,
    ),
    Mutation(
        "composed: ignored rows contribute",
        _COMPOSED,
        "loss - excess.detach())\n"
        "    return loss if ignored is None else loss.masked_fill(ignored, 0)\n",
        "loss - excess.detach())\n    return loss\n",
        _COMPOSED_TESTS,
    ),
    Mutation(
        "the sum is not divided",
        _FOCAL,
        "(total if self.divisor == 1 else total / self.divisor)",
        "total",
        ("faces", "kernels"),
    ),
    Mutation(
        "the mean's gradient is not divided",
        _FOCAL,
        "scale=1 / self.divisor if self.divisor else math.inf,",
        "scale=1.0,",
        ("faces", "kernels"),
    ),
    Mutation(
        "composed: the sum accumulates in single precision",
        _FOCAL,
        "self._finish(loss.sum(dtype=wide))",
        "self._finish(loss.sum())",
        ("faces", "kernels"),
    ),
)

_FACES = (
    Mutation(
        "functional: another label is ignored",
        _FUNCTIONAL,
        "_IGNORED_LABEL = -100",
        "_IGNORED_LABEL = -1",
        ("faces/test_functional.py", "conformance/test_vectors.py"),
    ),
    Mutation(
        "functional: alpha and gamma swapped in the signature",
        _FUNCTIONAL,
        "    alpha: float | Tensor = 0.25,\n    gamma: float = 2.0,\n",
        "    gamma: float = 2.0,\n    alpha: float | Tensor = 0.25,\n",
        ("faces/test_functional.py",),
    ),
    Mutation(
        "functional: gamma keeps its double precision",
        _FUNCTIONAL,
        'float(np.float32(_number("gamma", gamma)))',
        '_number("gamma", gamma)',
        ("faces/test_functional.py", "conformance/test_vectors.py"),
    ),
    Mutation(
        "functional: alpha in place of 1 - alpha",
        _FUNCTIONAL,
        "Focal(focusing, weight, 1 - weight, None, _IGNORED_LABEL)",
        "Focal(focusing, weight, weight, None, _IGNORED_LABEL)",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "functional: the mean is not divided by the number of elements",
        _FUNCTIONAL,
        'count = float(logit.numel()) if reduction == "mean" else 1.0',
        "count = 1.0",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "functional: with a normalizer that broadcasts the mean is the sum",
        _FUNCTIONAL,
        '(wide / loss.numel() if reduction == "mean" else wide)',
        "wide",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "functional: the normalizer multiplies",
        _FUNCTIONAL,
        "return (total / divisor.reshape(())).to(dtype)",
        "return (total * divisor.reshape(())).to(dtype)",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "functional: a 0-D normalizer promotes the result",
        _FUNCTIONAL,
        "        return normalizer.to(logit.dtype)\n",
        "        return normalizer\n",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "functional: a [1] normalizer does not promote the result",
        _FUNCTIONAL,
        "dtype = torch.promote_types(logit.dtype, divisor.dtype)",
        "dtype = logit.dtype",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "functional: a normalizer of two dimensions passes",
        _FUNCTIONAL,
        "    if normalizer.ndim > 1:\n",
        "    if normalizer.ndim > 2:\n",
        ("faces/test_functional.py",),
    ),
    Mutation(
        "functional: a 1-D normalizer of integers passes",
        _FUNCTIONAL,
        "    if not normalizer.is_floating_point():\n",
        "    if normalizer.is_complex():\n",
        ("faces/test_functional.py",),
    ),
    Mutation(
        "functional: the normalizer is checked before the reduction",
        _FUNCTIONAL,
        "    if not isinstance(reduction, str) or reduction not in _REDUCTIONS:\n",
        "    if normalizer is not None:\n        _as_normalizer(normalizer, logit)\n"
        "    if not isinstance(reduction, str) or reduction not in _REDUCTIONS:\n",
        ("faces/test_functional.py",),
    ),
    Mutation(
        "functional: the label is checked before the normalizer",
        _FUNCTIONAL,
        "    divisor = None if normalizer is None else _as_normalizer(normalizer, logit)\n",
        '    if logit.shape != label.shape:\n        raise ValueError("label")\n'
        "    divisor = None if normalizer is None else _as_normalizer(normalizer, logit)\n",
        ("faces/test_functional.py",),
    ),
    Mutation(
        "functional: reductions are not case-sensitive",
        _FUNCTIONAL,
        "reduction not in _REDUCTIONS",
        "reduction.lower() not in _REDUCTIONS",
        ("faces/test_functional.py",),
    ),
    Mutation(
        "functional: labels broadcast",
        _FUNCTIONAL,
        "    if logit.shape != label.shape:\n",
        "    label = label.expand_as(logit) if label.ndim == logit.ndim else label\n"
        "    if logit.shape != label.shape:\n",
        ("faces/test_functional.py",),
    ),
    Mutation(
        "functional: labels of another dtype pass",
        _FUNCTIONAL,
        "    if logit.dtype != label.dtype:\n",
        "    if logit.dtype.itemsize > label.dtype.itemsize:\n",
        ("faces/test_functional.py",),
    ),
    Mutation(
        "functional: a gradient reaches alpha",
        _FUNCTIONAL,
        "torch.as_tensor(alpha, device=logit.device).detach()",
        "torch.as_tensor(alpha, device=logit.device)",
        ("faces/test_functional.py",),
    ),
    Mutation(
        "fluid: no label is ignored but 0 is",
        _FLUID,
        "_CEILING, _IGNORED_LABEL - 1)",
        "_CEILING, _IGNORED_LABEL)",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "fluid: classes count from 0",
        _FLUID,
        "(x, label - 1, focal)",
        "(x, label, focal)",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "fluid: fg_num below 1 divides",
        _FLUID,
        "foreground = max(int(",
        "foreground = (lambda count, _: count or 1)(int(",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "fluid: compiled, fg_num below 1 divides",
        _FLUID,
        ".clamp(min=1)",
        ".clamp(min=0)",
        ("faces/test_special_values_under_transforms.py",),
    ),
    Mutation(
        "fluid: the last element of fg_num counts",
        _FLUID,
        "else fg_num[0].item()",
        "else fg_num[-1].item()",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "fluid: alpha and 1 - alpha swapped",
        _FLUID,
        "alpha / foreground, (1 - alpha) / foreground",
        "(1 - alpha) / foreground, alpha / foreground",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "fluid: negatives are not divided by fg_num",
        _FLUID,
        "(1 - alpha) / foreground",
        "(1 - alpha)",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "fluid: alpha and gamma swapped in the signature",
        _FLUID,
        "gamma: float = 2.0, alpha: float = 0.25\n",
        "alpha: float = 0.25, gamma: float = 2.0\n",
        ("faces/test_fluid.py",),
    ),
    Mutation(
        "fluid: hyper-parameters keep their double precision",
        _FLUID,
        "return float(np.float32(number(name, value)))",
        "return number(name, value)",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "fluid: saturation at the smallest float64",
        _FLUID,
        "np.finfo(np.float32).tiny",
        "np.finfo(np.float64).tiny",
        ("conformance/test_vectors.py",),
    ),
    Mutation(
        "fluid: fg_num is checked before the label",
        _FLUID,
        '    _check_dtype("label", label, (torch.int32,), "int32", "label.int()")\n'
        '    _check_dtype("fg_num", fg_num, (torch.int32,), "int32", "fg_num.int()")\n',
        '    _check_dtype("fg_num", fg_num, (torch.int32,), "int32", "fg_num.int()")\n'
        '    _check_dtype("label", label, (torch.int32,), "int32", "label.int()")\n',
        ("faces/test_fluid.py",),
    ),
    Mutation(
        "fluid: labels of int64 pass",
        _FLUID,
        '_check_dtype("label", label, (torch.int32,)',
        '_check_dtype("label", label, (torch.int32, torch.int64)',
        ("faces/test_fluid.py",),
    ),
    Mutation(
        "fluid: an empty fg_num passes the check",
        _FLUID,
        "fg_num.ndim != 1 or fg_num.shape[0] == 0",
        "fg_num.ndim != 1",
        ("faces/test_fluid.py",),
    ),
    Mutation(
        "fluid: labels for other rows pass",
        _FLUID,
        "label.shape[0] != x.shape[0] or ",
        "label.shape[0] < x.shape[0] or ",
        ("faces/test_fluid_label_rows.py",),
    ),
)

_DISTRIBUTED = (
    Mutation(
        "module: alpha = -1 is a weight",
        _MODULE,
        "        if self.alpha == _NO_BALANCE:\n            positive = negative = 1.0\n",
        "",
        ("faces/test_module.py",),
    ),
    Mutation(
        "module: alpha = -1 halves",
        _MODULE,
        "positive = negative = 1.0",
        "positive = negative = 0.5",
        ("faces/test_module.py",),
    ),
    Mutation(
        "module: alpha above 1 passes",
        _MODULE,
        "if not 0 <= alpha <= 1 and",
        "if not 0 <= alpha <= 2 and",
        ("faces/test_module.py",),
    ),
    Mutation(
        "module: an infinite gamma passes",
        _MODULE,
        "if not 0 <= gamma < math.inf:",
        "if not 0 <= gamma <= math.inf:",
        ("faces/test_module.py",),
    ),
    Mutation(
        "module: the mean counts one element too many",
        _MODULE,
        "count = float(logit.numel()) if mean",
        "count = float(logit.numel() + 1) if mean",
        ("faces/test_module.py",),
    ),
    Mutation(
        "module: gather_distributed=False is no opt-out",
        _MODULE,
        "        if self.gather_distributed is False:\n            return False\n",
        "",
        _RANKS,
    ),
    Mutation(
        "module: the process group is looked up once",
        _MODULE,
        "        ranks = world_size()\n",
        '        ranks = self.__dict__.setdefault("_ranks", world_size())\n',
        _RANKS,
    ),
    Mutation(
        "module: gather_distributed=True without a process group passes",
        _MODULE,
        "if self.gather_distributed and ranks is None:",
        "if self.gather_distributed and ranks == 0:",
        _RANKS,
    ),
    Mutation(
        "module: no reduction over the ranks",
        _MODULE,
        "return ranks is not None and ranks > 1",
        "return False",
        _RANKS,
    ),
    Mutation(
        "module: each rank divides by its own count",
        _MODULE,
        "(total / count_all if mean else total)",
        "(total / logit.numel() if mean else total)",
        _RANKS,
    ),
    Mutation(
        "module: 'none' is divided by the number of ranks",
        _MODULE,
        "            return focal_loss(logit, label, focal)\n",
        "            return focal_loss(logit, label, focal) / (world_size() or 1)\n",
        _RANKS,
    ),
    Mutation(
        "module: an empty shard counts as one element",
        _MODULE,
        "focal_loss_sum(logit, label, focal, dtype=wide), logit.numel()\n",
        "focal_loss_sum(logit, label, focal, dtype=wide), max(logit.numel(), 1)\n",
        _RANKS,
    ),
    Mutation(
        "ranks: the gradient without the number of ranks",
        _GLOBAL,
        "return upstream * ctx.ranks, None",
        "return upstream, None",
        _RANKS,
    ),
    Mutation(
        "ranks: the number of ranks divides",
        _GLOBAL,
        "return upstream * ctx.ranks, None",
        "return upstream / ctx.ranks, None",
        _RANKS,
    ),
    Mutation(
        "ranks: every rank counts the same",
        _GLOBAL,
        "torch.full_like(local, count)",
        "torch.full_like(local, 24)",
        _RANKS,
    ),
)

MUTATIONS = (*_KERNEL, *_AUTOGRAD, *_FACES, *_DISTRIBUTED)
