"""Small models that are saved for inference, and run from their files, by `paddle.fluid`.

Stand-alone Python 3.8, for real Paddle 1.8.5; run by ours with ``paddle-compat run``. Usage::

    inference_models.py save ROOT [MODEL...]    save into ROOT/MODEL, and run the program itself
    inference_models.py record ROOT [MODEL...]  likewise, without the paths of this machine
    inference_models.py run ROOT NAME [MODEL...]   load from ROOT/MODEL, and run what was loaded

Several commands may follow each other, with a comma of its own between them. What came out is
written to ROOT/MODEL/outputs.npz and ROOT/MODEL/NAME.npz: arrays ``value_0`` and ``lod_0``, the
latter as offsets, and so on.
"""

import importlib
import os
import sys
from typing import Any, Dict, List, Tuple

import numpy as np
import paddle.fluid as fluid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples"))

Built = Tuple[Dict[str, Any], List[Any]]
ONE_FILE = ("classifier", "faster_rcnn")


def imported(*names: str) -> List[Any]:
    """Return modules of the examples."""
    return [importlib.import_module(name) for name in names]


def images(count: int, size: int, channels: int = 3) -> Any:
    """Return images of few different values, whose files are small."""
    drawn = np.random.RandomState(size).randint(0, 16, (count, channels, size, size))
    return (drawn / 16.0).astype("float32")


def conv(x: Any, channels: int, stride: int = 1, name: Any = None) -> Any:
    x = fluid.layers.conv2d(x, channels, 3, stride, 1, bias_attr=False, name=name)
    return fluid.layers.batch_norm(x, act="relu")


def classifier() -> Built:
    """A network that was trained a little, with layers that behave otherwise in testing."""
    layers = fluid.layers
    image = fluid.data("image", [None, 3, 16, 16])
    label = fluid.data("label", [None, 1], "int64")
    x = conv(image, 8, 2, "stem")
    x = layers.conv2d(x, 8, 3, padding="SAME", groups=8, act="relu6", use_cudnn=False)
    x = layers.conv2d_transpose(x, 4, filter_size=2, stride=2, act="leaky_relu")
    x = layers.group_norm(x, 2)
    x = layers.pool2d(x, 3, "max", 2, 1)
    x = layers.dropout(layers.reshape(x, [-1, 256]), 0.3)
    share = layers.fc(x, 5, act="softmax")
    loss = layers.mean(layers.cross_entropy(share, label))
    fluid.optimizer.Momentum(0.1, 0.9).minimize(loss)
    random = np.random.RandomState(3)
    executor().run(fluid.default_startup_program())
    for _ in range(2):
        truth = random.randint(0, 5, (4, 1)).astype("int64")
        feed = {"image": random.rand(4, 3, 16, 16).astype("float32"), "label": truth}
        executor().run(feed=feed, fetch_list=[loss])
    return {"image": images(3, 16)}, [share, layers.argmax(share, 1)]


def retinanet() -> Built:
    """The example's network and its detections, a quarter as wide."""
    retinanet_fluid, retinanet_model = imported("retinanet_fluid", "retinanet_model")
    inputs = retinanet_fluid.declare_inputs(64)
    outputs = retinanet_fluid.build_network(inputs, 4)
    found = retinanet_model.detections(outputs, inputs["im_info"], 0.009)
    info = np.array([[64, 64, 1], [48, 64, 1]], "float32")
    return {"image": images(2, 64), "im_info": info}, [found, *outputs["logits"]]


def fcos() -> Built:
    """The example's network, and its boxes suppressed."""
    fcos_model, parts = imported("fcos_model", "detector_parts")
    layers = fluid.layers
    image = fluid.data("image", [None, 3, 64, 64])
    levels = parts.feature_pyramid(parts.resnet18(image, 4), 4)
    logits, distances, centerness = fcos_model.heads(levels, 3)
    scores = layers.sigmoid(fcos_model.rows(logits, True))
    scores = scores * layers.sigmoid(fcos_model.rows(centerness, True))
    boxes = fcos_model.rows(distances, True)
    boxes = layers.concat([boxes[:, :2] * -1.0, boxes[:, 2:]], axis=1)
    scores = layers.unsqueeze(layers.transpose(scores, [1, 0]), [0])
    found = layers.multiclass_nms(
        layers.unsqueeze(boxes, [0]), scores, 0.003, 100, 50, 0.5, background_label=-1
    )
    return {"image": images(1, 64)}, [found, scores]


def ssd() -> Built:
    """Heads of two levels with prior boxes, decoded and suppressed."""
    image = fluid.data("image", [None, 3, 32, 32])
    first = conv(image, 6, 4)
    second = conv(first, 6, 2)
    location, scores, prior, variance = fluid.layers.multi_box_head(
        [first, second],
        image,
        32,
        3,
        [[2.0], [2.0, 3.0]],
        min_sizes=[8.0, 16.0],
        max_sizes=[16.0, 28.0],
        flip=True,
        offset=0.5,
    )
    found = fluid.layers.detection_output(location, scores, prior, variance, nms_threshold=0.45)
    return {"image": images(2, 32)}, [found, location]


