"""What either listener refuses for its size, in bytes but for the number of headers."""

from __future__ import annotations

from typing import Final

#: Longer heads of requests and answers are refused.
MAX_HEAD: Final = 128 * 1024
#: A request with more of them is refused; the application's server would say so in words of its own.
MAX_HEADERS: Final = 100
#: Likewise one with a longer path and query.
MAX_TARGET: Final = 65_535
#: Larger bodies are refused; the largest that the vendor documents is an upload of 64 MB.
MAX_BODY: Final = 66 * 1024 * 1024
