"""SSD: what its loss and its heads keep to, and mistakes in calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt
import pytest
import torch

from fluid.layers.building import fresh_program
from paddle_compat import fluid
from paddle_compat.conformance.detection_cases_ssd import scene

L: Any = fluid.layers
Array = npt.NDArray[Any]
NAMES = ("loc", "conf", "box", "label", "prior", "var")


def eager_loss(given: dict[str, Array], lengths: list[int], **options: Any) -> Any:
    place = fluid.CPUPlace()
    loc, conf = (torch.tensor(given[name], requires_grad=True) for name in ("loc", "conf"))
    box, label = (fluid.create_lod_tensor(given[name], [lengths], place) for name in NAMES[2:4])
    prior, var = (torch.tensor(given[name]) for name in NAMES[4:])
    return L.ssd_loss(loc, conf, box, label, prior, var, **options), loc, conf


def static_loss(given: dict[str, Array], lengths: list[int], **options: Any) -> list[Array]:
    with fresh_program():
        place, inputs, feed = fluid.CPUPlace(), [], {}
        for name in NAMES:
            boxed = name in ("box", "label")
            shape = [-1, *given[name].shape[1:]]
            inputs.append(fluid.data(name, shape, str(given[name].dtype), lod_level=int(boxed)))
            inputs[-1].stop_gradient = name not in ("loc", "conf")
            feed[name] = (
                fluid.create_lod_tensor(given[name], [lengths], place) if boxed else given[name]
            )
        loss = L.ssd_loss(*inputs, **options)
        grads = fluid.gradients([L.reduce_sum(loss)], inputs[:2])
        answers: list[Array] = fluid.Executor(place).run(feed=feed, fetch_list=[loss, *grads])
        return answers


@pytest.mark.parametrize("lengths", [[2, 3], [1, 0, 4], [0, 2]])
@pytest.mark.parametrize("options", [{}, {"loc_loss_weight": 0.3, "match_type": "bipartite"}])
def test_tensors_and_a_program_get_the_same_bits(
    lengths: list[int], options: dict[str, Any]
) -> None:
    given = scene(lengths, 40, 4, 3)
    loss, loc, conf = eager_loss(given, lengths, **options)
    loss.sum().backward()
    found = static_loss(given, lengths, **options)
    for mine, theirs in zip((loss.detach(), loc.grad, conf.grad), found, strict=True):
        assert mine.numpy().tobytes() == theirs.tobytes()


def test_an_image_without_ground_truth_has_no_loss_and_changes_no_other() -> None:
    lengths = [2, 0, 3]
    given = scene(lengths, 40, 4, 3)
    loss, loc, conf = eager_loss(given, lengths)
    loss.sum().backward()
    kept = [0, 2]
    some = {**given, "loc": given["loc"][kept], "conf": given["conf"][kept]}
    alone, alone_loc, alone_conf = eager_loss(some, [2, 3])
    alone.sum().backward()
    assert torch.equal(loss[kept], alone)
    assert loss[1].tolist() == [0.0]
    for whole, part in ((loc.grad, alone_loc.grad), (conf.grad, alone_conf.grad)):
        assert torch.equal(whole[kept], part)
        assert not whole[1].any()


def test_a_batch_without_any_ground_truth_is_nothing_unless_it_is_normalized() -> None:
    given = scene([1, 1], 10, 3, 1)
    given = {**given, "box": given["box"][:0], "label": given["label"][:0]}
    loss, loc, conf = eager_loss(given, [0, 0], normalize=False)
    loss.sum().backward()
    assert loss.tolist() == [[0.0], [0.0]]
    assert not loc.grad.any()
    assert not conf.grad.any()
    normalized, _, _ = eager_loss(given, [0, 0])
    assert bool(normalized.isnan().all())


def test_weights_weigh_the_two_parts() -> None:
    given = scene([2, 3], 40, 4, 3)
    parts = [
        eager_loss(given, [2, 3], loc_loss_weight=a, conf_loss_weight=b)[0].detach()
        for a, b in ((1.0, 0.0), (0.0, 1.0), (0.5, 2.0))
    ]
    torch.testing.assert_close(parts[0] * 0.5 + parts[1] * 2.0, parts[2])


def test_the_heads_of_a_map_share_no_parameters() -> None:
    with fresh_program():
        a, b = (fluid.data(name, [-1, 3, 4, 4], "float32") for name in "ab")
        image = fluid.data("image", [-1, 3, 32, 32], "float32")
        sizes = {"min_sizes": [6.0, 9.0], "max_sizes": [8.0, 11.0]}
        codes, logits, boxes, variances = L.multi_box_head(
            [a, b], image, 32, 5, [[2.0], [2.0]], **sizes
        )
        shapes = [list(value.shape) for value in (codes, logits, boxes, variances)]
        assert shapes == [[-1, -1, 4], [-1, -1, 5], [128, 4], [128, 4]]
        made = fluid.default_main_program().global_block().all_parameters()
        assert sorted(list(p.shape) for p in made if len(p.shape) == 4) == [
            [16, 3, 1, 1],
            [16, 3, 1, 1],
            [20, 3, 1, 1],
            [20, 3, 1, 1],
        ]


def test_detections_name_the_boxes_that_they_were() -> None:
    given = scene([2, 2], 30, 4, 0)
    loc, conf, prior, var = (torch.tensor(given[name]) for name in ("loc", "conf", "prior", "var"))
    found, index = L.detection_output(loc, conf, prior, var, return_index=True)
    boxes = L.box_coder(prior, var, loc, "decode_center_size").reshape(-1, 4)
    assert torch.equal(boxes[index[:, 0].long()], found[:, 2:])
    shares = conf.softmax(2).reshape(-1, 4)
    rows, labels = index[:, 0].long(), found[:, 0].long()
    torch.testing.assert_close(shares[rows, labels], found[:, 1])
    assert int(labels.min()) > 0


X, IMAGE = torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 32, 32)
TWO: dict[str, Any] = {"min_sizes": [6.0, 9.0], "max_sizes": [8.0, 11.0]}


def wide_labels(given: dict[str, Array]) -> dict[str, Array]:
    return {**given, "label": given["label"].astype("int64")}


MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: eager_loss(wide_labels(scene([1], 4, 3, 0)), [1]),
        TypeError,
        r"gt_label must be int32, but it is int64; use fluid.layers.cast\(gt_label, 'int32'\)",
    ),
    (
        lambda: eager_loss(scene([1], 4, 3, 0), [1], mining_type="hard_example"),
        ValueError,
        r"ssd_loss: mining_type must be 'max_negative', but it is 'hard_example'",
    ),
    (
        lambda: eager_loss(scene([1], 4, 3, 0), [1], neg_overlap=1.0),
        ValueError,
        r"neg_overlap must be between 0 and 1, but it is 1.0",
    ),
    (
        lambda: eager_loss(scene([1], 4, 3, 0), [1], neg_pos_ratio=0.0),
        ValueError,
        r"neg_pos_ratio must be above 0, but it is 0.0",
    ),
    (
        lambda: L.multi_box_head(X, IMAGE, 32, 2, [[2.0]]),
        ValueError,
        r"multi_box_head: inputs must be a list of tensors, but it is Tensor",
    ),
    (
        lambda: L.multi_box_head([X, X], IMAGE, 32, 2, [[2.0]] * 2, 20, 90),
        AssertionError,
        r"min_sizes must have an entry for each of 2 inputs, but it is None",
    ),
    (
        lambda: L.multi_box_head([X] * 3, IMAGE, 32, 2, [[2.0]] * 3),
        TypeError,
        r"min_ratio must be an int.*but it is None; or else give min_sizes and max_sizes",
    ),
    (
        lambda: L.multi_box_head([X] * 3, IMAGE, 32, 2, [[2.0]] * 3, 20, 20),
        ValueError,
        r"max_ratio must be above min_ratio by at least 1, but they are 20 and 20",
    ),
    (
        lambda: L.multi_box_head([X, X], IMAGE, 32, 2, [[2.0]], **TWO),
        ValueError,
        r"aspect_ratios must be a list with an entry for each of 2 inputs, but it is 1 entries",
    ),
    (
        lambda: L.multi_box_head([X, X], IMAGE, 32, 2, [[2.0]] * 2, step_w=[1.0, 2.0], **TWO),
        TypeError,
        r"step_h must be given with step_w",
    ),
]


@pytest.mark.parametrize(("call", "kind", "told"), MISTAKES)
def test_a_mistake_is_told_with_what_to_do(
    call: Callable[[], Any], kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=told):
        call()


def test_a_program_must_leave_the_number_of_images_or_boxes_open() -> None:
    with fresh_program():
        loc, conf = fluid.data("loc", [2, 6, 4]), fluid.data("conf", [2, 6, 3])
        box, label = fluid.data("box", [5, 4], lod_level=1), fluid.data("label", [5, 1], "int32", 1)
        prior = fluid.data("prior", [6, 4])
        with pytest.raises(
            ValueError, match=r"of 2 images and gt_box of 5 boxes.*declare it as -1"
        ):
            L.ssd_loss(loc, conf, box, label, prior, [0.1] * 4)
