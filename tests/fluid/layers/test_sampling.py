"""Random samples: how many, of what, and how often, beside real Paddle's own draws.

Real draws differ each time, so each count has a bound of six standard deviations about what the
way of drawing gives; ours come from a seed.
"""

from __future__ import annotations

import itertools
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
import torch

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.oracles import SubprocessOracle
from paddle_compat.conformance.snippets import Answer, Snippet, answer_ours, answer_paddle
from paddle_compat.kernels.detection.sampling import sample

DRAWS = 1200
SIGMAS = 6.0

# Eight anchors are the box, and four are far off: three and three of them learn. Each anchor's
# logit is its number.
RPN = f"""
box = fluid.create_lod_tensor(np.array([[0, 0, 9, 9]], "float32"), [[1]], fluid.CPUPlace())
crowd = fluid.create_lod_tensor(np.zeros((1, 1), "int32"), [[1]], fluid.CPUPlace())
anchors = np.array([[0, 0, 9, 9]] * 8 + [[40, 40, 49, 49]] * 4, "float32")
feed = dict(b=np.zeros((1, 12, 4), "float32"), a=anchors, g=box, k=crowd)
feed.update(c=np.arange(12, dtype="float32").reshape(1, 12, 1))
feed.update(im=np.array([[50, 50, 1]], "float32"))
b, c = fluid.data("b", [1, 12, 4]), fluid.data("c", [1, 12, 1])
a, im = fluid.data("a", [12, 4]), fluid.data("im", [1, 3])
g = fluid.data("g", [-1, 4], lod_level=1)
k = fluid.data("k", [-1, 1], "int32", lod_level=1)
fluid.default_main_program().random_seed = 5
scores = layers.rpn_target_assign(b, c, a, a, g, k, im, 6, -1.0, 0.5)[0]
draws = [exe.run(feed=feed, fetch_list=[scores])[0].ravel() for _ in range({DRAWS})]
answers["draws"] = np.stack(draws)
"""

# Eight proposals and the box itself are foreground, and six are background; four and four learn.
# Each proposal's place tells its number.
LABELS = f"""
def levels(array, count):
    return fluid.create_lod_tensor(array, [[count]], fluid.CPUPlace())
near = np.array([[0, 0, 9, 9]] * 8 + [[40, 40, 49, 49]] * 6, "float32")
near = near + np.arange(1, 15, dtype="float32")[:, None] / 1024
feed = dict(r=levels(near, 14), g=levels(np.array([[0, 0, 9, 9]], "float32"), 1))
feed.update(c=levels(np.ones((1, 1), "int32"), 1), k=levels(np.zeros((1, 1), "int32"), 1))
feed.update(im=np.array([[50, 50, 1]], "float32"))
r = fluid.data("r", [-1, 4], lod_level=1)
g = fluid.data("g", [-1, 4], lod_level=1)
c = fluid.data("c", [-1, 1], "int32", lod_level=1)
k = fluid.data("k", [-1, 1], "int32", lod_level=1)
im = fluid.data("im", [1, 3])
rois = layers.generate_proposal_labels(r, c, k, g, im, 8, 0.5, 0.5, 0.5, class_nums=2)[0]
draws = []
for _ in range({DRAWS}):
    drawn = exe.run(feed=feed, fetch_list=[rois], return_numpy=False)[0]
    draws.append(np.array(drawn)[:, 0])
answers["draws"] = np.stack(draws) % 40 * 1024
"""

# The candidates, by number, and how many are taken: foreground, then background.
PARTS = {
    "rpn_target_assign": (RPN, ((range(8), 3), (range(8, 12), 3))),
    "generate_proposal_labels": (LABELS, ((range(9), 4), (range(9, 15), 4))),
}


