"""Mistakes in calls of layers: the type that real Paddle raises, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from fluid.layers.building import fresh_program
from paddle_compat import fluid

L: Any = fluid.layers


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Give each test its own programs, names and scope."""
    with fresh_program():
        yield


def integers(x: Any) -> Any:
    """Return a variable as int64."""
    return L.cast(x, "int64")


MISTAKES: list[tuple[Callable[[Any], Any], type[Exception], str]] = [
    (lambda x: L.exp(3.0), TypeError, r"exp: x must be a variable or a tensor, but it is float"),
    (lambda x: L.sigmoid(integers(x)), TypeError, r"sigmoid: x must be .*cast\(x, 'float32'\)"),
    (lambda x: L.gelu(3.0), ValueError, r"gelu: x must be a variable or a tensor"),
    (lambda x: L.clip(x, 2.0, 1.0), ValueError, r"clip: min must be at most max.*2.0 and 1.0"),
    (lambda x: L.clip(x, "a", 1.0), TypeError, r"clip: min must be a number, but it is 'a'"),
    (lambda x: L.pow(integers(x), -1.0), ValueError, r"pow: factor must not be negative"),
    (lambda x: L.scale(x, "a"), ValueError, r"scale: scale must be a number, but it is 'a'"),
    (lambda x: L.clip_by_norm(x, 1), TypeError, r"max_norm must be a float, but it is int"),
    (lambda x: L.cumsum(x, axis=2), ValueError, r"cumsum: axis must be in \[-2, 2\).*it is 2"),
    (lambda x: L.logical_and(x, x), TypeError, r"logical_and: x must be bool, but it is float32"),
    (lambda x: L.less_than(x, integers(x)), ValueError, r"must have one dtype.*cast on one"),
    (lambda x: L.equal(x[0], x), ValueError, r"y, \[-1, 4\], must not have more dimensions"),
    (lambda x: L.increment(x), ValueError, r"increment: x must have one element.*x \+ 1.0"),
    (lambda x: x + "a", ValueError, r"the other operand must be a number, but it is 'a'"),
    (lambda x: x + None, TypeError, r"the other operand must be a number, but it is None"),
    (lambda x: integers(x) + 2.5, AssertionError, r"2.5 is no integer.*cast on the variable"),
    (lambda x: x[...], TypeError, r"an index is Ellipsis"),
    (lambda x: x[None], TypeError, r"an index is None; .*unsqueeze for None"),
    (lambda x: x[[0, 1]], TypeError, r"an index is \[0, 1\]; use fluid.layers.gather"),
    (lambda x: x[::2], AssertionError, r"can only have the step -1.*x\[0::2\]"),
    (lambda x: x[:, 5:9], ValueError, r"nothing is left of dimension 1, of size 4, from 5 to 9"),
    (lambda x: x[0, 0, 0], ValueError, r"slice: axes must be in \[0, 2\) for 2 dimensions"),
    (lambda x: x[:, torch.tensor(1)], TypeError, r"indexed with a torch tensor; feed it"),
    (lambda x: L.reshape(x, [-1, -1]), AssertionError, r"reshape: only one size may be -1"),
    (lambda x: L.reshape(x, [0, 0, 0]), AssertionError, r"x has only 2 dimensions"),
    (lambda x: L.reshape(x, 4), TypeError, r"reshape: shape must be a list or tuple.*int"),
    (lambda x: L.transpose(x, (1, 0)), TypeError, r"transpose: perm must be a list.*tuple"),
    (lambda x: L.transpose(x, [0, 0]), ValueError, r"every dimension of x, 0 to 1, once"),
    (lambda x: L.squeeze(x, [1]), ValueError, r"squeeze: .*dimension 1 of \[-1, 4\] is not"),
    (lambda x: L.unsqueeze(x, [4]), ValueError, r"unsqueeze: each axis must be in \[-3, 3\)"),
    (lambda x: L.flatten(x, 3), ValueError, r"flatten: axis must be an int in \[0, 2\].*it is 3"),
    (lambda x: L.concat((x, x)), TypeError, r"concat: input must be a list.*list\(input\)"),
    (lambda x: L.concat([x, 3.0]), TypeError, r"concat: input\[1\] must be a variable"),
    (lambda x: L.concat([x, integers(x)]), ValueError, r"concat: all of input must have one dtype"),
    (lambda x: L.concat([x, x[:, 0:2]]), ValueError, r"but for dimension 0.*input\[1\] is \[-1, 2"),
    (lambda x: L.sum([]), ValueError, r"sum: x must hold at least one tensor"),
    (lambda x: L.sums([x, x[0]]), ValueError, r"input\[0\] is \[-1, 4\] and input\[1\] is \[4\]"),
    (lambda x: L.split(x, 3, 1), AssertionError, r"split: the dimension's size, 4, cannot"),
    (lambda x: L.split(x, [1, 1], 1), ValueError, r"must add up to the dimension's size, 4"),
    (lambda x: L.unstack(x), ValueError, r"dimension 0 must be known before the run.*give num"),
    (lambda x: L.expand(x, [2]), ValueError, r"as many as dimensions of x, 2, but they are 1"),
    (lambda x: L.expand(x, [0, 1]), AssertionError, r"expand_times must be positive"),
    (lambda x: L.pad(x, [1, 1]), ValueError, r"pad: paddings must be two for each"),
    (lambda x: L.gather(x, x), TypeError, r"gather: index must be int32 or int64.*'int32'"),
    (lambda x: L.topk(x, 5), ValueError, r"topk: k must be at least 1 and at most .*4, not 5"),
    (lambda x: L.one_hot(integers(x), 3), ValueError, r"the last of size 1, .*\[-1, 4\]; use"),
    (
        lambda x: L.matmul(x, x[0:3, 0:2], transpose_y=True),
        AssertionError,
        r"matmul: the columns of x must be as many as the rows of y, but they are 4 and 2",
    ),
    (lambda x: L.assign([1.0]), TypeError, r"assign: input must be a tensor or an array.*list"),
    (lambda x: L.assign(np.ones(2)), TypeError, r"must be bool, float32.*float64.*astype"),
    (lambda x: L.cast(x, "float33"), ValueError, r"dtype must be one of .*'float33'"),
    (lambda x: L.fill_constant([], "float32", 1), AssertionError, r"at least one size; use \[1\]"),
    (lambda x: L.fill_constant([-1], "int32", 1), ValueError, r"sizes must not be negative"),
    (
        lambda x: L.fill_constant([2], "int64", 3, out=L.zeros([2], "int32")),
        TypeError,
        r"out must have the dtype of the result, torch.int64, but .* is int32\[2\]",
    ),
    (lambda x: L.ones([0], "float32"), AssertionError, r"ones: sizes must be positive"),
    (lambda x: L.range(0, 5, -1, "int32"), ValueError, r"the step -1 leads from 0 away from 5"),
    (lambda x: L.sums([x, x], out=3.0), TypeError, r"sum: out must be a variable.*float"),
    (
        lambda x: L.create_parameter([2], "float32", attr="w"),
        TypeError,
        r"attr must be a ParamAttr",
    ),
    (lambda x: L.huber_loss(x, integers(x), 1.0), TypeError, r"huber_loss: label must be float32"),
    (lambda x: L.smooth_l1(x, x, x), ValueError, r"inside_weight and outside_weight .* together"),
    (lambda x: L.cross_entropy(x, integers(x)), ValueError, r"label must be \[-1, 1\].*unsqueeze"),
    (lambda x: L.kldiv_loss(x, x, "all"), ValueError, r"reduction must be none, batchmean.*'all'"),
    (lambda x: x + torch.ones(4), TypeError, r"the other operand must be a number.*tensor"),
]


