"""PC201 to PC207: calls of either focal loss."""

from __future__ import annotations

import pytest

from port.findings.finding import codes, findings, fixed, read, told


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        (
            "L.sigmoid_focal_loss(x, y, n, 2.0, 0.25)",
            "L.sigmoid_focal_loss(x, y, n, gamma=2.0, alpha=0.25)",
        ),
        (
            "L.sigmoid_focal_loss(x, y, n, 2.0)",
            "L.sigmoid_focal_loss(x, y, n, gamma=2.0)",
        ),
        (
            "L.sigmoid_focal_loss(x, label=y, fg_num=n, gamma=2.0)",
            None,
        ),
        (
            "F.sigmoid_focal_loss(x, y, n, .25, 2., 'none')",
            "F.sigmoid_focal_loss(x, y, n, alpha=.25, gamma=2., reduction='none')",
        ),
        (
            "F.sigmoid_focal_loss(x, y, n, .25, # a\n  2., reduction='mean')",
            None,
        ),
        ("F.sigmoid_focal_loss(x, y, n, reduction='none')", None),
        ("F.sigmoid_focal_loss(x, y, n, gamma=1., alpha=.5, reduction='none')", None),
        ("F.sigmoid_focal_loss(x, y, *more)", None),
        ("other(x, y, n, 2.0, 0.25)", None),
    ],
)
def test_alpha_and_gamma_by_position(call: str, wanted: str | None) -> None:
    found = told(call, "PC201")
    if wanted is not None:
        assert [each.text for each in found] == [call]
        assert fixed(call, "PC201") == wanted
    else:
        assert bool(found) == ("# a" in call)


def test_arguments_in_parentheses_are_told_and_not_changed() -> None:
    for call in ("L.sigmoid_focal_loss(x, y, n, (2.0), (0.25))", "F.sigmoid_focal_loss(x, (y))"):
        (found,) = findings(read(call))
        assert found.fix is None


@pytest.mark.parametrize(
    "label",
    [
        "L.argmax(p, axis=1)",
        "L.cast(L.reshape(L.argmax(p, axis=1), [-1, 1]), 'int32')",
        "paddle.argmax(p, 1).astype('int32').unsqueeze(1)",
        "np.argmax(p, 1)",
        "p.argmax(1).reshape([-1, 1])",
        "y - 1",
        "L.cast(y - 1, 'int32')",
        "fluid.one_hot(y, 80)",
    ],
)
def test_labels_that_count_from_0(label: str) -> None:
    text = f"loss = L.sigmoid_focal_loss(x, {label}, n)\n"
    assert [each.text for each in told(text, "PC202")] == [label]
    assert codes(f"t = {label}\nloss = L.sigmoid_focal_loss(x, t, n)\n") == ["PC202"]


@pytest.mark.parametrize(
    "label",
    [
        "y",
        "y + 1",
        "L.argmax(p, axis=1) + 1",
        "L.cast(L.argmax(p, axis=1) + 1, 'int32')",
        "L.reshape(y, [-1, 1])",
        "y * mask - 1 * (1 - mask)",
        "f(L.argmax(p, axis=1))",
    ],
)
def test_labels_that_may_count_from_1(label: str) -> None:
    assert codes(f"loss = L.sigmoid_focal_loss(x, {label}, n)\n") == []


def test_labels_that_count_from_0_are_right_for_the_functional_one() -> None:
    assert codes("F.sigmoid_focal_loss(x, y - 1, n, reduction='sum')") == []


BESIDE = """
def head(feature, label, n, classes):
    x = L.reshape(L.conv2d(feature, classes * 9, 3), [-1, {columns}])
    other = {one_hot}
    return L.sigmoid_focal_loss(x, label, n)
"""


@pytest.mark.parametrize(
    ("columns", "one_hot", "wanted"),
    [
        ("classes", "L.one_hot(label, classes)", True),
        ("80", "fluid.one_hot(L.reshape(label, [-1]), 80)", True),
        # A column for the background.
        ("classes", "L.one_hot(label, classes + 1)", False),
        ("classes", "L.one_hot(label, classes)[:, 1:]", False),
        ("classes", "L.one_hot(other_label, classes)", False),
        ("81", "L.one_hot(label, 80)", False),
    ],
)
def test_one_hot_of_the_same_labels(columns: str, one_hot: str, wanted: bool) -> None:
    text = BESIDE.format(columns=columns, one_hot=one_hot)
    assert codes(text) == ["PC202"] * wanted


