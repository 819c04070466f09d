"""The surface described as OpenAPI, so that a machine can try everything that is promised here."""

Document = dict[str, object]


def description() -> Document:
    """The document served at `/openapi.json`."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "syncd", "version": "1"},
        "paths": {
            "/healthz": {"get": _operation("Whether the process answers.", ok=_plain("ok"))},
            "/readyz": {
                "get": _operation(
                    "Whether everything is young enough; with the token also why not.",
                    ok=_json("young enough"), refused={"503": _json("too old")},
                )
            },
            "/metrics": {
                "get": _operation(
                    "Numbers for Prometheus.", ok=_plain("metrics"), secured=True,
                    refused={"401": _plain("no token"), "403": _plain("no token is configured")},
                )
            },
            "/openapi.json": {
                "get": _operation(
                    "This document.", ok=_json("this document"), secured=True,
                    refused={"401": _plain("no token"), "403": _plain("no token is configured")},
                )
            },
            "/oauth/callback": {
                "get": _operation(
                    "Where an authorize page sends the browser back to.", ok=_html("connected"),
                    refused={"400": _html("not connected, and what to do")},
                    parameters=[_parameter("state", "query"), _parameter("code", "query")],
                )
            },
            "/webhooks/{kind}/{name}": {"post": _webhook()},
        },
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }  # fmt: skip


def _webhook() -> Document:
    operation = _operation(
        "A webhook of a shop, signed over its raw bytes.",
        ok={"description": "stored, now or before"},
        refused={
            "400": _plain("the body was cut off"), "401": _plain("the signature is not good"),
            "404": _plain("nobody receives here"), "408": _plain("the body came too slowly"),
            "413": _plain("the body is too large"), "503": _plain("could not be stored now"),
        },
        parameters=[_parameter("kind", "path"), _parameter("name", "path")],
    )  # fmt: skip
    content: Document = {"application/json": {"schema": {}}}
    return {**operation, "requestBody": {"required": True, "content": content}}


def _operation(
    summary: str, *, ok: Document, refused: Document | None = None, secured: bool = False,
    parameters: list[Document] | None = None,
) -> Document:  # fmt: skip
    return {
        "summary": summary,
        "parameters": parameters or [],
        "security": [{"token": []}] if secured else [],
        "responses": {
            "200": ok, **(refused or {}), "421": _plain("another Host"),
            "429": _plain("too many requests"),
        },
    }  # fmt: skip


def _parameter(name: str, where: str) -> Document:
    return {"name": name, "in": where, "required": where == "path", "schema": {"type": "string"}}


def _plain(words: str) -> Document:
    return _answer(words, "text/plain", {"type": "string"})


def _html(words: str) -> Document:
    return _answer(words, "text/html", {"type": "string"})


def _json(words: str) -> Document:
    return _answer(words, "application/json", {"type": "object"})


def _answer(words: str, kind: str, schema: Document) -> Document:
    return {"description": words, "content": {kind: {"schema": schema}}}
