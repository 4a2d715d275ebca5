"""What a user would pick instead of the mock, and nginx as the limit: how each is filled, started and asked.

Each holds the same alerts as the mock as far as it holds anything. Rule: the page is the same bytes' worth
everywhere, and what a peer does otherwise (memory only, parts of a page) is said in its note.
"""

from __future__ import annotations

import getpass
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import httpx

from tests.bench.load import Ask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.bench.mock import Held

#: W2 by a path of the peer's own. KUMA has no such path: its clients filter the list, which is W2.
OWN: Final = "W2 own"
_JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Plan:
    """How a peer is run on a port in a folder: its command, what fills it once it answers, what is asked."""

    command: list[str]
    asks: dict[str, Ask]
    probe: str = "/"
    fill: Callable[[str], None] = field(default=lambda _url: None)
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer: where it comes from, whether it keeps state, and its plan."""

    name: str
    source: str  # apt, npm or pip
    program: str
    keeps_state: bool
    plan: Callable[[str, int, Path, Held], Plan]  # program, port, folder, data
    note: str = ""


def nginx(program: str, port: int, folder: Path, held: Held) -> Plan:
    """Two files: nothing is looked up, noted or kept, so nothing can be faster."""
    web = folder / "web"
    web.mkdir(exist_ok=True)
    (web / "page").write_bytes(held.page)
    (web / "one").write_bytes(_dumped([held.alerts[-1]]))
    text = f"""daemon off; user {getpass.getuser()}; worker_processes 1;
pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=8;
  default_type application/json; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
  fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen 127.0.0.1:{port}; root {web}; }} }}
"""
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    command = [program, "-p", str(folder), "-e", f"{folder}/error.log", "-c", str(folder / "nginx.conf")]
    return Plan(command, {"W1": Ask("GET", "/page"), "W2": Ask("GET", "/one")}, probe="/one")


def json_server(program: str, port: int, folder: Path, held: Held) -> Plan:
    """A file of alerts, rewritten whole at each change."""
    (folder / "db.json").write_bytes(_dumped({"alerts": held.alerts}))
    command = [program, "--quiet", "--host", "127.0.0.1", "--port", str(port), "db.json"]
    asks = {
        "W1": Ask("GET", "/alerts?status=new&_limit=250"),
        "W2": Ask("GET", "/alerts?id={id}", ids=held.others),
        OWN: Ask("GET", "/alerts/{id}", ids=held.others),
        "W3": Ask("PATCH", "/alerts/{id}", '{"status":"closed"}', _JSON, held.others),
    }
    return Plan(command, asks, probe=f"/alerts/{held.alerts[-1]['id']}")


def mockoon(program: str, port: int, folder: Path, held: Held) -> Plan:
    """A data bucket with its create, read, update and delete routes, in memory."""
    response = {
        "uuid": "3b0d4487-8561-4213-a59b-8cee2e9590ab", "body": "{}", "latency": 0, "statusCode": 200,
        "label": "", "headers": [{"key": "Content-Type", "value": "application/json"}],
        "bodyType": "DATABUCKET", "filePath": "", "databucketID": "aler", "sendFileAsBody": False,
        "rules": [], "rulesOperator": "OR", "disableTemplating": True, "fallbackTo404": False,
        "default": True, "crudKey": "id", "callbacks": [],
    }  # fmt: skip
    route = {
        "uuid": "eb6fb6f3-9d1b-465f-888e-f9e4051acbf3", "type": "crud", "documentation": "", "method": "",
        "endpoint": "alerts", "responses": [response], "responseMode": None, "streamingMode": None,
        "streamingInterval": 0,
    }  # fmt: skip
    bucket = {
        "uuid": "ed5ed834-8b63-4773-aa62-104a9b991742", "id": "aler", "name": "alerts", "documentation": "",
        "value": json.dumps(held.alerts),
    }  # fmt: skip
    environment = {
        "uuid": "073f3c89-3e29-4df5-b015-216f8a1d964f", "lastMigration": 33, "name": "bench",
        "endpointPrefix": "", "latency": 0, "port": port, "hostname": "127.0.0.1", "folders": [],
        "routes": [route], "rootChildren": [{"type": "route", "uuid": route["uuid"]}], "proxyMode": False,
        "proxyHost": "", "proxyRemovePrefix": False, "cors": False, "headers": [], "proxyReqHeaders": [],
        "proxyResHeaders": [], "data": [bucket], "callbacks": [],
        "tlsOptions": {"enabled": False, "type": "CERT", "pfxPath": "", "certPath": "", "keyPath": "",
                       "caPath": "", "passphrase": ""},
    }  # fmt: skip
    (folder / "environment.json").write_bytes(_dumped(environment))
    command = [program, "start", "--data", "environment.json", "--port", str(port), "--disable-log-to-file"]
    command += ["--disable-admin-api", "--max-transaction-logs", "1"]
    asks = {
        "W1": Ask("GET", "/alerts?status_eq=new&limit=250&page=1"),
        "W2": Ask("GET", "/alerts?id_eq={id}", ids=held.others),
        OWN: Ask("GET", "/alerts/{id}", ids=held.others),
        "W3": Ask("PATCH", "/alerts/{id}", '{"status":"closed"}', _JSON, held.others),
    }
    return Plan(command, asks, probe=f"/alerts/{held.alerts[-1]['id']}")


def prism(program: str, port: int, folder: Path, held: Held) -> Plan:
    """An OpenAPI document's examples."""

    def answer(value: Any) -> dict[str, Any]:
        content = {"application/json": {"schema": {}, "example": value}}
        return {"responses": {"200": {"description": "", "content": content}}}

    paths = {
        "/alerts": {"get": answer(json.loads(held.page))},
        "/alert": {"get": answer([held.alerts[-1]])},
        "/alerts/close": {"post": {**answer(""), "requestBody": {"content": {"application/json": {}}}}},
    }
    document = {"openapi": "3.0.3", "info": {"title": "bench", "version": "1"}, "paths": paths}
    (folder / "openapi.json").write_bytes(_dumped(document))
    command = [program, "mock", "openapi.json", "-h", "127.0.0.1", "-p", str(port), "-v", "error"]
    return Plan(command, _canned("/alert"), probe="/alert")


