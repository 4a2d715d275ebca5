"""Event processing: the handler with its two tabs, tried on a sample before it is saved; schedules; runs.

For administrators. Rule: what is saved was understood first.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from connector.desk import handler, timing
from connector.desk.accounts import Wrong
from connector.desk.handler import SOURCES, Actions, Handler, Rule, Transform
from connector.desk.page import REFUSED, admins_only, done, page, typed, user
from connector.desk.timing import Job
from connector.errors import Busy

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from connector.desk.engine import Engine

#: Longer than any handler that a person writes; what is more was not typed here.
_MOST: Final = 60
SAMPLE: Final = """{
  "id": "5c1f0a52-2d3f-4b66-9d57-0f1f7a0c2a11",
  "name": "Brute force on a domain controller",
  "priority": "high",
  "status": "new",
  "firstSeen": "2026-01-31T09:30:00Z",
  "lastSeen": "2026-01-31T09:34:10Z",
  "affectedAccounts": [{"displayName": "Ivan Petrov"}]
}"""


def blueprint(engine: Engine) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("processing", __name__)
    bp.before_request(admins_only)

    @bp.get("/processing")
    def show() -> Response:
        return _page(engine, engine.handler())

    @bp.post("/processing/handler")
    def save() -> AnyResponse:
        wanted = _typed_handler()
        try:
            text = handler.written(wanted)
            handler.read(text)
            if request.form.get("do") == "try":
                now = datetime.fromtimestamp(engine.clock(), tz=UTC)
                tried = handler.tried(wanted, typed("sample"), now=now)
                return _page(engine, wanted, tried=tried)
        except Wrong as error:
            return _page(engine, wanted, wrong=error, status=REFUSED)
        if request.form.get("do") == "row":
            return _page(engine, Handler(wanted.actions, [*wanted.rules, Rule("", "name")]))
        engine.documents.write({"handler": text})
        return done(f"/processing?tab={typed('tab')}", "The handler was saved.")

    @bp.post("/processing/schedule")
    def schedule() -> AnyResponse:
        job = _typed_job()
        try:
            text = timing.written(engine.schedule().having(job, _typed_timing()))
            timing.read(text)
        except Wrong as error:
            field = "seconds" if error.field == "text" else error.field
            again = Wrong(f"{field}-{job.value}", error.words, **error.values)
            return _page(engine, engine.handler(), wrong=again, status=REFUSED)
        engine.documents.write({"schedule": text})
        engine.jobs.reschedule()
        return done("/processing", "The schedule was saved.")

    @bp.post("/processing/run")
    def run() -> AnyResponse:
        by = user().login
        try:
            problem = engine.jobs.run(_typed_job(), by=by) if typed("job") else engine.run(by=by)
        except Busy:
            return done("/processing", "It runs already; see the last runs.")
        return done(
            "/processing", "The run was made; see the last runs." if problem else "The run was completed."
        )

    return bp


def _typed_job() -> Job:
    if typed("job") not in set(Job):
        raise NotFound
    return Job(typed("job"))


def _typed_timing() -> timing.Timing:
    seconds = typed("seconds")
    if not (seconds.isascii() and seconds.isdigit()):
        raise Wrong("seconds", "A whole number of seconds, 1 to 86400.")
    if not typed("cron").isprintable() or '"' in typed("cron") or "\\" in typed("cron"):
        raise Wrong("cron", "This is no cron line: {why}", why="* * * * *")
    kind = timing.Kind.CRON if typed("kind") == "cron" else timing.Kind.INTERVAL
    return timing.Timing(bool(request.form.get("on")), kind, int(seconds[:9]), typed("cron"))


def _typed_handler() -> Handler:
    columns = [request.form.getlist(name) for name in ("field", "from", "transform")]
    rules = [
        Rule(field.strip(), source, Transform(transform) if transform in set(Transform) else Transform.TEXT)
        for field, source, transform in list(zip(*columns, strict=False))[:_MOST]
        if field.strip()
    ]
    return Handler(
        Actions(
            create=bool(request.form.get("create")),
            type=typed("type") or Actions().type,
            update=bool(request.form.get("update")),
            close=bool(request.form.get("close")),
        ),
        rules,
    )


def _page(
    engine: Engine, shown: Handler, *, wrong: Wrong | None = None, status: int = 200, **values: Any
) -> Response:
    tab = request.values.get("tab", "")
    return page(
        "processing.html",
        status,
        handler=shown,
        sources=SOURCES,
        transforms=list(Transform),
        jobs=[(job, engine.schedule().of(job), engine.jobs.next_run(job)) for job in Job],
        waiting=engine.inbox.count(),
        runs_of=[(job, engine.history.runs(10, job=job.value)) for job in Job],
        sample=typed("sample") or SAMPLE,
        tab="actions" if tab == "actions" else "normalization",
        wrong=wrong,
        **values,
    )
