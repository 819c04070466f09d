"""Moves what is available of a SKU at one location of a shop, once for every key, and says what became of it.

Shopify remembers keys: a repeated request is answered as the first one was, and has no further effect. Deltas
commute, so no former quantity is compared with.
"""

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from connectors.shopify.calls import Admin, Listing, Question, Unanswered
from connectors.shopify.catalogue import sku_search
from connectors.shopify.importing import latest_orders
from connectors.shopify.options import ShopifyOptions
from connectors.shopify.probing import CHANGING_STOCK
from connectors.shopify.queries import ADJUST, OWNERS
from connectors.shopify.rows import RowRules
from connectors.shopify.shop import ShopFacts
from connectors.shopify.wire import UserError, number_of
from connectors.shopify.write_wire import ADJUST_DATA, OWNERS_DATA, AdjustPayload, Owner
from syncd.domain.identity import Sku
from syncd.ports.probe import Check, Verdict
from syncd.ports.write_back import Adjustment, Answer, Booked, InDoubt, KeySpent, NotBooked

REASON = "correction"
"""Shopify's own list has no reason for a sale elsewhere."""
STATE = "available"
PER_PAGE = 25
"""Variants that one SKU may find without another page: the search ignores case."""
_UNDECIDED = frozenset({"IDEMPOTENCY_CONCURRENT_REQUEST", "SERVICE_UNAVAILABLE"})
"""Another request with this key may still be carried out, or this one."""
_SPENT = "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"
_PASSING = frozenset({"ADJUST_QUANTITIES_FAILED"})
_MISUSED = "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"


class Unfit(Exception):  # noqa: N818 - reads as a state
    """The adjustment means nothing in this shop; a person must act."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class StockWriter:
    """Changes the stock of one shop over one set of connections."""

    def __init__(self, admin: Admin, options: ShopifyOptions, facts: ShopFacts) -> None:
        self._admin = admin
        self._options = options
        self._facts = facts
        self._rules = RowRules(options, facts)

    def adjust(self, adjustment: Adjustment) -> Answer:
        """Find the one level that is meant and move it; raises SourceError where nothing was moved."""
        try:
            location = self._location(adjustment.location)
            owner = self._owner(adjustment.sku, location)
        except Unfit as reason:
            return NotBooked(code=reason.code, message=str(reason), again=False)
        variables = {"key": adjustment.key, "input": _input(adjustment, owner, location)}
        try:
            data = self._admin.change(
                Question(document=ADJUST, variables=variables, answer=ADJUST_DATA)
            )
        except Unanswered as error:
            return InDoubt(reason=str(error))
        return _answer(data["inventoryAdjustQuantities"])

    def checks(self) -> Iterator[Check]:
        """May it be written to, and does nobody else book the same orders."""
        if CHANGING_STOCK in self._facts.scopes:
            yield Check(text=f"the app may change stock ({CHANGING_STOCK})")
        else:
            yield Check(
                text=f"the app may not change stock: it lacks the scope {CHANGING_STOCK}",
                verdict=Verdict.BAD,
                help="add it to the app, then install it again",
            )
        if "read_orders" in self._facts.scopes:
            yield self._imported()
        else:
            yield Check(
                text="whether something else imports TikTok's orders cannot be seen without the scope "
                "read_orders; each would be deducted twice",
                verdict=Verdict.WARN,
                help="add it to the app, or make sure that no app brings TikTok's orders into this shop",
            )

    def _imported(self) -> Check:
        orders = latest_orders(self._admin)
        if not orders.imported:
            return Check(text=f"{orders.text}: nothing else books them here")
        latest = orders.imported[0]
        return Check(
            text=f"{orders.text}, the last is {latest['name']} of {latest['createdAt'][:10]}: something "
            "imports them and takes their units off this stock, so write-back would deduct them twice",
            verdict=Verdict.BAD,
            help="write `orders: within …` instead of write_back, or end that import",
        )

    def _location(self, name: str) -> str:
        """The global id of a location by the name of its rows."""
        found = {each: key for key, each in self._facts.locations.items()}
        if name not in found:
            known = ", ".join(sorted(found))
            raise Unfit(
                "unknown_location",
                f"{name!r} is no location that is read from this shop; it has {known}. Was it renamed? "
                "Read the source again, and correct `warehouses` or `orders_go_to`",
            )
        return found[name]

    def _owner(self, sku: Sku, location: str) -> Owner:
        """The one variant whose stock there is that SKU's; Unfit otherwise."""
        owners = self._owners(sku, location)
        if len(owners) != 1:
            raise self._not_one(sku, owners)
        (owner,) = owners
        level, page = owner["inventoryItem"]["inventoryLevel"], self._page(owner)
        if owner["requiresComponents"]:
            text = f"{sku} is a bundle, whose stock is that of its components; map it by a rule `kit`: {page}"
            raise Unfit("bundle", text)
        if not owner["inventoryItem"]["tracked"]:
            raise Unfit("untracked", f"Shopify does not track {sku}; switch it on: {page}")
        if level is None or not level["isActive"]:
            # Shopify would take it all the same, and show it nowhere (fact sheet 2.6).
            name = self._facts.locations[location]
            raise Unfit("not_stocked", f"{sku} is not stocked at {name}; stock it there: {page}")
        return owner

    def _owners(self, sku: Sku, location: str) -> Sequence[Owner]:
        """Every variant with exactly this SKU that a reading would count."""
        question = Question(
            document=OWNERS,
            variables={"query": sku_search([sku]), "locationId": location},
            answer=OWNERS_DATA,
        )
        listing = Listing(
            question=question,
            page_info=lambda data: data["productVariants"]["pageInfo"],
            most=PER_PAGE,
        )
        found = [
            owner
            for data in self._admin.pages(listing)
            for owner in data["productVariants"]["nodes"]
            if owner["sku"] == sku
        ]
        return [owner for owner in found if not self._rules.out(owner["product"])]

    def _not_one(self, sku: Sku, owners: Sequence[Owner]) -> Unfit:
        if owners:
            pages = " and ".join(self._page(owner) for owner in owners)
            return Unfit("shared_sku", f"several variants have the SKU {sku}: {pages}")
        store = f"https://admin.shopify.com/store/{self._options.handle}"
        return Unfit(
            "unknown_sku",
            f"no variant that counts has the SKU {sku}; look at {store}/products?query={quote(sku)}",
        )

    def _page(self, owner: Owner) -> str:
        return self._rules.page_of(number_of(owner["product"]["id"]), number_of(owner["id"]))


