"""Layers in programs: names, static shapes, dtypes, results in existing variables, gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from fluid.layers.building import answers, fresh_program
from paddle_compat import fluid

L: Any = fluid.layers


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Give each test its own programs, names and scope."""
    with fresh_program():
        yield


def run(*fetched: Any, **feed: Any) -> list[Any]:
    """Run the default programs."""
    executor = fluid.Executor(fluid.CPUPlace())
    executor.run(fluid.default_startup_program())
    return executor.run(feed=feed, fetch_list=list(fetched))


def known(x: Any) -> Any:
    """Return a place that only a run tells."""
    return L.fill_constant([1], "int32", 1)


SHAPES: list[tuple[Callable[[Any], Any], str, list[int], str]] = [
    (lambda x: x[0], "x_slice_0", [3, 4], "float32"),
    (lambda x: x[:, 1:], "x_slice_0", [-1, 2, 4], "float32"),
    (lambda x: x[:, -1], "x_slice_0", [-1, 4], "float32"),
    (lambda x: x[0, 1, 2], "x_slice_0", [1], "float32"),
    (lambda x: x[0:1], "x_slice_0", [-1, 3, 4], "float32"),
    (lambda x: x[:, 0:3:2], "x_strided_slice_0", [-1, 2, 4], "float32"),
    (lambda x: x[:, ::-1], "x_slice_reverse_0", [-1, 3, 4], "float32"),
    (lambda x: x[:, known(x)], "x_slice_0", [-1, 4], "float32"),
    (lambda x: x[:, known(x) : 3], "x_slice_0", [-1, -1, 4], "float32"),
    (lambda x: x + 2.5, "tmp_0", [-1, 3, 4], "float32"),
    (lambda x: 1 / x, "tmp_1", [-1, 3, 4], "float32"),
    (lambda x: x < 1.0, "tmp_1", [-1, 3, 4], "bool"),
    (lambda x: -x, "tmp_0", [-1, 3, 4], "float32"),
    (lambda x: L.concat([x, x], 1), "concat_0.tmp_0", [-1, 6, 4], "float32"),
    (lambda x: L.concat([x, x]), "concat_0.tmp_0", [-1, 3, 4], "float32"),
    (lambda x: L.stack([x, x], 1), "stack_0.tmp_0", [-1, 2, 3, 4], "float32"),
    (lambda x: L.split(x, 2, 2)[1], "split_0.tmp_1", [-1, 3, 2], "float32"),
    (lambda x: L.unstack(x, 1)[2], "unstack_0.tmp_2", [-1, 4], "float32"),
    (lambda x: L.reshape(x, [0, -1]), "reshape2_0.tmp_0", [-1, -1], "float32"),
    (lambda x: L.reshape(x, [known(x), -1]), "reshape2_0.tmp_1", [-1, -1], "float32"),
    (lambda x: L.flatten(x), "flatten_0.tmp_0", [-1, 12], "float32"),
    (lambda x: L.transpose(x, [1, 0, 2]), "transpose_0.tmp_0", [3, -1, 4], "float32"),
    (lambda x: L.unsqueeze(x, [1, 0]), "unsqueeze2_0.tmp_0", [1, -1, 1, 3, 4], "float32"),
    (lambda x: L.expand(x, [1, 2, 1]), "expand_0.tmp_0", [-1, 6, 4], "float32"),
    (lambda x: L.pad(x, [0, 1, 2, 3, 0, 0]), "pad_0.tmp_0", [-1, 8, 4], "float32"),
    (lambda x: L.argmax(x, -1), "arg_max_0.tmp_0", [-1, 3], "int64"),
    (lambda x: L.argsort(x)[1], "argsort_0.tmp_1", [-1, 3, 4], "int64"),
    (lambda x: L.topk(x, 2)[0], "top_k_0.tmp_0", [-1, 3, 2], "float32"),
    (lambda x: L.topk(x, known(x))[1], "top_k_0.tmp_1", [-1, 3, -1], "int64"),
    (lambda x: L.where(x > 0), "where_index_0.tmp_0", [-1, 3], "int64"),
    (lambda x: L.shape(x), "shape_0.tmp_0", [3], "int32"),
    (lambda x: L.range(0, 5, 1, "int32"), "range_0.tmp_0", [-1], "int32"),
    (lambda x: L.eye(2, 3), "eye_0.tmp_0", [2, 3], "float32"),
    (lambda x: L.fill_constant(L.shape(x), "int64", 1), "fill_constant_0.tmp_0", [-1] * 3, "int64"),
    (lambda x: L.clip(x, 0.0, 1.0, name="kept"), "kept", [-1, 3, 4], "float32"),
    (lambda x: L.reduce_sum(x, dim=[1, 2]), "reduce_sum_0.tmp_0", [-1], "float32"),
    (lambda x: L.matmul(x, x, transpose_y=True), "matmul_0.tmp_0", [-1, 3, 3], "float32"),
    (lambda x: L.smooth_l1(x, x), "smooth_l1_loss_0.tmp_1", [-1, 1], "float32"),
    (lambda x: L.l2_normalize(x, 1, name="n"), "n.tmp_0", [-1, 3, 4], "float32"),
]


