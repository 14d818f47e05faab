"""Public pages of a collectivité, kept rendered in each web process until something of that collectivité changes.

The key holds the collectivité's version, so a page made from old data can never answer for the new; entries are
bounded in number and dropped as soon as PostgreSQL announces a change.
"""

from collections import OrderedDict
from dataclasses import dataclass

SIZE = 256

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class PageRendue:
    """A rendered public page and its validator."""

    collectivite_id: str
    version: int
    body: bytes
    etag: bytes


class PageCache:
    """A bounded map of rendered public pages: (host, path, language) to page."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Key, PageRendue] = OrderedDict()

    def get(self, key: Key, version: int) -> PageRendue | None:
        """The page, if it was rendered from this version of the collectivité."""
        page = self._pages.get(key)
        if page is None or page.version != version:
            return None
        self._pages.move_to_end(key)
        return page

    def put(self, key: Key, page: PageRendue) -> None:
        """Keeps a page; the least recently read one goes when the map is full."""
        self._pages[key] = page
        if len(self._pages) > SIZE:
            self._pages.popitem(last=False)

    def forget(self, collectivite_id: str = "*") -> None:
        """Drops the pages of one collectivité, or all."""
        for key, page in list(self._pages.items()):
            if collectivite_id in ("*", page.collectivite_id):
                del self._pages[key]