def chances(size: int, count: int) -> dict[tuple[int, ...], Fraction]:
    """Return how likely each set of places is: item i, from `count` on, goes to floor(u i)."""
    found: Counter[tuple[int, ...]] = Counter()
    total = 0
    for places in itertools.product(*(range(i) for i in range(count, size))):
        held = list(range(count))
        for item, place in enumerate(places, count):
            if place < count:
                held[place] = item
        found[tuple(sorted(held))] += 1
        total += 1
    return {places: Fraction(times, total) for places, times in found.items()}


def check(draws: Array, candidates: range, count: int) -> None:
    """Hold draws to the chances of their sets, and of each candidate."""
    numbers = np.round(draws).astype(int) - candidates.start
    assert numbers.min() >= 0
    assert numbers.max() < len(candidates)
    sets = Counter(tuple(sorted(row)) for row in numbers.tolist())
    assert all(len({*places}) == count for places in sets)
    wanted = chances(len(candidates), count)
    assert sets.keys() <= wanted.keys()
    trials = len(numbers)
    # Pearson's sum over the sets: its mean is one less than their number.
    distance = sum(
        (sets[places] - trials * float(chance)) ** 2 / (trials * float(chance))
        for places, chance in wanted.items()
    )
    freedom = len(wanted) - 1
    assert distance <= freedom + 2 * SIGMAS * np.sqrt(2 * freedom)
    for item in range(len(candidates)):
        chance = float(sum(c for places, c in wanted.items() if item in places))
        times = sum(n for places, n in sets.items() if item in places)
        spread = np.sqrt(trials * chance * (1 - chance))
        assert abs(times - trials * chance) <= SIGMAS * spread


def draws_of(answer: Answer) -> Array:
    assert answer.ending == "ok", answer.told
    return answer.arrays["value/draws"]


def snippet(name: str) -> Snippet:
    return Snippet(name, PARTS[name][0], mode="script")


def check_parts(name: str, draws: Array) -> None:
    start = 0
    for candidates, count in PARTS[name][1]:
        check(draws[:, start : start + count], candidates, count)
        start += count
    assert draws.shape == (DRAWS, start)


@pytest.mark.live
@pytest.mark.parametrize("name", PARTS)
def test_real_paddle_draws_by_these_chances(paddle_1: SubprocessOracle, name: str) -> None:
    check_parts(name, draws_of(answer_paddle(paddle_1, snippet(name))))


@pytest.mark.parametrize("name", PARTS)
def test_ours_draws_by_these_chances(name: str) -> None:
    torch.manual_seed(0)
    check_parts(name, draws_of(answer_ours(snippet(name))))


@pytest.mark.parametrize("name", PARTS)
def test_the_seed_of_torch_repeats_the_draws(name: str) -> None:
    short = Snippet(name, PARTS[name][0].replace(f"({DRAWS})", "(20)"), mode="script")
    drawn = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        drawn.append(draws_of(answer_ours(short)))
    assert (drawn[0] == drawn[1]).all()
    assert (drawn[0] != drawn[2]).any()
    assert (drawn[0] != drawn[0][0]).any()


def test_the_chances_are_not_all_the_same() -> None:
    wanted = chances(8, 3)
    first = sum(chance for places, chance in wanted.items() if 0 in places)
    last = sum(chance for places, chance in wanted.items() if 7 in places)
    assert (first, last) == (Fraction(2, 7), Fraction(3, 7))
    # So a uniform draw is out of bounds.
    uniform = np.stack([np.random.RandomState(seed).permutation(8)[:3] for seed in range(DRAWS)])
    with pytest.raises(AssertionError):
        check(uniform, range(8), 3)


def test_without_chance_the_first_ones_are_taken() -> None:
    items = torch.tensor([5, 3, 9, 1])
    assert sample(items, 2, random=False).tolist() == [5, 3]
    assert sample(items, 4, random=True).tolist() == [5, 3, 9, 1]
    assert sample(items, 0, random=True).tolist() == []
    assert sample(items, -1, random=True).tolist() == [5, 3, 9, 1]
    # With one place, every later item takes it.
    assert {int(sample(items, 1, random=True)) for _ in range(200)} == {3, 9, 1}
