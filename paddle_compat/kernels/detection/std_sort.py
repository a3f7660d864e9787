"""The order in which the C++ library's `std::sort` leaves what is equal, and `std::nth_element`.

1.8's operators sort boxes by scores with it, and which of several equal ones come first decides
what is kept. It is no accident: libstdc++ splits a range about the median of three of its
elements, again and again, and ends with insertions. All ranges are split at once here.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["falling_order", "falling_selection"]

# Shorter ranges are left to the insertions at the end, which keep the order of equal elements.
_SHORT = 16
_SHORTEST = 3  # likewise, where only some are to be found


def falling_order(keys: Tensor, least: float = float("-inf")) -> Tensor:
    """Return the order that `std::sort` by `a > b` brings elements into.

    Args:
        keys: [N]. Among equal ones the order is libstdc++'s; but it sorts otherwise where a range
            was split 2 log2(N) times in vain, which takes keys that are made for that.
        least: where the order ends: the fewer elements are wanted, the faster it is.

    Returns:
        The indices of the keys that are at least that, int64.
    """
    keys, count = keys.detach(), keys.numel()
    order = torch.arange(count, device=keys.device)
    starts, ends = order.new_zeros(1), order.new_full((1,), count)
    for _ in range(2 * (count.bit_length() - 1)):
        long = ends - starts > _SHORT
        if not bool(long.any()):
            break
        starts, ends = starts[long], ends[long]
        _pivot_first(keys, order, starts, ends)
        cuts = _partition(keys, order, starts, ends)
        wanted = keys[order[starts]] >= least
        starts, ends = torch.cat([starts, cuts[wanted]]), torch.cat([cuts, ends[wanted]])
    order = order[~(keys[order] < least)]
    return order[keys[order].sort(descending=True, stable=True).indices]


def falling_selection(keys: Tensor, count: int) -> Tensor:
    """Return the elements that `std::nth_element` by `a > b` brings to the front, [count] int64.

    Args:
        keys: [N].
        count: how many, below N. Their order, too, and which of equal ones they are, is
            libstdc++'s, as far as `falling_order` is.
    """
    values, order = keys.detach().clone(), torch.arange(keys.numel(), device=keys.device)
    start, end = 0, keys.numel()
    for _ in range(2 * (end.bit_length() - 1)):
        if end - start <= _SHORTEST:
            break
        cut = start + _cut(values[start:end], order[start:end])
        start, end = (cut, end) if cut <= count else (start, cut)
    rest = values[start:end].sort(descending=True, stable=True).indices
    order[start:end] = order[start:end][rest]
    return order[:count]


def _cut(values: Tensor, order: Tensor) -> int:
    """Do as `_pivot_first` and `_partition` to one range, and to what is sorted along with it."""
    a, b, c = (float(values[place]) for place in (1, len(values) // 2, -1))
    second, middle, last = 1, len(values) // 2, len(values) - 1
    if a > b:
        chosen = middle if b > c else last if a > c else second
    else:
        chosen = second if a > c else last if b > c else middle
    exchange = torch.tensor([0, chosen], device=values.device)
    for row in (values, order):
        row[exchange] = row[exchange.flip(0)]
    pivot, inner = values[0], values[1:]
    lefts = (inner <= pivot).nonzero().view(-1).add_(1)
    rights = (inner >= pivot).nonzero().view(-1).add_(1).flip(0)
    pairs = min(len(lefts), len(rights))
    swaps = int((lefts[:pairs] < rights[:pairs]).sum())
    one, other = lefts[:swaps], rights[:swaps]
    for row in (values, order):
        row[one], row[other] = row[other], row[one]
    cut = int(lefts[swaps]) if swaps < len(lefts) else len(values)
    return min(cut, int(rights[swaps - 1])) if swaps else cut


def _pivot_first(keys: Tensor, order: Tensor, starts: Tensor, ends: Tensor) -> None:
    """Exchange each range's first element with the median of its second, middle and last one."""
    places = torch.stack([starts + 1, starts + (ends - starts) // 2, ends - 1])
    a, b, c = keys[order[places]]
    upper = torch.where(b > c, 1, torch.where(a > c, 2, 0))
    lower = torch.where(a > c, 0, torch.where(b > c, 2, 1))
    median = torch.where(a > b, upper, lower)
    chosen = places.gather(0, median[None])[0]
    order[starts], order[chosen] = order[chosen], order[starts]


def _partition(keys: Tensor, order: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    """Bring what is above each range's first element before what is below; return where it ends.

    From both ends, elements that are not strictly on their side are exchanged, the n-th from the
    left with the n-th from the right, until the two meet.
    """
    sizes = ends - starts - 1
    which = torch.repeat_interleave(sizes)
    firsts = sizes.cumsum(0) - sizes
    places = torch.arange(len(which), device=keys.device) - (firsts - starts - 1)[which]
    here, pivots = keys[order[places]], keys[order[starts]][which]
    lefts, rights = (~(here > pivots)).nonzero()[:, 0], (~(here < pivots)).nonzero()[:, 0]
    left_counts = torch.bincount(which[lefts], minlength=len(starts))
    right_counts = torch.bincount(which[rights], minlength=len(starts))
    range_of = which[lefts]
    rank = torch.arange(len(lefts), device=keys.device)
    rank = rank - (left_counts.cumsum(0) - left_counts)[range_of]
    met = rank < right_counts[range_of]
    partner = rights[(right_counts.cumsum(0)[range_of] - 1 - rank).clamp(min=0)]
    exchanged = met & (lefts < partner)
    one, other = places[lefts[exchanged]], places[partner[exchanged]]
    order[one], order[other] = order[other], order[one]
    # The next from the left is where the cut is; or the last that came from there.
    swaps = torch.bincount(range_of[exchanged], minlength=len(starts))
    following = (left_counts.cumsum(0) - left_counts + swaps).clamp(max=len(lefts) - 1)
    cuts = torch.where(swaps < left_counts, places[lefts[following]], ends)
    last = (right_counts.cumsum(0) - swaps).clamp(max=len(rights) - 1)
    return torch.where(swaps > 0, cuts.minimum(places[rights[last]]), cuts)
