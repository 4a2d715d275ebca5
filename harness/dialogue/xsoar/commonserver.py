"""The names of CommonServerPython that integrations use.

Decides what a script finds there; the pieces stand in ``clients``, ``mirroring`` and ``moments``. Rule:
what is not here is missing when the script looks for it, and never half there.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any, Final, NoReturn

import requests

from harness.dialogue.xsoar import arguments, clients, lookback, mirroring, moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from harness.dialogue.xsoar.demisto import Demisto

_PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_TRUST: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class EntryType:
    """What an entry is."""

    NOTE, DOWNLOAD_AGENT, FILE, ERROR, PINNED, USER_MANAGEMENT, IMAGE = 1, 2, 3, 4, 5, 6, 7
    PLAYBOOK_ERROR, ENTRY_INFO_FILE, WARNING, MAP_ENTRY_TYPE, WIDGET = 8, 9, 11, 15, 17


class EntryFormat:
    """How an entry's content is read."""

    HTML, TABLE, JSON, TEXT, DBOT_RESPONSE, MARKDOWN = (
        "html",
        "table",
        "json",
        "text",
        "dbotCommandResponse",
        "markdown",
    )


class IncidentSeverity:
    """The server's severities."""

    UNKNOWN, INFO, LOW, MEDIUM, HIGH, CRITICAL = 0, 0.5, 1, 2, 3, 4


class CommandResults:
    """What a command found: for the context, and for people."""

    def __init__(
        self,
        outputs_prefix: str | None = None,
        outputs_key_field: str | list[str] | None = None,
        outputs: Any = None,
        indicators: Any = None,
        readable_output: str | None = None,
        raw_response: Any = None,
        **more: Any,
    ) -> None:
        self.outputs_prefix, self.outputs_key_field, self.outputs = outputs_prefix, outputs_key_field, outputs
        self.indicators, self.readable_output, self.raw_response = indicators, readable_output, raw_response
        self.more = more

    def to_context(self) -> dict[str, Any]:
        """Return the entry for the server."""
        keys = (
            self.outputs_key_field if isinstance(self.outputs_key_field, list) else [self.outputs_key_field]
        )
        same = " && ".join(f"val.{key} && val.{key} == obj.{key}" for key in keys if key)
        path = f"{self.outputs_prefix}({same})" if same else self.outputs_prefix
        raw = self.outputs if self.raw_response is None else self.raw_response
        text = self.readable_output
        if text is None:
            text = table_to_markdown("Results", self.outputs) if self.outputs else ""
        return {
            "Type": self.more.get("entry_type", EntryType.NOTE),
            "ContentsFormat": EntryFormat.TEXT if isinstance(raw, str) else EntryFormat.JSON,
            "Contents": raw,
            "HumanReadable": text,
            "EntryContext": {path: self.outputs} if path and self.outputs is not None else {},
        }


def table_to_markdown(
    name: str,
    t: Any,
    headers: Iterable[str] | str | None = None,
    headerTransform: Callable[[str], str] | None = None,
    removeNull: bool = False,
    **_: Any,
) -> str:
    """Return a Markdown table of one dictionary or of a list of them."""
    rows = [t] if isinstance(t, dict) else [row if isinstance(row, dict) else {"": row} for row in t or []]
    if not rows:
        return f"### {name}\n**No entries.**\n"
    columns = [headers] if isinstance(headers, str) else list(headers or rows[0])
    if removeNull:
        columns = [one for one in columns if any(row.get(one) not in {None, ""} for row in rows)]
    shown = [headerTransform(one) if headerTransform else one for one in columns]
    cells = [
        [str(row.get(one, "")).replace("|", "\\|").replace("\n", "<br>") for one in columns] for row in rows
    ]
    lines = [shown, ["---"] * len(shown), *cells]
    return f"### {name}\n" + "".join(f"|{'|'.join(line)}|\n" for line in lines)