@pytest.mark.parametrize(
    ("logits", "loss"),
    [
        ("L.sigmoid(x)", "L.sigmoid_focal_loss({}, y, n)"),
        ("L.reshape(L.sigmoid(x), [-1, 80])", "L.sigmoid_focal_loss({}, y, n)"),
        ("L.fc(x, 80, act='sigmoid')", "L.sigmoid_focal_loss({}, y, n)"),
        ("L.concat([L.sigmoid(a), L.sigmoid(b)])", "L.sigmoid_focal_loss(x={}, label=y, fg_num=n)"),
        ("F.sigmoid(x)", "F.sigmoid_focal_loss({}, y, reduction='sum')"),
        ("F.softmax(x)", "F.sigmoid_focal_loss({}, y, reduction='sum')"),
        ("torch.sigmoid(x)", "F.sigmoid_focal_loss({}, y, reduction='sum')"),
        ("x.sigmoid()", "F.sigmoid_focal_loss({}, y, reduction='sum')"),
        ("paddle.nn.functional.sigmoid(x)", "F.binary_cross_entropy_with_logits({}, y)"),
        ("L.sigmoid(x)", "L.sigmoid_cross_entropy_with_logits({}, y)"),
    ],
)
def test_a_sigmoid_before_the_loss(logits: str, loss: str) -> None:
    assert told(loss.format(logits), "PC203") == [("PC203", logits)]
    assert codes(f"p = {logits}\nq = p\n" + loss.format("q")) == ["PC203"]


@pytest.mark.parametrize(
    "logits",
    ["x", "L.fc(x, 80, act=None)", "L.fc(x, 80)", "L.log(L.sigmoid(x))", "sigmoid(x)", "x * 2",
     "self.sigmoid_head(x)", "L.fc(L.sigmoid(x), 80)"],
)  # fmt: skip
def test_logits_that_are_none_of_a_sigmoids(logits: str) -> None:
    assert codes(f"L.sigmoid_focal_loss({logits}, y, n)") == []


LAYER = """
class Head(paddle.nn.Layer):
    def __init__(self):
        self.act = {act}
        self.loss = {loss}

    def forward(self, x, y):
        p = self.act(x)
        return {call}
"""


@pytest.mark.parametrize(
    ("act", "loss", "call", "wanted"),
    [
        ("paddle.nn.Sigmoid()", "None", "F.sigmoid_focal_loss(p, y, reduction='sum')", "PC203"),
        (
            "paddle.nn.Sequential(paddle.nn.Linear(2, 2), paddle.nn.Sigmoid())",
            "paddle.nn.BCEWithLogitsLoss()",
            "self.loss(p, y)",
            "PC203",
        ),
        ("paddle.nn.Softmax()", "paddle.nn.CrossEntropyLoss()", "self.loss(p, y)", "PC216"),
        ("paddle.nn.Softmax()", "0", "paddle.nn.CrossEntropyLoss()(p, y)", "PC216"),
        ("paddle.nn.ReLU()", "paddle.nn.BCEWithLogitsLoss()", "self.loss(p, y)", None),
        ("paddle.nn.Sigmoid()", "paddle.nn.BCEWithLogitsLoss()", "self.loss(x, y), p", None),
        (
            "paddle.nn.Sequential(paddle.nn.Sigmoid(), paddle.nn.Linear(2, 2))",
            "paddle.nn.BCEWithLogitsLoss()",
            "self.loss(p, y)",
            None,
        ),
        (
            "paddle.nn.Softmax()",
            "paddle.nn.CrossEntropyLoss(use_softmax=False)",
            "self.loss(p, y)",
            None,
        ),
        (
            "paddle.nn.Softmax()",
            "0",
            "paddle.nn.CrossEntropyLoss(use_softmax=False)(p, y)",
            None,
        ),
    ],
)
def test_layers_are_followed_to_where_they_are_made(
    act: str, loss: str, call: str, wanted: str | None
) -> None:
    text = LAYER.format(act=act, loss=loss, call=call)
    assert codes(text) == [wanted] * bool(wanted)
    # Assigned twice, it may be the other one.
    twice = text.replace("    def forward", "        self.act = other\n\n    def forward")
    assert codes(twice) == []


