"""Names that torch has too, and that differ there: why they are left alone, and what to do."""

from __future__ import annotations

__all__ = ["DIFFERS", "advice", "differs"]

_DRAWS = "torch draws other numbers from the same seed; use {} where any numbers will do"
_TIES = "on equal elements, torch spreads the gradient in another way; use {} where that is fine"
_ROUNDING = "Paddle rounds halves away from zero, torch to even numbers"
_SMALL_BATCH = (
    "it keeps the biased variance in its running statistics and torch the unbiased one; in "
    "evaluation they are equal: {} with momentum=1 - Paddle's"
)
_RATES = (
    "Paddle's scheduler is made before its optimizer and torch's after it; "
    "see torch.optim.lr_scheduler"
)
_PROGRAM = "a program of Paddle's: use paddle_compat.fluid, or rewrite it as a module"
_FILES = "its files are Paddle's; paddle_compat reads and writes them"
_LEAKY = "where an element is 0, Paddle's gradient is 1 and torch's is the slope; use {}"
_LOGITS = (
    "at a logit of exactly 0 Paddle's gradient is off, and labels get none; torch's are right: {}"
)
_ORDER = "of equal elements, torch may give another one's index; use {} where that is fine"

DIFFERS = {
    "paddle.rand": _DRAWS.format("torch.rand"),
    "paddle.randn": _DRAWS.format("torch.randn"),
    "paddle.randint": _DRAWS.format("torch.randint"),
    "paddle.randperm": _DRAWS.format("torch.randperm"),
    "paddle.uniform": _DRAWS.format("torch.empty(...).uniform_(...)"),
    "paddle.normal": _DRAWS.format("torch.normal"),
    "paddle.bernoulli": _DRAWS.format("torch.bernoulli"),
    "paddle.multinomial": _DRAWS.format("torch.multinomial"),
    "paddle.seed": _DRAWS.format("torch.manual_seed"),
    "paddle.nn.Dropout": _DRAWS.format("torch.nn.Dropout"),
    "paddle.nn.functional.dropout": _DRAWS.format("torch.nn.functional.dropout"),
    "paddle.max": _TIES.format("torch.max(...).values or torch.amax"),
    "paddle.min": _TIES.format("torch.min(...).values or torch.amin"),
    "paddle.round": _ROUNDING,
    "paddle.topk": _ORDER.format("torch.topk"),
    "paddle.argsort": _ORDER.format("torch.argsort"),
    "paddle.nn.BatchNorm": _SMALL_BATCH.format("torch.nn.BatchNorm2d"),
    "paddle.nn.BatchNorm1D": _SMALL_BATCH.format("torch.nn.BatchNorm1d"),
    "paddle.nn.BatchNorm2D": _SMALL_BATCH.format("torch.nn.BatchNorm2d"),
    "paddle.nn.BatchNorm3D": _SMALL_BATCH.format("torch.nn.BatchNorm3d"),
    "paddle.nn.Embedding": "it draws its values otherwise; use torch.nn.Embedding with your own",
    "paddle.nn.LeakyReLU": _LEAKY.format("torch.nn.LeakyReLU"),
    "paddle.nn.functional.leaky_relu": _LEAKY.format("torch.nn.functional.leaky_relu"),
    "paddle.nn.BCEWithLogitsLoss": _LOGITS.format("torch.nn.BCEWithLogitsLoss"),
    "paddle.nn.functional.binary_cross_entropy_with_logits": _LOGITS.format(
        "torch.nn.functional.binary_cross_entropy_with_logits"
    ),
    "paddle.nn.functional.kl_div": "its label gets no gradient in Paddle, and one in torch",
    "paddle.nn.functional.hardshrink": "the two treat elements at the very threshold otherwise",
    "paddle.equal_all": "it is a tensor; torch.equal gives a bool",
    "paddle.save": _FILES,
    "paddle.load": _FILES,
    "paddle.gather": "its index may have one axis more; torch.index_select takes a flat one",
    "paddle.gather_nd": "torch has no such function: index with the columns of the index",
    "paddle.nonzero": "its tuples have another shape; use torch.nonzero",
    "paddle.nn.functional.linear": "Paddle's weight is [in, out], torch's [out, in]",
    "paddle.nn.functional.binary_cross_entropy": "the two limit the logarithm at other values",
    "paddle.nn.functional.cross_entropy": (
        "its labels have an axis more, its axis is the last, and it may take probabilities; "
        "torch.nn.functional.cross_entropy takes classes [N] and logits [N, C, ...]"
    ),
    "paddle.nn.functional.pad": "what its numbers mean depends on how many axes there are",
    "paddle.nn.functional.sigmoid_focal_loss": "torch has no such loss with a normalizer",
    "paddle.set_device": "a device belongs to tensors and modules in torch: .to('cuda')",
    "paddle.get_device": "a device belongs to tensors and modules in torch: x.device",
    "paddle.DataParallel": "use torch.nn.parallel.DistributedDataParallel",
    "paddle.io.DataLoader": "use torch.utils.data.DataLoader; it shuffles in another order",
    "paddle.io.Dataset": "use torch.utils.data.Dataset",
    "paddle.enable_static": _PROGRAM,
    "paddle.Model": "write the training loop, or use a trainer for torch",
    "paddle.ParamAttr": "initial values are set with torch.nn.init",
    "paddle.disable_static": "torch is always like that: delete the line",
    "paddle.shape": "it is a tensor; torch has x.shape, a tuple of numbers",
    "paddle.nn.functional.dropout2d": _DRAWS.format("torch.nn.functional.dropout2d"),
    "paddle.vision.ops.nms": "use torchvision.ops.nms",
    "paddle.vision.ops.roi_align": "use torchvision.ops.roi_align(..., aligned=True)",
    "paddle.summary": "print the module",
    "paddle.flops": "count with torch.utils.flop_counter",
    "paddle.amp.auto_cast": "use torch.autocast",
    "paddle.amp.GradScaler": "use torch.amp.GradScaler",
    "paddle.jit.to_static": "use torch.compile",
    "paddle.jit.save": "use torch.export",
    "paddle.fluid.io.DataLoader": "use paddle_compat.fluid.io.DataLoader or torch.utils.data",
    "paddle.fluid.dygraph.guard": "torch is always eager: drop the block",
    "paddle.fluid.dygraph.Layer": "use torch.nn.Module",
    "paddle.fluid.dygraph.to_variable": "use torch.as_tensor",
    "paddle.fluid.dygraph.Linear": "use torch.nn.Linear",
    "paddle.fluid.dygraph.Conv2D": "use torch.nn.Conv2d",
    "paddle.fluid.dygraph.no_grad": "use torch.no_grad",
    "paddle.dataset": "use a loader of your own, or torchvision.datasets",
}

