"""The regions a scan picked out → `Index`, in one walk over libcst's nodes.

libcst's visitors and metadata providers rebuild or copy every node and cost several times the parse;
a plain walk over the nodes' fields does not. Names are resolved by the scopes of the scan.
"""

from __future__ import annotations

from migrate.callsites import OTHER
from migrate.finder import Finder
from migrate.grammar import HANDLERS
from migrate.model import Table
from migrate.source import Scan
from migrate.syntax import Index
from migrate.walk import Walk


def build_index(scan: Scan, table: Table, finder: Finder) -> Index:
    """Parse the regions of a scan and list what is in them.

    Raises `UnreadableRegionError` naming the line where libcst cannot parse a region.
    """
    index = Index()
    for region in scan.regions:
        walk = Walk(scan, region, table, finder, index, HANDLERS)
        for statement in walk.region.module.body:
            walk.visit(statement, OTHER)
    return index
