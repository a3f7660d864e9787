"""Snippets of prior boxes and anchors."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paddle_compat.conformance.snippet_tables import FLOATS, floats, over
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

ANCHORS = """
layers.anchor_generator(x, anchor_sizes=[64, 128, 256, 512], aspect_ratios=[0.5, 1.0, 2.0], variance=[0.1, 0.1, 0.2, 0.2], stride=[16.0, 16.0], offset=0.5)
layers.anchor_generator(input=x, anchor_sizes=[32.], aspect_ratios=[1.], stride=[8., 8.])
layers.anchor_generator(x, 32, 1, stride=[8, 8])
layers.anchor_generator(x, (32., 64.), (.5, 2.), stride=(8, 16))
layers.anchor_generator(x, [32.0, 40.3, 50.8], [0.5, 1.0, 2.0], [1., 1., 1., 1.], [8.0, 8.0])
layers.anchor_generator(x, [17.3], [0.33, 3.0, 1.7, 0.61], [.1, .2, .3, .4], [4.0, 32.0], 0.0)
layers.anchor_generator(x, [17.3], [0.7], stride=[5.5, 7.3], offset=0.3)
layers.anchor_generator(x, [17.3, 4.1], [0.7], stride=[5.5, 7.3], offset=1.0)
layers.anchor_generator(x, [3, 5, 7, 9.9], [0.1, 0.2, 0.35, 0.77, 1.1, 4.7, 9.0], stride=[128, 64])
layers.anchor_generator(x, [1e-3], [1e-3, 1e3], stride=[2.5, 2.5])
layers.anchor_generator(x, [1e5], [1.0], stride=[0.1, 0.1])
layers.anchor_generator(x, [32.0], [1.0], stride=[16.0, 16.0], name='anchors')
layers.anchor_generator(x, [32.0], [1.0], stride=[16.0, 16.0], offset=-2.5)
layers.anchor_generator(x, [32.0, 32.0], [1.0, 1.0], stride=[16.0, 16.0])
layers.anchor_generator(x, [32], [4.0 / 9, 4.0 / 25, 16.0 / 9, 16.0 / 25, 0.64], stride=[1.0, 1.0])
layers.anchor_generator(x, [32], [4.0, 0.25], stride=[3.0, 3.0])
layers.anchor_generator(x, [32], [4.0, 0.25, 0.16], stride=[5.0, 5.0])
"""
ANCHORS_REFUSED = """
layers.anchor_generator(x)
layers.anchor_generator(x, [32.0], [1.0])
layers.anchor_generator(x, [32.0], [1.0], stride=16.0)
layers.anchor_generator(x, [32.0], [1.0], stride=[16.0])
layers.anchor_generator(x, [32.0], [1.0], stride=[16.0, 16.0, 16.0])
layers.anchor_generator(x, [32.0], stride=[16.0, 16.0])
layers.anchor_generator(x, aspect_ratios=[1.0], stride=[16.0, 16.0])
layers.anchor_generator(x, ['a'], [1.0], stride=[16.0, 16.0])
layers.anchor_generator(x, [32.0], ['a'], stride=[16.0, 16.0])
layers.anchor_generator(x, [32.0], [None], stride=[16.0, 16.0])
layers.anchor_generator(x, [32.0], [1.0], stride=['a', 16.0])
layers.anchor_generator(x, [], [1.0], stride=[16.0, 16.0])
layers.anchor_generator(x, [32.0], [], stride=[16.0, 16.0])
layers.anchor_generator(x, [0.0], [1.0], stride=[16.0, 16.0])
layers.anchor_generator(x, [-3.0], [1.0], stride=[16.0, 16.0])
layers.anchor_generator(x, [32.0], [0.0], stride=[16.0, 16.0])
layers.anchor_generator(x, [32.0], [-1.0], stride=[16.0, 16.0])
layers.anchor_generator(x, [32.0], [1.0], stride=[0.0, 16.0])
layers.anchor_generator(x, [32.0], [1.0], stride=[-1.0, 16.0])
layers.anchor_generator(x, [32.0], [1.0], [0.1, 0.1], [16.0, 16.0])
layers.anchor_generator(x, [32.0], [1.0], [0.1, 0.1, 0.2, 0.2, 0.2], [16.0, 16.0])
layers.anchor_generator(x, [32.0], [1.0], [0.1, 0.1, 0.0, 0.2], [16.0, 16.0])
layers.anchor_generator(x, [32.0], [1.0], [0.1, 0.1, -0.2, 0.2], [16.0, 16.0])
layers.anchor_generator(x, [32.0], [1.0], 0.1, [16.0, 16.0])
layers.anchor_generator(x, [32.0], [1.0], (0.1, 0.1, 0.2, 0.2), [16.0, 16.0])
layers.anchor_generator(x, [32.0], [1.0], [1, 1, 1, 1], [16.0, 16.0])
layers.anchor_generator(x, [32.0], [1.0], None, [16.0, 16.0])
layers.anchor_generator(x, [32.0], [1.0], ['a', 'b', 'c', 'd'], [16.0, 16.0])
layers.anchor_generator(x, [32.0], [1.0], stride=[16.0, 16.0], offset=None)
layers.anchor_generator(x, [32.0], [1.0], stride=[16.0, 16.0], offset='a')
layers.anchor_generator(x, [32.0], [1.0], stride=[16.0, 16.0], offset=1)
layers.anchor_generator(x[0], [32.0], [1.0], stride=[16.0, 16.0])
layers.anchor_generator(layers.cast(x, 'int32'), [32.0], [1.0], stride=[16.0, 16.0])
layers.anchor_generator(np.ones([1, 2, 3, 4], 'float32'), [32.0], [1.0], stride=[16.0, 16.0])
layers.anchor_generator(3, [32.0], [1.0], stride=[16.0, 16.0])
"""
PRIORS = """
layers.prior_box(x, image, min_sizes=[100.], clip=True, flip=True)
layers.prior_box(input=x, image=image, min_sizes=[10.], max_sizes=[20.], aspect_ratios=[2.], flip=True)
layers.prior_box(x, image, [10.], [20.], [2.], flip=True, min_max_aspect_ratios_order=True)
layers.prior_box(x, image, [10.], [20.], [2., 3.], [.1, .2, .3, .4], True, True, [3., 4.], .25)
layers.prior_box(x, image, [10., 30.3], [20., 41.7], [2., 3.], flip=True)
layers.prior_box(x, image, [10., 30.3], [20., 41.7], [2., 3.], flip=True, min_max_aspect_ratios_order=True)
layers.prior_box(x, image, 7)
layers.prior_box(x, image, 7, None, 2.)
layers.prior_box(x, image, (7., 8.), (9., 10.), (2., .3))
layers.prior_box(x, image, [7.1], aspect_ratios=[1.0, 1.0000001, 2.0, 2.0000002, 0.5], flip=True)
layers.prior_box(x, image, [7.1], aspect_ratios=[2.0, 0.5], flip=True)
layers.prior_box(x, image, [7.1], aspect_ratios=[])
layers.prior_box(x, image, [7.1], [])
layers.prior_box(x, image, [7.1], [0.])
layers.prior_box(x, image, [7.1], [-1., 5.])
layers.prior_box(x, image, [7.1], (0.,))
layers.prior_box(x, image, [7.1], [9.3], [1.7, 0.77, 3.3], flip=True, offset=0.0)
layers.prior_box(x, image, [7.1], [9.3], [1.7, 0.77, 3.3], offset=-.3, steps=[0., 3.])
layers.prior_box(x, image, [7.1], [9.3], [1.7, 0.77, 3.3], offset=.3, steps=(3.3, 0))
layers.prior_box(x, image, [7.1], [9.3], [1.7, 0.77, 3.3], offset=.7, steps=(3.3, 1.7), clip=True)
layers.prior_box(x, image, [3.3, 4.7, 5.9], aspect_ratios=[1.1, 1.3, 1.9, 2.3, 7.7], flip=True)
layers.prior_box(x, image, [3.3, 4.7, 5.9], [4.4, 5.5, 6.6], [1.1, 1.3, 1.9, 2.3, 7.7], flip=True, name='p', min_max_aspect_ratios_order=True)
layers.prior_box(x, image, [3.3], [4.4], [2.0], flip=1, clip=1)
"""
PRIORS_REFUSED = """
layers.prior_box(x, image, [])
layers.prior_box(x, image, [0.])
layers.prior_box(x, image, [-1.])
layers.prior_box(x, image, ['a'])
layers.prior_box(x, image, None)
layers.prior_box(x, image, [3.], [3.])
layers.prior_box(x, image, [3.], [2.])
layers.prior_box(x, image, [3.], [4., 5.])
layers.prior_box(x, image, [3.], 4.)
layers.prior_box(x, image, [3.], ['a'])
layers.prior_box(x, image, [3.], [4])
layers.prior_box(x, image, [3.], aspect_ratios=None)
layers.prior_box(x, image, [3.], aspect_ratios=['a'])
layers.prior_box(x, image, [3.], aspect_ratios=[0.])
layers.prior_box(x, image, [3.], aspect_ratios=[-2.])
layers.prior_box(x, image, [3.], variance=[.1, .1])
layers.prior_box(x, image, [3.], variance=[.1, .1, .2, 0.])
layers.prior_box(x, image, [3.], variance=[.1, .1, .2, -1.])
layers.prior_box(x, image, [3.], variance=None)
layers.prior_box(x, image, [3.], variance=(.1, .1, .2, .2))
layers.prior_box(x, image, [3.], steps=2.)
layers.prior_box(x, image, [3.], steps=[2.])
layers.prior_box(x, image, [3.], steps=[-2., 1.])
layers.prior_box(x, image, [3.], steps=[1., -2.])
layers.prior_box(x, image, [3.], steps=['a', 2.])
layers.prior_box(x, image, [3.], offset='a')
layers.prior_box(x, image, [3.], offset=None)
layers.prior_box(x, image, [3.], offset=1)
layers.prior_box(x, image, [3.], flip='a')
layers.prior_box(x, image, [3.], flip=None)
layers.prior_box(x, image, [3.], clip=None)
layers.prior_box(x, image, [3.], clip='a')
layers.prior_box(x, image, [3.], min_max_aspect_ratios_order=None)
layers.prior_box(x[0], image, [3.])
layers.prior_box(x, image[0], [3.])
layers.prior_box(layers.cast(x, 'int32'), image, [3.])
layers.prior_box(layers.cast(x, 'int8'), image, [3.])
layers.prior_box(layers.cast(x, 'uint8'), image, [3.])
layers.prior_box(x, layers.cast(image, 'int32'), [3.])
layers.prior_box(x, layers.cast(image, 'float64'), [3.])
layers.prior_box(layers.cast(x, 'float16'), image, [3.])
layers.prior_box(np.ones([1, 2, 3, 4], 'float32'), image, [3.])
layers.prior_box(x, np.ones([1, 2, 13, 14], 'float32'), [3.])
layers.prior_box(image, x, [3.])
layers.prior_box(x, x, [3.])
layers.prior_box([x], image, [3.])
"""
DENSITY = """
layers.density_prior_box(x, image, densities=[4, 2, 1], fixed_sizes=[32.0, 64.0, 128.0], fixed_ratios=[1.], clip=True, flatten_to_2d=True)
layers.density_prior_box(input=x, image=image, densities=[4, 2, 1], fixed_sizes=[32.0, 64.0, 128.0], fixed_ratios=[1.], clip=True)
layers.density_prior_box(x, image, [1], [5.5], [1., 2., .3])
layers.density_prior_box(x, image, [2, 3], [5.5, 3.3], [1.7, .9], [.1, .2, .3, .4], False, [7.3, 5.1], .3)
layers.density_prior_box(x, image, [2, 3], [5.5, 3.3], [1.7, .9], steps=[7.3, 0.])
layers.density_prior_box(x, image, [2, 3], [5.5, 3.3], [1.7, .9], steps=(0, 5.1), flatten_to_2d=True)
layers.density_prior_box(x, image, (2.9, 3.1), (5, 3), (1, 2))
layers.density_prior_box(x, image, [5], [2.], [1.], steps=[3., 4.], offset=0.)
layers.density_prior_box(x, image, [1, 1], [2., 30.], [1., 3.], offset=-1., clip=True)
layers.density_prior_box(x, image, [1, 1], [2., 30.], [1., 3.], offset=-1.)
layers.density_prior_box(x, image, [2], [2.], [1.], offset=3.)
layers.density_prior_box(x, image, [2], [2.], [1.], offset=3., clip=True)
layers.density_prior_box(x, image, [2], [2.], [1.], name='d')
"""
DENSITY_REFUSED = """
layers.density_prior_box(x, image)
layers.density_prior_box(x, image, [2], [2.])
layers.density_prior_box(x, image, [2], fixed_ratios=[2.])
layers.density_prior_box(x, image, 2, [2.], [1.])
layers.density_prior_box(x, image, [2], 2., [1.])
layers.density_prior_box(x, image, [2], [2.], 1.)
layers.density_prior_box(x, image, [2, 3], [2.], [1.])
layers.density_prior_box(x, image, [0], [2.], [1.])
layers.density_prior_box(x, image, [-1], [2.], [1.])
layers.density_prior_box(x, image, [2], [0.], [1.])
layers.density_prior_box(x, image, [2], [-1.], [1.])
layers.density_prior_box(x, image, [2], [2.], [0.])
layers.density_prior_box(x, image, [2], [2.], [-1.])
layers.density_prior_box(x, image, ['a'], [2.], [1.])
layers.density_prior_box(x, image, [2], ['a'], [1.])
layers.density_prior_box(x, image, [2], [2.], ['a'])
layers.density_prior_box(x, image, [2], [2.], [1.], [.1, .1])
layers.density_prior_box(x, image, [2], [2.], [1.], [.1, .1, .1, 0.])
layers.density_prior_box(x, image, [2], [2.], [1.], [.1, .1, .1, -1.])
layers.density_prior_box(x, image, [2], [2.], [1.], steps=2.)
layers.density_prior_box(x, image, [2], [2.], [1.], steps=[2.])
layers.density_prior_box(x, image, [2], [2.], [1.], steps=[-1., 2.])
layers.density_prior_box(x, image, [2], [2.], [1.], offset='a')
layers.density_prior_box(x, image, [2], [2.], [1.], clip=None)
layers.density_prior_box(x, image, [], [], [1.])
layers.density_prior_box(x, image, [2], [2.], [])
layers.density_prior_box(x[0], image, [2], [2.], [1.])
layers.density_prior_box(x, image[0], [2], [2.], [1.])
layers.density_prior_box(image, x, [2], [2.], [1.])
layers.density_prior_box(x, x, [2], [2.], [1.])
layers.density_prior_box(layers.cast(x, 'int32'), image, [2], [2.], [1.])
layers.density_prior_box(x, layers.cast(image, 'float64'), [2], [2.], [1.])
layers.density_prior_box(np.ones([1, 2, 3, 4], 'float32'), image, [2], [2.], [1.])
"""


def _on(
    lines: str,
    cells: tuple[int, int],
    pixels: tuple[int, int],
    dtype: str = "float32",
    unknown: Mapping[str, tuple[int, ...]] | bool = False,
) -> Iterator[Snippet]:
    x, image = floats(1, 2, *cells, dtype=dtype), floats(1, 3, *pixels, dtype=dtype)
    return over(lines, wrt=(), unknown=unknown, x=x, image=image)


def _cases() -> Iterator[Snippet]:
    grid = {"x": (0, 2, 3)}
    for dtype in FLOATS:
        yield from over(ANCHORS, wrt=(), x=floats(2, 3, 4, 5, dtype=dtype))
        yield from _on(PRIORS + DENSITY, (3, 4), (37, 50), dtype)
    yield from over(ANCHORS, wrt=(), unknown=grid, x=floats(1, 2, 1, 3))
    yield from over(ANCHORS_REFUSED, wrt=(), x=floats(2, 3, 4, 5))
    both = {"x": (0, 2, 3), "image": (0, 2, 3)}
    yield from _on(PRIORS + DENSITY, (6, 9), (97, 120), unknown=both)
    yield from _on(PRIORS_REFUSED + DENSITY_REFUSED, (3, 4), (9, 12))
    lines = """
    layers.prior_box(x, image, [3.])
    layers.density_prior_box(x, image, [2], [2.], [1.])
    """
    for cells, pixels in (((9, 4), (9, 12)), ((3, 12), (9, 12)), ((8, 11), (9, 12))):
        for unknown in (False, both):
            yield from _on(lines, cells, pixels, unknown=unknown)
    levels = {"lods": {"x": [[1, 2]], "image": [[2, 1]]}}
    x, image = floats(3, 2, 3, 4), floats(3, 3, 9, 12)
    lines += "layers.density_prior_box(x, image, [2], [2.], [1.], flatten_to_2d=True)"
    yield from over(lines, wrt=(), options=levels, x=x, image=image)
    line = "layers.anchor_generator(x, [32.], [1.], stride=[8., 8.])"
    yield from over(line, wrt=(), options={"lods": {"x": [[1, 2]]}}, x=x)
    yield from over(
        """
        layers.reduce_sum(layers.anchor_generator(x, [32.], [1.], stride=[8., 8.])[0]) + layers.reduce_sum(x)
        layers.reduce_sum(x) * layers.prior_box(x, layers.pad2d(x, [3, 3, 3, 3]), [3.])[0]
        """,
        x=floats(1, 2, 3, 4),
    )


SNIPPETS = tuple(_cases())
