"""``BaseClient``: how integrations speak HTTP.

Decides what an answer is worth to a script: content, or a ``DemistoException`` that carries the response.
Rule: certificates are verified unless the script says otherwise, and no message carries a header.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InsecureRequestWarning
from urllib3.util import Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NO_CONTENT: Final = 204
_SHOWN: Final = 500


class DemistoException(Exception):
    """A call failed. ``res`` is the response where there was one."""

    def __init__(
        self, message: Any, exception: BaseException | None = None, res: Any = None, *arguments: Any
    ) -> None:
        super().__init__(message, *arguments)
        self.message, self.exception, self.res = message, exception, res

    def __str__(self) -> str:
        return str(self.message)


class BaseClient:
    """A client of one base address. ``timeout`` in seconds for connecting, and between two bytes."""

    REQUESTS_TIMEOUT = 60

    def __init__(
        self,
        base_url: str,
        verify: bool = True,
        ok_codes: Sequence[int] = (),
        headers: dict[str, str] | None = None,
        auth: Any = None,
        timeout: float = REQUESTS_TIMEOUT,
    ) -> None:
        self._base_url, self._verify, self._ok_codes = base_url, verify, tuple(ok_codes)
        self._headers, self._auth, self.timeout = headers, auth, timeout
        self._session = requests.Session()

    def _http_request(
        self,
        method: str,
        url_suffix: str = "",
        full_url: str | None = None,
        headers: dict[str, str] | None = None,
        auth: Any = None,
        json_data: Any = None,
        params: Any = None,
        data: Any = None,
        files: Any = None,
        timeout: float | None = None,
        resp_type: str = "json",
        ok_codes: Sequence[int] | None = None,
        return_empty_response: bool = False,
        retries: int = 0,
        status_list_to_retry: Sequence[int] | None = None,
        backoff_factor: float = 5,
        raise_on_redirect: bool = False,
        raise_on_status: bool = False,
        error_handler: Callable[[Any], Any] | None = None,
        empty_valid_codes: Sequence[int] | None = None,
        **more: Any,
    ) -> Any:
        """Send one request; return its content as ``resp_type``: json, text, content, xml or response."""
        url = full_url or f"{self._base_url.rstrip('/')}/{url_suffix.lstrip('/')}"
        if retries:
            again = Retry(
                retries,
                backoff_factor=backoff_factor,
                status_forcelist=list(status_list_to_retry or ()),
                allowed_methods=None,
                raise_on_status=raise_on_status,
                raise_on_redirect=raise_on_redirect,
            )
            self._session.mount(url, HTTPAdapter(max_retries=again))
        # Whoever turned verification off knows it; the session would say so at each request.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InsecureRequestWarning)
            response = self._sent(
                method,
                url,
                headers=headers or self._headers,
                auth=auth or self._auth,
                json=json_data,
                params=params,
                data=data,
                files=files,
                timeout=timeout or self.timeout,
                **more,
            )
        if not self._fine(response, ok_codes):
            if error_handler is not None:
                error_handler(response)
            raise DemistoException(_trouble(response), res=response)
        empty = response.status_code in (empty_valid_codes or {_NO_CONTENT})
        if return_empty_response and empty:
            return response
        return _content(response, resp_type)

    def _sent(self, method: str, url: str, **how: Any) -> Any:
        try:
            return self._session.request(method, url, verify=self._verify, **how)
        except requests.exceptions.ConnectTimeout as error:
            raise DemistoException(f"Connection Timeout Error: {method} {url}", error) from error
        except requests.exceptions.SSLError as error:
            raise DemistoException(f"SSL Certificate Verification Failed: {method} {url}", error) from error
        except requests.exceptions.ProxyError as error:
            raise DemistoException(f"Proxy Error: {method} {url}", error) from error
        except requests.exceptions.ConnectionError as error:
            raise DemistoException(f"Connection Error: {method} {url}", error) from error
        except requests.exceptions.RequestException as error:
            # Silence, and a body that broke off: the others that requests knows.
            raise DemistoException(f"{type(error).__name__}: {method} {url}", error) from error

    def _fine(self, response: Any, ok_codes: Sequence[int] | None) -> bool:
        codes = tuple(ok_codes or ()) or self._ok_codes
        return response.status_code in codes if codes else bool(response.ok)


def _trouble(response: Any) -> str:
    said = response.text[:_SHOWN]
    return f"Error in API call [{response.status_code}] - {response.reason}\n{said}"


def _content(response: Any, resp_type: str) -> Any:
    try:
        match resp_type.lower():
            case "json":
                return response.json()
            case "text":
                return response.text
            case "content":
                return response.content
            case "xml":
                ET.fromstring(response.text)  # noqa: S314 -- as the server's own helper reads it
                return response.text
    except (ValueError, ET.ParseError) as error:
        raise DemistoException(
            f"Failed to parse {resp_type} object from response", error, response
        ) from error
    return response