def yolo() -> Built:
    """Two levels, the one resized onto the other, decoded and suppressed."""
    layers = fluid.layers
    image = fluid.data("image", [None, 3, 32, 32])
    size = fluid.data("size", [None, 2], "int32")
    first = conv(image, 4, 4)
    second = conv(first, 4, 2)
    mixed = layers.concat([layers.resize_nearest(second, scale=2.0), first], axis=1)
    boxes, scores = [], []
    for level, x in enumerate((second, mixed)):
        raw = layers.conv2d(x, 2 * (5 + 3), 1)
        box, score = layers.yolo_box(raw, size, [10, 13, 16, 30], 3, 0.01, 8 // (1 + level))
        boxes.append(box)
        scores.append(layers.transpose(score, [0, 2, 1]))
    found = layers.multiclass_nms(
        layers.concat(boxes, 1), layers.concat(scores, 2), 0.01, 50, 20, 0.45, background_label=-1
    )
    sizes = np.array([[32, 32], [24, 40]], "int32")
    return {"image": images(2, 32), "size": sizes}, [found]


def faster_rcnn() -> Built:
    """Proposals of two levels, spread over them again, pooled, classified and decoded."""
    layers = fluid.layers
    image = fluid.data("image", [None, 3, 64, 64])
    info = fluid.data("info", [None, 3])
    first = conv(conv(image, 6, 4), 6)
    second = conv(first, 6, 2)
    every, shares = [], []
    for x, stride, side in ((first, 4.0, 16.0), (second, 8.0, 32.0)):
        anchors, variances = layers.anchor_generator(
            x, [side], [0.5, 1.0], [1.0, 1.0, 1.0, 1.0], [stride, stride]
        )
        score = layers.sigmoid(layers.conv2d(x, 2, 1))
        rois, probs = layers.generate_proposals(
            score, layers.conv2d(x, 8, 1), info, anchors, variances, 60, 12, 0.7, 2.0
        )
        every.append(rois)
        shares.append(probs)
    rois = layers.collect_fpn_proposals(every, shares, 2, 3, 10)
    parts, restore = layers.distribute_fpn_proposals(rois, 2, 3, 2, 24)
    pooled = [
        layers.roi_align(x, part, 3, 3, scale, 2)
        for x, part, scale in ((first, parts[0], 0.25), (second, parts[1], 0.125))
    ]
    x = layers.gather(layers.concat(pooled), restore)
    x = layers.fc(x, 8, act="relu")
    score = layers.softmax(layers.fc(x, 3))
    deltas = layers.reshape(layers.fc(x, 12), [-1, 3, 4])
    boxes = layers.box_coder(
        rois, [0.1, 0.1, 0.2, 0.2], deltas, "decode_center_size", False, axis=1
    )
    clipped = layers.box_clip(boxes, info)
    found = layers.multiclass_nms(clipped, score, 0.05, 50, 10, 0.5, normalized=False)
    feed = {"image": images(2, 64), "info": np.array([[64, 64, 1], [60, 64, 1]], "float32")}
    return feed, [found, rois]


MODELS = {
    "classifier": classifier,
    "faster_rcnn": faster_rcnn,
    "fcos": fcos,
    "retinanet": retinanet,
    "ssd": ssd,
    "yolo": yolo,
}


def executor() -> Any:
    return fluid.Executor(fluid.CPUPlace())


def keep(path: str, tensors: List[Any]) -> None:
    """Write what came out."""
    arrays: Any = {}
    for place, tensor in enumerate(tensors):
        arrays["value_%d" % place] = np.array(tensor)
        arrays["lod_%d" % place] = np.array(tensor.lod(), "int64")
    np.savez_compressed(path, **arrays)


def save(root: str, name: str) -> None:
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = 5
    with fluid.scope_guard(fluid.Scope()), fluid.unique_name.guard():
        with fluid.program_guard(main, startup):
            feed, targets = MODELS[name]()
        if name != "classifier":
            executor().run(startup)
        params = "all of them" if name in ONE_FILE else None
        path = os.path.join(root, name)
        fluid.io.save_inference_model(
            path, list(feed), targets, executor(), main, params_filename=params
        )
        np.savez_compressed(os.path.join(path, "feed"), **feed)
        names = [target.name for target in targets]
        found = executor().run(
            main.clone(for_test=True),
            feed=feed,
            fetch_list=names,
            return_numpy=False,
            use_prune=True,
        )
    keep(os.path.join(path, "outputs"), found)


def run(root: str, outcome: str, name: str) -> None:
    path = os.path.join(root, name)
    params = "all of them" if name in ONE_FILE else None
    with fluid.scope_guard(fluid.Scope()):
        program, feeds, fetches = fluid.io.load_inference_model(
            path, executor(), params_filename=params
        )
        feed = dict(np.load(os.path.join(path, "feed.npz")))
        assert sorted(feeds) == sorted(feed), feeds
        found = executor().run(program, feed=feed, fetch_list=fetches, return_numpy=False)
    keep(os.path.join(path, outcome), found)


def without_paths(path: str) -> None:
    """Drop from a program the lines of code that built it."""
    messages: Any = importlib.import_module("paddle.fluid.proto.framework_pb2")
    program = messages.ProgramDesc()
    with open(path, "rb") as file:
        program.ParseFromString(file.read())
    for block in program.blocks:
        for op in block.ops:
            for attr in op.attrs:
                if attr.name == "op_callstack":
                    del attr.strings[:]
    with open(path, "wb") as file:
        file.write(program.SerializeToString())


def main(action: str, root: str, *others: str) -> None:
    if action == "run":
        for each in others[1:] or MODELS:
            run(root, others[0], each)
        return
    for each in others or MODELS:
        save(root, each)
        if action == "record":
            without_paths(os.path.join(root, each, "__model__"))


if __name__ == "__main__":
    arguments = " ".join(sys.argv[1:])
    for command in arguments.split(" , "):
        main(*command.split(" "))
