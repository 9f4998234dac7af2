"""Serves the page on Locust's own web server: /sensorswarm, and its values at /sensorswarm/standing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify

PATH = "/sensorswarm"
_PAGE = Path(__file__).with_name("page.html")


def serve(web_ui: Any, base_path: str, standing: Callable[[], dict[str, Any]]) -> None:  # noqa: ANN401 - Locust's
    """Add the page; where Locust asks for a login, so does this.

    Args:
        web_ui: Locust's, not started yet.
        base_path: under which its pages stand; may be empty.
        standing: gives the values to show.
    """
    page = _PAGE.read_text(encoding="utf-8")
    blueprint = Blueprint("sensorswarm", __name__, url_prefix=base_path + PATH)

    @blueprint.route("")
    @web_ui.auth_required_if_enabled
    def show() -> Response:
        return Response(page, mimetype="text/html")

    @blueprint.route("/standing")
    @web_ui.auth_required_if_enabled
    def tell() -> Response:
        answer = jsonify(standing())
        answer.headers["Cache-Control"] = "no-store"
        return answer

    web_ui.app.register_blueprint(blueprint)
