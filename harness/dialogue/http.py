"""The http transport: an adapter that runs already and answers one POST a request.

Decides what an HTTP answer means. Starts and ends nothing: whoever started the adapter ends it. Rule: a
bearer token goes to the address of the connector file alone, never after a redirect.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Final

import httpx

from harness.dialogue.stdio import DeadlineMissed, Died
from harness.protocol import BadAnswer, NotStarted, encode_request, read_answer

if TYPE_CHECKING:
    from harness.protocol import Refusal

_OK: Final = 200


class HttpAdapter:
    """An adapter at an address; ``token`` is its bearer token, ``deadline`` in seconds for one request."""

    def __init__(self, url: str, *, token: str | None, deadline: float) -> None:
        self._url, self._deadline = url, deadline
        self._headers = {"Content-Type": "application/json"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._number = 0
        self._client: httpx.Client | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._asked: Future[httpx.Response] | None = None

    def start(self) -> None:
        """Make ready to talk; nothing is sent yet."""
        # The adapter is named on purpose: no proxy in between.
        self._client = httpx.Client(headers=self._headers, timeout=self._deadline, trust_env=False)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="http-adapter")

    def send(self, method: str, params: dict[str, Any]) -> int:
        """Send a request without waiting; return its number."""
        if self._client is None or self._pool is None:
            raise NotStarted("the connector has not been started")
        self._number += 1
        content = encode_request(self._number, method, params)
        self._asked = self._pool.submit(self._client.post, self._url, content=content)
        return self._number

    def answered(self, *, within: float) -> bool:
        """Say whether the answer is there, waiting ``within`` seconds for it."""
        return self._asked is not None and bool(wait([self._asked], timeout=within).done)

    def receive(self, number: int, method: str, *, deadline: float) -> Any | Refusal:
        """Return the answer to a request; raises NotStarted, Died, DeadlineMissed or BadAnswer."""
        if self._asked is None:
            raise NotStarted("nothing was asked yet")
        try:
            response = self._asked.result(timeout=deadline)
        except (TimeoutError, httpx.ReadTimeout) as error:
            raise DeadlineMissed(
                f"the connector did not answer {method} within {deadline:g} seconds"
            ) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
            raise NotStarted(f"no adapter answers at {self._url}: {error}; start it first") from error
        except httpx.HTTPError as error:
            raise Died(f"the adapter at {self._url} broke off its answer to {method}: {error}") from error
        if response.status_code != _OK:
            raise BadAnswer(
                f"the adapter answered {method} with HTTP {response.status_code}; refusals of KUMA are "
                "JSON-RPC errors in an answer with 200"
            )
        return read_answer(response.content, number=number, method=method)

    def request(self, method: str, params: dict[str, Any], *, deadline: float) -> Any | Refusal:
        """Send a request and return its answer, as ``receive`` does."""
        return self.receive(self.send(method, params), method, deadline=deadline)

    def stop(self) -> int | None:
        """Return 0: the adapter is not ours to end."""
        return 0

    def end(self) -> None:
        """Give up the request that is waited for."""
        if self._client is not None:
            self._client.close()

    def kill(self) -> None:
        """Leave the adapter alone, and forget the connection."""
        self.end()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._client, self._pool, self._asked = None, None, None