_BELOW = {
    "paddle.optimizer.lr.": _RATES,
    "paddle.distribution.": "use torch.distributions; it draws other numbers",
    "paddle.vision.": "use torchvision",
    "paddle.distributed.": "use torch.distributed",
    "paddle.fluid.dygraph.": "torch is eager itself: write it with torch.nn and torch.Tensor",
    "paddle.fluid.contrib.": "it was never part of Paddle's promise: write it with torch",
    "paddle.fluid.incubate.": "it was never part of Paddle's promise: write it with torch",
    "paddle.static.": _PROGRAM,
    "paddle.metric.": "count it yourself, or use torchmetrics",
    "paddle.amp.": "use torch.amp",
    "paddle.dataset.": "use a loader of your own, or torchvision.datasets",
    "paddle.nn.initializer.": "use torch.nn.init on the parameter",
}


def advice(path: str) -> str | None:
    """Return what to do about a Paddle name that is not rewritten, None if nothing is known."""
    if path in DIFFERS:
        return DIFFERS[path]
    return next((told for prefix, told in _BELOW.items() if path.startswith(prefix)), None)


def differs(path: str) -> bool:
    """Tell whether torch itself has a function of that kind, which differs."""
    return path in DIFFERS and not path.startswith(("paddle.vision.", "paddle.fluid."))