def _input(adjustment: Adjustment, owner: Owner, location: str) -> dict[str, object]:
    """The same for every try with this key, else Shopify refuses the key."""
    change = {
        "inventoryItemId": owner["inventoryItem"]["id"],
        "locationId": location,
        "delta": adjustment.delta,
        "changeFromQuantity": None,
    }
    return {
        "name": STATE,
        "reason": REASON,
        "referenceDocumentUri": f"gid://syncd/Booking/{_readable(adjustment.reference)}",
        "changes": [change],
    }


def _readable(reference: str) -> str:
    """The reference as the last part of a global id; the admin shows it in the stock's history."""
    return quote(reference.replace(" ", "-"), safe=":")


def _answer(payload: AdjustPayload) -> Answer:
    errors = payload["userErrors"]
    if errors:
        return _refusal(errors[0])
    group = payload["inventoryAdjustmentGroup"]
    changes = [] if group is None else group["changes"]
    after = [each["quantityAfterChange"] for each in changes if each["name"] == STATE]
    return Booked(quantity_after=after[0] if after else None)


def _refusal(error: UserError) -> Answer:
    """What a user error means for the key (fact sheet 2.6)."""
    code = error.get("code") or "USER_ERROR"
    said = f"Shopify answers {code}: {error['message'].rstrip('.')}"
    if code in _UNDECIDED:
        return InDoubt(reason=said)
    if code == _SPENT:
        return KeySpent(code=code, message=said)
    if code == _MISUSED:
        said += "; the key was used for another adjustment, please report it"
    return NotBooked(code=code, message=said, again=code in _PASSING)
