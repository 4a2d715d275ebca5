"""The columns of the table ``events``: every name of the event data model, with its kind.

Sources: "Normalized event data model" 217941, "Correlation event fields" 217780, "Audit event fields" 217865.
Knows no SQL. Rule: what is not here does not exist for a search.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from mock_kuma.domain.query_types import Type

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    # GUESS: every whole number is an Int64; the pages say "number" and give no width.
    NUMBER = "number"
    FLOAT = "float"
    TIME = "time"  # milliseconds since the epoch
    LIST = "list"
    MAP = "map"


TYPES: Final[Mapping[Kind, Type]] = MappingProxyType(
    {
        Kind.TEXT: Type.STRING,
        Kind.NUMBER: Type.INT64,
        Kind.FLOAT: Type.FLOAT64,
        Kind.TIME: Type.INT64,
        Kind.LIST: Type.NESTED,
        Kind.MAP: Type.NESTED,
    }
)

_TEXT: Final = """
ID TenantID TenantName ServiceID ServiceName ServiceKind ServiceAddress
AggregationRuleID AggregationRuleName CorrelationRuleID CorrelationRuleName Code Tactic Technique
ReplayID Raw BaseEvents SpaceID ClusterID DeviceAssetID SourceAssetID DestinationAssetID
SourceAccountID DestinationAccountID
ApplicationProtocol TransportProtocol
DestinationAddress DestinationCity DestinationCountry DestinationDnsDomain DestinationHostName
DestinationMacAddress DestinationNtDomain DestinationProcessName DestinationRegion
DestinationServiceName DestinationTranslatedAddress DestinationUserID DestinationUserName
DestinationUserPrivileges
SourceAddress SourceCity SourceCountry SourceDnsDomain SourceHostName SourceMacAddress
SourceNtDomain SourceProcessName SourceRegion SourceServiceName SourceTranslatedAddress
SourceUserID SourceUserName SourceUserPrivileges
DeviceAction DeviceAddress DeviceCity DeviceCountry DeviceDnsDomain DeviceEventCategory
DeviceEventClassID DeviceExternalID DeviceFacility DeviceHostName DeviceInboundInterface
DeviceOutboundInterface DeviceMacAddress DeviceNtDomain DevicePayloadID DeviceProcessName
DeviceProduct DeviceRegion DeviceTimeZone DeviceTranslatedAddress DeviceVendor DeviceVersion
EventOutcome ExternalID Message Name Reason Severity
FlexDate1Label FlexNumber1Label FlexNumber2Label FlexString1 FlexString1Label FlexString2 FlexString2Label
DeviceCustomString1 DeviceCustomString1Label DeviceCustomString2 DeviceCustomString2Label
DeviceCustomString3 DeviceCustomString3Label DeviceCustomString4 DeviceCustomString4Label
DeviceCustomString5 DeviceCustomString5Label DeviceCustomString6 DeviceCustomString6Label
DeviceCustomNumber1Label DeviceCustomNumber2Label DeviceCustomNumber3Label
DeviceCustomFloatingPoint1Label DeviceCustomFloatingPoint2Label DeviceCustomFloatingPoint3Label
DeviceCustomFloatingPoint4Label
DeviceCustomIPv6Address1 DeviceCustomIPv6Address1Label DeviceCustomIPv6Address2
DeviceCustomIPv6Address2Label DeviceCustomIPv6Address3 DeviceCustomIPv6Address3Label
DeviceCustomIPv6Address4 DeviceCustomIPv6Address4Label
DeviceCustomDate1Label DeviceCustomDate2Label
FileName FilePath FileHash FileID FilePermission FileType
OldFileName OldFilePath OldFileHash OldFileID OldFilePermission OldFileType
RequestUrl RequestMethod RequestContext RequestClientApplication RequestCookies
"""
# [R] in the list above: SpaceID, ClusterID, the account links, and most of the data fields, which
# are published that way and were not all seen in the vendor's own pages.
_NUMBER: Final = """
Type Priority BaseEventCount BytesIn BytesOut DestinationPort DestinationProcessID
DestinationTranslatedPort SourcePort SourceProcessID SourceTranslatedPort DeviceDirection
DeviceProcessID FileSize OldFileSize
FlexNumber1 FlexNumber2 DeviceCustomNumber1 DeviceCustomNumber2 DeviceCustomNumber3
"""
_FLOAT: Final = """
DestinationLatitude DestinationLongitude SourceLatitude SourceLongitude DeviceLatitude DeviceLongitude
DeviceCustomFloatingPoint1 DeviceCustomFloatingPoint2 DeviceCustomFloatingPoint3
DeviceCustomFloatingPoint4
"""
# GUESS: the dates of files and the custom dates are milliseconds, like the four that the pages note.
_TIME: Final = """
Timestamp DeviceReceiptTime StartTime EndTime FlexDate1 DeviceCustomDate1 DeviceCustomDate2
FileCreateTime FileModificationTime OldFileCreateTime OldFileModificationTime
"""
# [R]: AffectedAssets and AffectedRecords.
_LIST: Final = "GroupedBy BaseEventIDs AffectedAssets AffectedRecords"
_MAP: Final = "Extra TI"

#: Every column with its kind, in the order of an event with all its fields.
COLUMNS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        name: kind
        for kind, names in (
            (Kind.TEXT, _TEXT),
            (Kind.NUMBER, _NUMBER),
            (Kind.FLOAT, _FLOAT),
            (Kind.TIME, _TIME),
            (Kind.LIST, _LIST),
            (Kind.MAP, _MAP),
        )
        for name in names.split()
    }
)

_EMPTY: Final[Mapping[Kind, object]] = MappingProxyType(
    {Kind.TEXT: "", Kind.NUMBER: 0, Kind.FLOAT: 0.0, Kind.TIME: 0}
)


def empty(kind: Kind) -> object:
    """Return what a field holds that nobody filled: "", 0, or a new empty list or map."""
    if kind is Kind.LIST:
        return []
    return {} if kind is Kind.MAP else _EMPTY[kind]