@pytest.mark.parametrize(("build", "name", "shape", "dtype"), SHAPES)
def test_names_static_shapes_and_dtypes(
    build: Callable[[Any], Any], name: str, shape: list[int], dtype: str
) -> None:
    x = fluid.data("x", [None, 3, 4])
    out = build(x)
    assert (out.name, list(out.shape), str(out.torch_dtype)) == (name, shape, f"torch.{dtype}")
    (value,) = run(out, x=np.arange(24, dtype="float32").reshape(2, 3, 4))
    fits = [known in (-1, real) for known, real in zip(out.shape, value.shape, strict=True)]
    assert all(fits)
    assert str(value.dtype) == dtype


def test_what_has_no_gradient_stops_it() -> None:
    x = fluid.data("x", [None, 3])
    stopped = [L.topk(x, 1)[0], L.argsort(x)[0], L.fill_constant([1], "float32", 1.0)]
    stopped += [L.less_than(x, x), L.zeros_like(x), L.argmin(x), L.range(0, 2, 1, "float32")]
    passing = [x < x, L.cast(x, "int32"), L.logical_not(x < x), L.reduce_any(x < x)]
    assert [one.stop_gradient for one in stopped] == [True] * len(stopped)
    assert [one.stop_gradient for one in passing] == [False] * len(passing)


def test_results_go_into_existing_variables() -> None:
    x = fluid.data("x", [2])
    place = L.create_tensor("float32", name="place")
    assert L.assign(x, place) is place
    doubled = place * 2.0
    sums = L.sums([x, x], out=L.zeros([2], "float32"))
    less = L.less_than(x, x + 1.0, cond=L.fill_constant([1], "bool", False))
    count = L.fill_constant([1], "int64", 5)
    L.increment(count, 2)
    filled = L.fill_constant([3], "float32", 7.0, out=L.zeros([1], "float32"))
    assert (place.name, less.name) == ("place", "fill_constant_1.tmp_0")
    assert (list(place.shape), list(less.shape), list(filled.shape)) == ([2], [2], [3])
    values = run(doubled, sums, less, count, filled, x=np.array([1, 2], "float32"))
    expected = [[2, 4], [2, 4], [True, True], [7], [7, 7, 7]]
    assert [value.tolist() for value in values] == expected


def test_a_read_before_the_write_sees_the_old_value() -> None:
    count = L.fill_constant([1], "float32", 1.0)
    before = count * 10.0
    L.increment(count, 4.0)
    assert [float(value[0]) for value in run(before, count * 10.0)] == [10.0, 50.0]


def test_persistable_results_stay_in_the_scope() -> None:
    total = L.create_global_var([1], 0.5, "float32", persistable=True, name="total")
    L.assign(total * 2.0, total)
    executor = fluid.Executor(fluid.CPUPlace())
    executor.run(fluid.default_startup_program())
    for expected in (1.0, 2.0, 4.0):
        (value,) = executor.run(fetch_list=[total])
        assert float(value[0]) == expected
    held = fluid.global_scope().find_var("total")
    assert held is not None
    assert np.array(held.get_tensor()).tolist() == [4.0]


def test_a_kept_variable_keeps_its_dtype() -> None:
    total = L.create_global_var([1], 0, "int64", persistable=True, name="total")
    with pytest.raises(ValueError, match=r"'total' is kept between runs as int64\[1\].*cast"):
        L.assign(L.fill_constant([1], "float32", 1.0), total)


def test_attributes_are_rounded_to_float32_and_constants_are_not() -> None:
    x = np.array([1.0, 2.0])
    single = float(np.float32(0.1))
    (scaled,), _ = answers(lambda x: x * 0.1, x)
    (summed,), _ = answers(lambda x: L.scale(x, bias=0.1), x)
    (power,), _ = answers(lambda x: L.pow(x, 0.1), x)
    (constant,), _ = answers(lambda x: L.fill_constant([1], "float64", 0.1), x)
    assert scaled.tolist() == [single, 2 * single]
    assert summed.tolist() == [1 + single, 2 + single]
    np.testing.assert_array_equal(power, x**single)
    assert constant.tolist() == [0.1]


