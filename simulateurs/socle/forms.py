"""Parameters of a request, from the query of a GET or the form of a POST."""

from collections import Counter

from starlette.requests import Request


async def parameters(request: Request) -> tuple[dict[str, str], frozenset[str]]:
    """Every parameter by name, and the names that came more than once (a protocol fault)."""
    if request.method == "POST":
        pairs = [
            (name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)
        ]
    else:
        pairs = request.query_params.multi_items()
    counts = Counter(name for name, _ in pairs)
    return dict(pairs), frozenset(name for name, count in counts.items() if count > 1)