@pytest.mark.parametrize(("build", "error", "text"), MISTAKES)
def test_a_mistake_is_named_when_it_is_made(
    build: Callable[[Any], Any], error: type[Exception], text: str
) -> None:
    x = fluid.data("x", [None, 4])
    with pytest.raises(error, match=text):
        build(x)


RUNS: list[tuple[Callable[[Any], Any], str]] = [
    (lambda x: L.gather(x, L.fill_constant([1], "int64", 7)), r"index out of range"),
    (
        lambda x: L.one_hot(L.cast(x, "int64"), 2),
        r"must be in \[0, 2\), but they reach from 0 to 5",
    ),
    (lambda x: L.reshape(x, [4, -1]), r"6 elements, shape \[6, 1\], which do not fill"),
    (lambda x: x[7], r"nothing is left of dimension 0, of size 6, from 7 to 8"),
    (
        lambda x: L.cross_entropy(L.concat([x, x], 1), L.cast(x, "int64")),
        r"class indices in \[0, 2\), or ignore_index, but they reach from 0 to 5",
    ),
    (lambda x: L.split(x, 4, 0), r"the dimension's size, 6, cannot be split into 4"),
]


@pytest.mark.parametrize(("build", "text"), RUNS)
def test_what_only_a_run_can_tell_names_the_layer_and_the_line(
    build: Callable[[Any], Any], text: str
) -> None:
    x = fluid.data("x", [None, 1])
    out = build(x)
    feed = {"x": np.arange(6, dtype="float32").reshape(6, 1)}
    executor = fluid.Executor(fluid.CPUPlace())
    with pytest.raises(fluid.core.EnforceNotMet, match=text) as caught:
        executor.run(feed=feed, fetch_list=[out])
    assert f"built at {__file__}" in str(caught.value)


def test_an_index_beyond_the_rows_is_told() -> None:
    told = (
        r"gather: index must be in 0\.\.2, the rows of input \[3, 2\], but it reaches from 0 to 3"
    )
    for x in (torch.ones(3, 2), torch.ones(3, 2, requires_grad=True)):
        with pytest.raises(IndexError, match=told):
            L.gather(x, torch.tensor([0, 3]))
        assert L.gather(x, torch.tensor([2, 0])).shape == (2, 2)


def test_an_eager_result_goes_only_where_it_fits() -> None:
    with fluid.dygraph.guard():
        with pytest.raises(ValueError, match=r"sum: out must be torch.float32 \[2\] to take the"):
            L.sums([torch.ones(2)], out=torch.zeros(3))
        place = torch.zeros(2)
        assert L.sums([torch.ones(2)] * 2, out=place) is place
        assert place.tolist() == [2.0, 2.0]
        count = torch.ones(1)
        assert L.increment(count, 2.0) is count
        assert count.tolist() == [3.0]


def test_a_mistake_leaves_the_program_as_it_was() -> None:
    x = fluid.data("x", [None, 4])
    with pytest.raises(ValueError, match="concat"):
        L.concat([x, x[:, 0:2]])
    assert [op.type for op in fluid.default_main_program().global_block().ops] == ["slice"]