def mountebank(program: str, port: int, folder: Path, held: Held) -> Plan:
    """An imposter with stubs."""

    def stub(method: str, path: str, body: Any) -> dict[str, Any]:
        answer = {"statusCode": 200, "headers": _JSON, "body": body}
        predicate = {"equals": {"method": method, "path": path}}
        return {"predicates": [predicate], "responses": [{"is": answer}]}

    stubs = [
        stub("GET", "/alerts", held.page.decode()),
        stub("GET", "/alert", json.dumps([held.alerts[-1]])),
        stub("POST", "/alerts/close", ""),
    ]
    imposter = {"port": port, "host": "127.0.0.1", "protocol": "http", "stubs": stubs}
    (folder / "imposters.json").write_bytes(_dumped({"imposters": [imposter]}))
    command = [program, "start", "--configfile", "imposters.json", "--noParse", "--host", "127.0.0.1"]
    command += ["--port", str(port + 1), "--nologfile", "--loglevel", "error", "--pidfile", "mb.pid"]
    return Plan(command, _canned("/alert"), probe="/alert")


def _canned(one: str) -> dict[str, Ask]:
    body = '{"id":"{id}","reason":"responded"}'
    return {
        "W1": Ask("GET", "/alerts?status=new"),
        "W2": Ask("GET", one),
        "W3": Ask("POST", "/alerts/close", body, _JSON),
    }


