"""Workers: the template drawn for everybody, and edited by administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response

from connector.desk import diagram, worker
from connector.desk.accounts import Wrong
from connector.desk.documents import shipped
from connector.desk.page import REFUSED, admins_only, done, page, typed

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from connector.desk.engine import Engine


def blueprint(engine: Engine) -> Blueprint:
    """Return the routes."""
    bp = Blueprint("workers", __name__)

    @bp.get("/workers")
    def show() -> Response:
        return _page(engine.documents.read("worker"))

    @bp.post("/workers")
    def save() -> AnyResponse:
        admins_only()
        text = typed("text")
        try:
            worker.check(worker.read(text), engine.commands().values())
        except Wrong as error:
            return _page(text, wrong=error, status=REFUSED)
        engine.documents.write({"worker": text + "\n"})
        return done("/workers", "The worker was saved.")

    @bp.post("/workers/reset")
    def reset() -> AnyResponse:
        admins_only()
        text = shipped("worker")
        try:
            worker.check(worker.read(text), engine.commands().values())
        except Wrong as error:
            return _page(engine.documents.read("worker"), wrong=error, status=REFUSED)
        engine.documents.write({"worker": text})
        return done("/workers", "The shipped template is in force again.")

    def _page(text: str, *, wrong: Wrong | None = None, status: int = 200) -> Response:
        template = engine.worker()
        return page(
            "workers.html",
            status,
            worker=template,
            names={state.id: state.name for state in template.states},
            picture=diagram.draw(template),
            box=(diagram.WIDTH, diagram.HEIGHT),
            text=text,
            wrong=wrong,
        )

    return bp