def test_integers_are_divided_as_integers() -> None:
    x = np.array([7, -7], "int32")
    (quotient,), _ = answers(lambda x: x / 2, x)
    (cut,), _ = answers(lambda x: x // 2.7, x)
    (rest,), _ = answers(lambda x: x % 4, x)
    assert (quotient.tolist(), cut.tolist(), rest.tolist()) == ([3, -3], [3, -3], [3, -3])


def test_the_right_operand_takes_the_dtype_of_the_left() -> None:
    x, y = np.array([1.5, 2.5], "float32"), np.array([2, 3], "int32")
    (left,), _ = answers(lambda x, y: x * y, x, y)
    (right,), _ = answers(lambda x, y: y * x, x, y)
    assert (str(left.dtype), left.tolist()) == ("float32", [3.0, 7.5])
    assert (str(right.dtype), right.tolist()) == ("int32", [2, 6])


def test_numbers_of_numpy_stand_on_either_side() -> None:
    x = np.array([1.0, 2.0], "float32")
    for build in (lambda x: np.float32(2.5) * x, lambda x: x * np.float64(2.5)):
        (value,), _ = answers(build, x)
        assert value.tolist() == [2.5, 5.0]
    assert answers(lambda x: np.float64(1.0) - x, x)[0][0].tolist() == [0.0, -1.0]
    with pytest.raises(TypeError, match="the other operand must be a number"):
        np.ones(2) * fluid.data("x", [2])


def test_an_operator_lays_a_vector_of_unknown_size_along_the_rows() -> None:
    x, y = np.ones((3, 1)), np.array([1.0, 2.0, 3.0])
    (rows,), _ = answers(lambda x, y: x * y, x, y)
    (layer,), _ = answers(lambda x, y: L.elementwise_mul(x, y, axis=0), x, y)
    assert rows.tolist() == layer.tolist() == [[1.0], [2.0], [3.0]]
    (outer,), _ = answers(lambda x, y: x * y, x, y, unknown=())
    assert outer.shape == (3, 3)


def test_gradients_where_torch_has_another_convention() -> None:
    x = np.array([[1.0, 3.0, 3.0]])
    _, (ties,) = answers(lambda x: L.reduce_max(x), x)
    _, (clipped,) = answers(lambda x: L.clip(x, 1.0, 3.0), np.array([[1.0, 2.0, 3.0]]))
    _, (left, right) = answers(L.elementwise_max, x, x.copy())
    _, (last, _) = answers(L.gather, np.array([[1.0], [2.0]]), np.array([1, 1, 0]))
    assert ties is not None
    assert ties.tolist() == [[0.0, 6.0, 6.0]]
    assert clipped is not None
    assert clipped.tolist() == [[0.0, 4.0, 0.0]]
    assert left is not None
    assert not left.any()
    assert right is not None
    assert right.tolist() == [[2.0, 6.0, 6.0]]
    assert last is not None
    assert last.tolist() == [[2.0], [4.0]]
    rows, ones = np.ones((2, 1)), np.ones((1, 1))
    _, (kept, _, put) = answers(L.scatter, rows, np.array([1]), ones)
    assert kept is not None
    assert put is not None
    assert (kept.tolist(), put.tolist()) == ([[2.0], [0.0]], [[2.0]])


def test_labels_and_remainders_have_no_gradient() -> None:
    x, y = np.array([[0.5, -1.0]]), np.array([[1.0, 0.0]])
    _, (logits, label) = answers(L.sigmoid_cross_entropy_with_logits, x, y)
    assert (logits is None, label is None) == (False, True)
    assert answers(L.elementwise_mod, x, y + 1)[1] == [None, None]
    assert answers(lambda x: L.clip_by_norm(x, 1.0), x.astype("float32"))[1] == [None]


def test_ignored_labels_contribute_nothing_whatever_their_logits() -> None:
    x = np.array([[np.nan, np.inf, 1.0, -1.0]])
    label = np.array([[-100.0, -100.0, 1.0, 0.0]])
    loss = L.sigmoid_cross_entropy_with_logits
    (value,), (gradient, _) = answers(lambda x, y: loss(x, y, normalize=True), x, label)
    assert value[0, :2].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(value[0, 2:], [np.log1p(np.exp(-1.0)) / 2] * 2, rtol=1e-14)
    assert gradient is not None
    assert gradient[0, :2].tolist() == [0.0, 0.0]
    rows, classes = np.array([[np.nan, 1.0], [0.0, 0.0]]), np.array([[-1], [1]])
    softmax = L.softmax_with_cross_entropy
    (value,), (gradient, _) = answers(lambda x, i: softmax(x, i, ignore_index=-1), rows, classes)
    np.testing.assert_allclose(value, [[0.0], [np.log(2)]], rtol=1e-14)
    assert gradient is not None
    assert gradient[0].tolist() == [0.0, 0.0]