def test_a_sigmoid_for_inference_is_no_matter() -> None:
    assert codes("p = L.sigmoid(x)\nloss = L.sigmoid_focal_loss(x, y, n)\nuse(p)\n") == []


def test_a_name_that_is_bound_twice_is_not_followed() -> None:
    text = "p = x\nif test:\n    p = L.sigmoid(x)\nloss = L.sigmoid_focal_loss(p, y, n)\n"
    assert codes(text) == []


@pytest.mark.parametrize("alpha", ["-1", "-1.0", "-0.5"])
def test_alpha_that_is_meant_to_be_off(alpha: str) -> None:
    assert told(f"L.sigmoid_focal_loss(x, y, n, alpha={alpha})") == [("PC204", alpha)]
    text = f"alpha = {alpha}\nF.sigmoid_focal_loss(x, y, alpha=alpha, reduction='sum')"
    assert codes(text) == ["PC204"]


@pytest.mark.parametrize("alpha", ["0", "0.25", "1", "alpha", "None"])
def test_alpha_that_is_not(alpha: str) -> None:
    assert codes(f"L.sigmoid_focal_loss(x, y, n, alpha={alpha})") == []


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("F.sigmoid_focal_loss(x, y)", "F.sigmoid_focal_loss(x, y, reduction='sum')"),
        (
            "F.sigmoid_focal_loss(x, y, normalizer=n,\n)",
            "F.sigmoid_focal_loss(x, y, normalizer=n, reduction='sum',\n)",
        ),
        (
            "F.sigmoid_focal_loss(label=y, logit=x)",
            "F.sigmoid_focal_loss(label=y, logit=x, reduction='sum')",
        ),
        ("F.sigmoid_focal_loss(x, (y))", None),
    ],
)
def test_the_default_reduction(call: str, wanted: str | None) -> None:
    assert codes(call) == ["PC205"]
    if wanted is not None:
        assert fixed(call) == wanted


@pytest.mark.parametrize(
    "call",
    [
        "F.sigmoid_focal_loss(x, y, reduction='none')",
        "F.sigmoid_focal_loss(x, y, **more)",
        "L.sigmoid_focal_loss(x, y, n)",
    ],
)
def test_a_reduction_that_is_written_down(call: str) -> None:
    assert codes(call) == []


@pytest.mark.parametrize(
    "use",
    [
        "optimizer.minimize(loss)",
        "optimizer.minimize(loss=loss)",
        "fluid.backward.append_backward(loss)",
        "loss.backward()",
        "optimizer.minimize(L.reshape(loss, [-1]))",
    ],
)
def test_a_loss_that_is_not_reduced(use: str) -> None:
    assert codes(f"loss = L.sigmoid_focal_loss(x, y, n)\n{use}\n") == ["PC206"]
    assert codes(f"loss = L.reduce_sum(L.sigmoid_focal_loss(x, y, n))\n{use}\n") == []
    assert codes(f"loss = L.sigmoid_focal_loss(x, y, n) / 2 + box\n{use}\n") == ["PC206"]
    assert codes(f"loss = box + other(L.sigmoid_focal_loss(x, y, n))\n{use}\n") == []


@pytest.mark.parametrize(
    "number",
    [
        "1",
        "2.0",
        "L.fill_constant([1], 'float32', 1)",
        "L.cast(n, 'float32')",
        "L.cast(L.reduce_sum(n), np.float32)",
        "L.reduce_sum(L.cast(mask, dtype='float32'))",
        "fluid.data('n', [1])",
        "L.cast(n, 'float32') + 1",
    ],
)
def test_a_float_fg_num(number: str) -> None:
    assert told(f"L.sigmoid_focal_loss(x, y, {number})") == [("PC207", number)]
    assert codes(f"n = {number}\nL.sigmoid_focal_loss(x, y, fg_num=n)") == ["PC207"]


@pytest.mark.parametrize(
    "number",
    [
        "n",
        "L.fill_constant([1], 'int32', 1)",
        "L.cast(L.cast(n, 'float32'), 'int32')",
        "L.reduce_sum(L.cast(mask, 'int32'))",
        "fluid.data('n', [1], 'int32')",
        "L.cast(n, kind)",
        "f(n)",
    ],
)
def test_an_fg_num_that_may_be_an_integer(number: str) -> None:
    assert codes(f"L.sigmoid_focal_loss(x, y, {number})") == []
