"""How much of a request's body is read, and how long: never more than a bound of either."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

LARGEST = 256 * 1024
READ_WITHIN = 5.0


async def read_body(request: Request, within: float = READ_WITHIN) -> bytes:
    """The whole body; HTTPException 413 when it is too large, 408 when it takes too long."""
    length = request.headers.get("content-length", "0")
    if length.isascii() and length.isdecimal() and int(length[:20]) > LARGEST:
        raise HTTPException(413, f"the body is larger than {LARGEST} bytes\n")
    try:
        async with asyncio.timeout(within):
            return await _gathered(request)
    except TimeoutError:
        raise HTTPException(408, f"the body did not come within {within:g} s\n") from None
    except ClientDisconnect:
        raise HTTPException(400, "the body was cut off\n") from None


async def _gathered(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise HTTPException(413, f"the body is larger than {LARGEST} bytes\n")
    return bytes(body)
