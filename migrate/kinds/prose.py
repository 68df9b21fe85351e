"""Documents as they are: what they say of CUDA is counted, one finding for each mention."""

from __future__ import annotations

from migrate.kinds.reading import Reading, Source


def read(_: Source) -> Reading:
    """Nothing is edited; with --docs the code in a document is."""
    return Reading((), rest=("left:docs", "in a document; --docs migrates the code in it"))
