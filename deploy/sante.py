"""Health check of a container: 0 when `/sante` on its own port answers 200, 1 otherwise. Standard library only."""

import http.client
import os
import sys
from urllib.parse import urlsplit


def healthy(port: int, host: str) -> bool:
    """Whether the web process answers 200 on `/sante` under host name `host`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/sante", headers={"Host": host})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    base = urlsplit(os.environ.get("KUMUN_BASE_URL", "http://localhost:8000"))
    sys.exit(0 if healthy(int(os.environ.get("PORT", "8000")), base.netloc) else 1)
