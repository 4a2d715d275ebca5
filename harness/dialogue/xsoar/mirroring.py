"""What the mirroring commands take and give, as the documentation names it.

Decides shapes alone. Rule: a name that scripts use keeps its spelling.
"""

from __future__ import annotations

from typing import Any, Final

_NOTE: Final = 1


class IncidentStatus:
    """The server's states of an incident, as numbers."""

    PENDING, ACTIVE, DONE, ARCHIVE = 0, 1, 2, 3


class GetRemoteDataArgs:
    """The arguments of get-remote-data: which alert, and since when."""

    def __init__(self, args: dict[str, Any]) -> None:
        self.remote_incident_id, self.last_update = args["id"], args["lastUpdate"]


class GetModifiedRemoteDataArgs:
    """The argument of get-modified-remote-data: since when."""

    def __init__(self, args: dict[str, Any]) -> None:
        self.last_update = args["lastUpdate"]


class UpdateRemoteSystemArgs:
    """The arguments of update-remote-system: what changed in the incident."""

    def __init__(self, args: dict[str, Any]) -> None:
        self.data, self.entries, self.delta = args.get("data"), args.get("entries"), args.get("delta")
        self.incident_changed, self.remote_incident_id = args.get("incidentChanged"), args.get("remoteId", "")
        self.inc_status = args.get("status")


class GetRemoteDataResponse:
    """The alert as it is now, and entries; one of them may close the incident."""

    def __init__(self, mirrored_object: dict[str, Any], entries: list[dict[str, Any]] | None = None) -> None:
        self.mirrored_object, self.entries = mirrored_object, entries or []

    def extract_for_local(self) -> list[dict[str, Any]]:
        """Return what goes to the server."""
        return [self.mirrored_object, *self.entries]


class GetModifiedRemoteDataResponse:
    """The ids of the alerts that changed."""

    def __init__(
        self, modified_incident_ids: list[str] | None = None, modified_incident_entries: Any = None
    ) -> None:
        if modified_incident_entries:
            raise ValueError(
                "modified_incident_entries is not offered by the runtime of kuma-harness; give ids"
            )
        self.modified_incident_ids = modified_incident_ids or []

    def to_entry(self) -> dict[str, Any]:
        """Return what goes to the server."""
        return {"Type": _NOTE, "ContentsFormat": "json", "Contents": self.modified_incident_ids}


class SchemeTypeMapping:
    """The fields of one type of alert, for get-mapping-fields."""

    def __init__(self, type_name: str = "", fields: dict[str, str] | None = None) -> None:
        self.type_name, self.fields = type_name, dict(fields or {})

    def add_field(self, name: str, description: str = "") -> None:
        """Add one field."""
        self.fields[name] = description

    def extract_mapping(self) -> dict[str, dict[str, str]]:
        """Return the type with its fields."""
        return {self.type_name: self.fields}


class GetMappingFieldsResponse:
    """All types, for get-mapping-fields."""

    def __init__(
        self, scheme_types_mapping: SchemeTypeMapping | list[SchemeTypeMapping] | None = None
    ) -> None:
        given = scheme_types_mapping or []
        self.scheme_types_mappings = [given] if isinstance(given, SchemeTypeMapping) else list(given)

    def add_scheme_type(self, scheme_type_mapping: SchemeTypeMapping) -> None:
        """Add one type."""
        self.scheme_types_mappings.append(scheme_type_mapping)

    def extract_mapping(self) -> dict[str, dict[str, str]]:
        """Return all of them."""
        return {
            name: found for one in self.scheme_types_mappings for name, found in one.extract_mapping().items()
        }
