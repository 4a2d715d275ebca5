"""The documents of both APIs on the console port, and interactive pages that work without the internet.

``/openapi/<version>.json`` is the vendor's, ``/openapi/control.json`` ours; ``/docs`` shows them with Swagger
UI. What is tried of ours goes to the control API as it is; what is tried of the vendor's goes to the vendor
application by ``/docs/kuma``, since the browser may not ask another port. Rule: nothing is loaded from
elsewhere, and nothing here needs the control token or gives one away.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

import msgspec
from flask import Blueprint, Response, abort, redirect, request

from mock_kuma.control import openapi as control
from mock_kuma.openapi import document

#: Where everything of this module begins.
PREFIXES: Final = ("/openapi", "/docs")
#: Where the pages send what is tried.
TRY: Final = "/docs/kuma"
_ASSETS: Final = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui-standalone-preset.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
# Swagger UI styles elements as it goes; scripts are files alone.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>KUMA REST API</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<link rel="icon" href="/docs/assets/favicon-32x32.png">
</head>
<body>
<main id="pages"></main>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/swagger-ui-standalone-preset.js"></script>
<script src="/docs/begin.js"></script>
</body>
</html>
"""
_BEGIN: Final = """const wanted = new URLSearchParams(location.search).get("version");
const versions = %s;
const known = versions.includes(wanted) ? wanted : versions.at(-1);
const name = wanted === "control" ? "control API" : "KUMA " + known;
SwaggerUIBundle({
  dom_id: "#pages",
  urls: versions.map((name) => ({ name: "KUMA " + name, url: "/openapi/" + name + ".json?docs" }))
    .concat([{ name: "control API", url: "/openapi/control.json" }]),
  "urls.primaryName": name,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""


def blueprint() -> Blueprint:
    """Return the routes."""
    bp = Blueprint("documents", __name__)

    @bp.get("/openapi/<name>.json")
    def described(name: str) -> Response:
        if name not in document.VERSIONS:
            abort(404, f"there is no API version {name[:16]}; there are {', '.join(document.VERSIONS)}")
        body = _document(name)
        if "docs" in request.args:
            # Tried from the page, a request goes by way of this port.
            body = {**body, "servers": [{"url": f"{TRY}/api/{name}"}]}
        return Response(msgspec.json.encode(body), mimetype="application/json")

    @bp.get("/openapi/control.json")
    def ours() -> Response:
        return Response(msgspec.json.encode(control.document()), mimetype="application/json")

    @bp.get("/docs")
    def page() -> Response:
        return _served(_PAGE, "text/html")

    @bp.get("/docs/")
    def slash() -> Response:
        return redirect("/docs")  # type: ignore[return-value] # Flask's is a werkzeug response, too

    @bp.get("/docs/begin.js")
    def begin() -> Response:
        return _served(_BEGIN % msgspec.json.encode(document.VERSIONS).decode(), "text/javascript")

    @bp.get("/docs/assets/<name>")
    def asset(name: str) -> Response:
        if name not in _ASSETS:
            abort(404)
        content = (files("flask_swagger_ui") / "dist" / name).read_bytes()
        return _served(content, _ASSETS[name])

    return bp


@cache
def _document(version: str) -> dict[str, object]:
    return document.build(version)


def _served(content: str | bytes, kind: str) -> Response:
    response = Response(content, mimetype=kind)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