class Bound:
    """The helpers that speak to the server, bound to one command."""

    def __init__(self, demisto: Demisto) -> None:
        self._demisto = demisto

    def return_error(self, message: Any, error: Any = "", outputs: Any = None) -> NoReturn:
        """Say that the command failed, and leave."""
        self._demisto.error(f"{message} {error}".strip())
        entry = {"Type": EntryType.ERROR, "ContentsFormat": "text", "Contents": str(message)}
        self._demisto.results({**entry, "EntryContext": outputs})
        sys.exit(0)

    def return_results(self, results: Any) -> None:
        """Hand over whatever a command found, as the server wants it."""
        if isinstance(results, list) and any(isinstance(one, CommandResults) for one in results):
            for one in results:
                self.return_results(one)
            return
        if isinstance(results, CommandResults):
            results = results.to_context()
        elif isinstance(results, mirroring.GetModifiedRemoteDataResponse):
            results = results.to_entry()
        elif isinstance(results, mirroring.GetRemoteDataResponse):
            results = results.extract_for_local()
        elif isinstance(results, mirroring.GetMappingFieldsResponse):
            results = results.extract_mapping()
        self._demisto.results("" if results is None else results)

    def return_outputs(
        self, readable_output: str, outputs: Any = None, raw_response: Any = None, **_: Any
    ) -> None:
        """Hand over a text for people, and values for the context."""
        entry = {"Type": EntryType.NOTE, "ContentsFormat": "json", "Contents": raw_response or outputs}
        self._demisto.results({**entry, "HumanReadable": readable_output, "EntryContext": outputs})

    def handle_proxy(
        self, proxy_param_name: str = "proxy", checkbox_default_value: bool = False, **_: Any
    ) -> dict[str, str]:
        """Leave proxies and trust in the environment only where the instance wants them."""
        params = self._demisto.params()
        for name in _PROXIES if not params.get(proxy_param_name, checkbox_default_value) else ():
            os.environ.pop(name, None)
        for name in _TRUST if params.get("insecure") or params.get("unsecure") else ():
            os.environ.pop(name, None)
        return {name.lower().split("_")[0]: os.environ.get(name, "") for name in _PROXIES[2:]}

    def set_integration_context(self, context: dict[str, Any], *_: Any) -> None:
        """Keep the context for the commands to come."""
        self._demisto.setIntegrationContext(context)


class BaseClient(clients.BaseClient):
    """The client, that leaves proxies alone unless it is told to use them."""

    def __init__(self, base_url: str, verify: bool = True, proxy: bool = False, **more: Any) -> None:
        for name in () if proxy else _PROXIES:
            os.environ.pop(name, None)
        super().__init__(base_url, verify, **more)


def names(demisto: Demisto) -> dict[str, Any]:
    """Return everything that ``from CommonServerPython import *`` brings, bound to one command."""
    bound = Bound(demisto)
    found: dict[str, Any] = {one.__name__: one for one in (*_CLASSES, *_FUNCTIONS, *_MODULES)}
    return found | {
        "return_error": bound.return_error,
        "return_results": bound.return_results,
        "return_outputs": bound.return_outputs,
        "handle_proxy": bound.handle_proxy,
        "get_integration_context": demisto.getIntegrationContext,
        "set_integration_context": bound.set_integration_context,
        "LOG": demisto.debug,
        "argToBoolean": arguments.arg_to_boolean,
        "argToList": arguments.arg_to_list,
        "tableToMarkdown": table_to_markdown,
        "datetime": dt.datetime,
        "timedelta": dt.timedelta,
        "timezone": dt.timezone,
        "Any": Any,
        "DATE_FORMAT": "%Y-%m-%dT%H:%M:%SZ",
    }


_CLASSES: Final = (
    BaseClient,
    CommandResults,
    EntryFormat,
    EntryType,
    IncidentSeverity,
    clients.DemistoException,
    mirroring.GetMappingFieldsResponse,
    mirroring.GetModifiedRemoteDataArgs,
    mirroring.GetModifiedRemoteDataResponse,
    mirroring.GetRemoteDataArgs,
    mirroring.GetRemoteDataResponse,
    mirroring.IncidentStatus,
    mirroring.SchemeTypeMapping,
    mirroring.UpdateRemoteSystemArgs,
)
_FUNCTIONS: Final = (
    arguments.arg_to_number,
    arguments.assign_params,
    arguments.dict_safe_get,
    arguments.remove_empty_elements,
    arguments.urljoin,
    lookback.filter_incidents_by_duplicates_and_limit,
    lookback.get_fetch_run_time_range,
    lookback.get_found_incident_ids,
    lookback.update_last_run_object,
    moments.arg_to_datetime,
    moments.date_to_timestamp,
    moments.parse_date_range,
    moments.parse_date_string,
    moments.timestamp_to_datestring,
)
#: A script that imports everything finds these without importing them.
_MODULES: Final = (json, os, re, requests, sys, time, traceback)
