"""How the simulated shop refuses inside GraphQL: the codes, texts and extensions of Shopify's errors."""

from collections.abc import Iterable

from graphql import GraphQLError

DOCS = "https://shopify.dev/api/usage"


def bad_request(message: str) -> GraphQLError:
    """An argument that makes no sense."""
    return GraphQLError(message, extensions={"code": "BAD_REQUEST"})


def access_denied(field: str, scopes: Iterable[str]) -> GraphQLError:
    """A field for which the token lacks a scope."""
    needed = " or ".join(f"`{scope}`" for scope in sorted(scopes))
    return GraphQLError(
        f"Access denied for {field} field. Required access: {needed} access scope.",
        extensions={
            "code": "ACCESS_DENIED",
            "documentation": f"{DOCS}/access-scopes",
            "requiredAccess": f"{needed} access scope.",
        },
    )


def internal_error(request: str) -> dict[str, object]:
    """The error of a platform in trouble."""
    return {
        "message": "Internal error. Looks like something went wrong on our end.\n"
        f"Request ID: {request} (include this in support requests).",
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request},
    }


def throttled() -> dict[str, object]:
    """The error of an empty bucket."""
    return {
        "message": "Throttled",
        "extensions": {"code": "THROTTLED", "documentation": f"{DOCS}/rate-limits"},
    }


def too_dear(cost: int, most: int) -> dict[str, object]:
    """The error of a query that may never run."""
    return {
        "message": f"Query cost is {cost}, which exceeds the single query max cost limit ({most}). "
        f"See {DOCS}/rate-limits for more information on how the cost of a query is calculated.",
        "extensions": {
            "code": "MAX_COST_EXCEEDED",
            "cost": cost,
            "maxCost": most,
            "documentation": f"{DOCS}/rate-limits",
        },
    }
