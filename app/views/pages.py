"""The pages of the app. A page `name` has its folder in `app/`, and `app/views/name.py`, which shows it."""

from collections.abc import Mapping
from types import MappingProxyType

PAGES: Mapping[str, str] = MappingProxyType(
    {"race": "Race", "maps": "Maps", "network": "Network", "studies": "Studies", "matrix": "Tests"}
)
"""The titles of the pages by their names, which are their addresses as well. The first is also at the root."""
READING: Mapping[str, str] = MappingProxyType({"history": "History"})
"""Pages to read, which have no settings and no folder: the titles by the names, as above."""
ADDRESSES: Mapping[str, str] = MappingProxyType({**PAGES, **READING})
"""The titles of all pages by their addresses, in the order of their links."""