def medallion(program: str, port: int, folder: Path, held: Held) -> Plan:
    """A TAXII collection whose objects are the alerts, in memory."""
    stamp = "2026-01-01T00:00:00.000Z"
    media = "application/stix+json;version=2.1"
    objects = [
        {"type": "x-alert", "spec_version": "2.1", "created": stamp, "modified": stamp, **alert}
        | {"id": f"x-alert--{alert['id']}"}
        for alert in held.alerts
    ]
    # The page is asked for by type, the nearest thing to a status that TAXII can filter by.
    for one in objects[: len(json.loads(held.page))]:
        one["type"] = "x-new"
    manifest = [
        {"id": one["id"], "date_added": stamp, "version": stamp, "media_type": media} for one in objects
    ]
    collection = {
        "id": "91a7b528-80eb-42ed-a74d-c6fbd5a26116", "title": "alerts", "can_read": True, "can_write": True,
        "media_types": [media], "objects": objects, "manifest": manifest,
    }  # fmt: skip
    data = {
        "/discovery": {"title": "bench", "default": "http://127.0.0.1/root/", "api_roots": []},
        "root": {
            "information": {"title": "root", "versions": ["application/taxii+json;version=2.1"],
                            "max_content_length": 104857600},
            "status": [], "collections": [collection],
        },
    }  # fmt: skip
    (folder / "data.json").write_bytes(_dumped(data))
    backend = {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend"}
    config = {"users": {"bench": "bench"}, "taxii": {"max_page_size": 250}}
    text = _dumped({**config, "backend": {**backend, "filename": str(folder / "data.json")}})
    (folder / "config.json").write_bytes(text)
    taxii = "application/taxii+json;version=2.1"
    headers = {"Accept": taxii, "Content-Type": taxii, "Authorization": "Basic YmVuY2g6YmVuY2g="}
    place = f"/root/collections/{collection['id']}/objects/"
    closed = {"type": "x-alert", "spec_version": "2.1", "id": "x-alert--{id}", "created": stamp}
    body = json.dumps({"objects": [{**closed, "modified": stamp, "status": "closed"}]})
    asks = {
        "W1": Ask("GET", f"{place}?limit=250&match[type]=x-new", headers=headers),
        "W2": Ask("GET", place + "x-alert--{id}/", headers=headers, ids=held.others),
        "W3": Ask("POST", place, body, headers, held.others),
    }
    return Plan([program, "--port", str(port), "config.json"], asks)


def moto(program: str, port: int, folder: Path, held: Held) -> Plan:
    """A DynamoDB table, in memory; like DynamoDB it cuts a page at 1 MB, so W1 is asked for in parts."""
    target = "DynamoDB_20120810."
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, "
        "SignedHeaders=host, Signature=0",
    }

    def ask(action: str, body: dict[str, Any], ids: Path | None = None, requests: float = 1.0) -> Ask:
        return Ask("POST", "/", json.dumps(body), {**headers, "X-Amz-Target": target + action}, ids, requests)

    def fill(url: str) -> None:
        with httpx.Client(base_url=url, timeout=600, trust_env=False) as http:

            def call(action: str, body: dict[str, Any]) -> None:
                sent = {**headers, "X-Amz-Target": target + action}
                http.post("/", content=json.dumps(body), headers=sent).raise_for_status()

            names = ({"AttributeName": name, "AttributeType": "S"} for name in ("status", "id"))
            keys = {"AttributeName": "id", "KeyType": "HASH"}
            index = {"AttributeName": "status", "KeyType": "HASH"}
            call(
                "CreateTable",
                {
                    "TableName": "alerts", "BillingMode": "PAY_PER_REQUEST",
                    "AttributeDefinitions": list(names), "KeySchema": [keys],
                    "GlobalSecondaryIndexes": [{"IndexName": "status", "KeySchema": [index],
                                                "Projection": {"ProjectionType": "ALL"}}],
                },
            )  # fmt: skip
            for start in range(0, len(held.alerts), 25):
                puts = [{"PutRequest": {"Item": _item(one)}} for one in held.alerts[start : start + 25]]
                call("BatchWriteItem", {"RequestItems": {"alerts": puts}})

    place = {"TableName": "alerts", "Key": {"id": {"S": "{id}"}}}
    words = {"ExpressionAttributeNames": {"#s": "status"}}
    query = {
        "TableName": "alerts", "IndexName": "status", "KeyConditionExpression": "#s = :s", "Limit": 83,
        "ExpressionAttributeValues": {":s": {"S": "new"}}, **words,
    }  # fmt: skip
    close = {"UpdateExpression": "SET #s = :s", "ExpressionAttributeValues": {":s": {"S": "closed"}}, **words}
    asks = {
        "W1": ask("Query", query, requests=250 / 83),
        "W2": ask("GetItem", place, held.others),
        "W3": ask("UpdateItem", {**place, **close}, held.others),
    }
    return Plan([program, "-H", "127.0.0.1", "-p", str(port)], asks, probe="/moto-api/", fill=fill)


def _item(alert: dict[str, Any]) -> dict[str, Any]:
    texts = {key: {"S": str(alert[key])} for key in alert if key not in {"events", "overflow"}}
    return {**texts, "events": {"S": json.dumps(alert["events"])}}


def _dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


PEERS: Final = (
    Peer("nginx", "apt", "nginx", keeps_state=False, plan=nginx, note="the limit: the same bytes as a file"),
    Peer("json-server", "npm", "json-server", keeps_state=True, plan=json_server),
    Peer("Mockoon", "npm", "mockoon-cli", keeps_state=True, plan=mockoon, note="memory only"),
    Peer("Prism", "npm", "prism", keeps_state=False, plan=prism, note="canned text"),
    Peer("mountebank", "npm", "mb", keeps_state=False, plan=mountebank, note="canned text"),
    Peer("medallion", "pip", "medallion", keeps_state=True, plan=medallion, note="memory only"),
    Peer("moto", "pip", "moto_server", keeps_state=True, plan=moto, note="memory only; W1 in three parts"),
)
