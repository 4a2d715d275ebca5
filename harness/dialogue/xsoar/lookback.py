"""Looking back: fetching a window again, for alerts that were indexed late.

Decides the window, what of it is new, and what the next fetch must know: ``time``, ``limit`` and
``found_incident_ids`` of the last run. Rule: an id that was found is remembered for as long as the window
can bring it back.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from harness.dialogue.xsoar.moments import arg_to_datetime, now

_FORMAT: Final = "%Y-%m-%dT%H:%M:%S"


def get_fetch_run_time_range(
    last_run: dict[str, Any],
    first_fetch: str,
    look_back: int = 0,
    timezone: float = 0,
    date_format: str = _FORMAT,
) -> tuple[str, str]:
    """Return the window to fetch, as text; ``look_back`` in minutes, ``timezone`` in hours."""
    here = now() + dt.timedelta(hours=timezone)
    if last_run and last_run.get("time"):
        start = _read(last_run["time"], date_format)
        # Only a window that reaches nearer than the look-back is widened.
        start = min(start, here - dt.timedelta(minutes=look_back)) if look_back > 0 else start
    else:
        begin = arg_to_datetime(first_fetch, "first_fetch", required=True)
        assert begin is not None  # noqa: S101 -- it is required
        start = begin + dt.timedelta(hours=timezone)
    return start.strftime(date_format), here.strftime(date_format)


def filter_incidents_by_duplicates_and_limit(
    incidents_res: list[dict[str, Any]], last_run: dict[str, Any], fetch_limit: int, id_field: str
) -> list[dict[str, Any]]:
    """Return what no earlier fetch found, and no more of it than the limit."""
    found = (last_run or {}).get("found_incident_ids", {})
    return [one for one in incidents_res if one[id_field] not in found][:fetch_limit]


def get_found_incident_ids(
    last_run: dict[str, Any], incidents: list[dict[str, Any]], look_back: int, id_field: str
) -> dict[str, int]:
    """Return the ids that were found, with when; those that no window brings back are left out."""
    at = int(now().timestamp())
    # GUESS: the documentation does not say how long; twice the look-back, and a minute for a slow fetch.
    oldest = at - look_back * 60 * 2 - 60
    kept = {
        key: when for key, when in (last_run or {}).get("found_incident_ids", {}).items() if when >= oldest
    }
    return kept | {one[id_field]: at for one in incidents}


def update_last_run_object(
    last_run: dict[str, Any],
    incidents: list[dict[str, Any]],
    fetch_limit: int,
    start_fetch_time: str,  # noqa: ARG001 -- as documented; see the guess below
    end_fetch_time: str,
    look_back: int,
    created_time_field: str,
    id_field: str,
    date_format: str = _FORMAT,
    increase_last_run_time: bool = False,
) -> dict[str, Any]:
    """Return the last run that follows a fetch; ``incidents`` are those that it handed over, oldest first."""
    found = get_found_incident_ids(last_run, incidents, look_back, id_field)
    if not incidents:
        following, limit = end_fetch_time, fetch_limit
    else:
        newest = _read(incidents[-1][created_time_field], date_format)
        step = dt.timedelta(seconds=1) if increase_last_run_time else dt.timedelta()
        following, limit = (newest + step).strftime(date_format), fetch_limit
        # GUESS: the documentation raises the limit where a fetch starts where the last one did; a window
        # that looks back always holds what was found already, so it is read further each time.
        if look_back > 0:
            limit = (last_run or {}).get("limit", 0) + fetch_limit
    return {**(last_run or {}), "time": following, "limit": limit, "found_incident_ids": found}


def _read(text: str, date_format: str) -> dt.datetime:
    try:
        read = dt.datetime.strptime(text, date_format)  # noqa: DTZ007 -- set below
    except ValueError:
        read = dt.datetime.fromisoformat(text)
    return read.replace(tzinfo=dt.UTC) if read.tzinfo is None else read
