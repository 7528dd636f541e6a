"""What the data API takes: one msgspec type per model, made from tables of names, kinds and lengths.

A property may be null or absent unless it is required. Unknown properties are ignored, as Listrak does; the
sandbox lists them (`unknown_properties`), so that a misspelt one does not go unnoticed in a test.
"""

from __future__ import annotations

from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from listrak_sandbox.clock import parse_wall_time

if TYPE_CHECKING:
    from collections.abc import Iterator

INTEGER: Any = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
DATE: Any = Annotated[str, Meta(title="date")]
TEXT, NUMBER, FLAG = str, float, bool

_DISCOUNTS: Any = Literal[
    "NotSet", "PriceOverride", "PriceRule", "Promotion", "SeniorCitizen", "Markdown", "Coupon",
    "QuantityDiscount", "Rebate", "CashDiscount", "TradeDiscount", "TradeInKind", "PromptPaymentDiscount",
    "GeneralDiscount", "GiftVoucher", "FlexibleDiscount", "RewardProgram", "ManufacturerReward",
    "CreditCardReward",
]  # fmt: skip
_STATUSES: Any = Literal[
    "NotSet", "Misc", "PreOrder", "BackOrder", "Pending", "Hold", "Processing", "Shipped", "Completed",
    "Returned", "Canceled", "Unknown", "Closed",
]  # fmt: skip


def _text(length: int, names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), Annotated[str, Meta(max_length=length)])


def _all(kind: object, names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), kind)


def _many(part: type[msgspec.Struct]) -> Any:  # noqa: ANN401  a type annotation
    return GenericAlias(list, part)


def _model(name: str, required: str, *parts: dict[str, Any]) -> type[msgspec.Struct]:
    kinds: dict[str, Any] = {key: kind for part in parts for key, kind in part.items()}
    needed = required.split()
    fields: list[Any] = [(key, kinds[key]) for key in needed]
    fields += [(key, kind | None, None) for key, kind in kinds.items() if key not in needed]
    return msgspec.defstruct(name, fields)


_META = "meta1 meta2 meta3 meta4 meta5"
_PLACE = _text(100, "address1 address2 address3 city country state")

_LOYALTY = _model(
    "Loyalty", "",
    _all(FLAG, "activeLoyaltyMember"),
    _all(INTEGER, "availablePoints expiringPoints lifetimePoints monthlyPoints numberOfReferrals "
                  "pendingPoints pointsToNext spentPoints weeklyPoints"),
    _all(DATE, "enrollDate lastActivityDate lastPointEarnedDate lastPointRedemptionDate pointExpirationDate"),
    _text(100, "currentTierLevel loyaltySignUpSource nextTierLevel referralCode tierID"),
    _text(250, "personOfReferred referralUrl rewardsAvailable rewardsClaimed rewardsID"),
)  # fmt: skip
_SOCIAL = _model(
    "Social", "",
    _text(100, "facebookID instagramID twitterID"),
    _all(INTEGER, "facebookNumberOfFriends instagramNumberOfFollowers twitterNumberOfFollowers"),
)  # fmt: skip
CUSTOMER = _model(
    "Customer", "",
    {"address": _model("Address", "", _PLACE), "loyalty": _LOYALTY, "social": _SOCIAL},
    _all(DATE, "birthday"),
    _text(20, "customerNumber zipCode"),
    _text(100, "email preferredStoreNumber"),
    _text(50, "firstName gender homePhone lastName mobilePhone workPhone"),
    _text(250, _META),
    _all(FLAG, "registered"),
)  # fmt: skip
_ITEM = _model(
    "OrderItem", "orderNumber sku",
    _all(TEXT, "discountDescription shippingMethod trackingNumber"),
    _all(_DISCOUNTS, "discountType"),
    _all(_STATUSES, "status"),
    _all(NUMBER, "discountedPrice itemTotal itemDiscountTotal price"),
    _all(INTEGER, "quantity"),
    _all(DATE, "shipDate"),
    _text(500, _META),
    _text(50, "orderNumber"),
    _text(100, "sku"),
)  # fmt: skip
ORDER = _model(
    "Order", "orderNumber",
    {
        "billingAddress": _model("BillingAddress", "", _PLACE,
                                 _all(TEXT, "firstName lastName mobilePhone phone zipCode")),
        "shippingAddress": _model("ShippingAddress", "", _PLACE, _text(50, "firstName lastName"),
                                  _all(TEXT, "phone zipCode")),
        "customer": CUSTOMER,
        "items": _many(_ITEM),
    },
    _all(TEXT, "associateID merchandiseDiscountDescription nonMerchandiseDiscountDescription"),
    _all(_DISCOUNTS, "merchandiseDiscountType nonMerchandiseDiscountType"),
    _all(_STATUSES, "status"),
    _all(NUMBER, "discountTotal handlingTotal itemTotal merchandiseDiscount nonMerchandiseDiscount "
                 "orderTotal shippingTotal taxTotal"),
    _all(DATE, "dateEntered shipDate"),
    _text(20, "customerNumber"),
    _text(25, "source"),
    _text(32, "couponCode shippingMethod trackingNumber"),
    _text(50, "orderNumber"),
    _text(100, "email storeNumber"),
    _text(500, _META),
)  # fmt: skip
_IMAGE = _model("AlternateImage", "", _all(INTEGER, "rank"), _all(TEXT, "url"))
_RELATED = _model("RelatedProduct", "", _all(INTEGER, "rank"), _all(TEXT, "sku type"))
PRODUCT = _model(
    "Product", "sku",
    _all(_many(_IMAGE), "alternateImagesType1 alternateImagesType2 alternateImagesType3"),
    _all(_many(_RELATED), "relatedProducts"),
    _all(FLAG, "discontinued inStock isClearance isOutlet isPurchasable isViewable onSale"),
    _all(NUMBER, "msrp price salePrice unitCost"),
    _all(INTEGER, "qoh"),
    _all(DATE, "saleEndDate saleStartDate"),
    _all(TEXT, "tags"),
    _text(50, "brand category gender size subCategory"),
    _text(100, "color masterSku reviewProductID sku style"),
    _text(500, f"imageUrl linkUrl reviewURL title {_META}"),
    _text(4000, "description"),
)  # fmt: skip
_SUMMARY = _model(
    "RatingSummaryField", "providerRatingSummaryID rating",
    _all(INTEGER, "count"),
    _all(FLAG, "deleted"),
    _all(TEXT, "displayType providerRatingSummaryID type"),
    _all(NUMBER, "rating ratingMax ratingMin"),
)  # fmt: skip
RATING_SUMMARY = _model(
    "RatingSummary", "",
    _all(TEXT, "provider"),
    _text(100, "providerProductID"),
    _all(_many(_SUMMARY), "ratingSummaries"),
)  # fmt: skip
_RATING = _model(
    "Rating", "displayType providerRatingID ratingMax ratingMin ratingValue type",
    _all(FLAG, "deleted"),
    _text(50, "displayType"),
    _text(100, "providerRatingID type"),
    _all(NUMBER, "ratingMax ratingMin ratingValue"),
)  # fmt: skip
REVIEW = _model(
    "Review", "featured provider providerProductID providerReviewID recommended title",
    _all(FLAG, "deleted featured recommended"),
    _all(INTEGER, "feedbackCount feedbackNegativeCount feedbackPositiveCount"),
    _text(50, "provider"),
    _text(100, "providerProductID providerReviewID reviewerEmail"),
    _text(500, "reviewerLocation reviewerName title"),
    _all(DATE, "reviewSubmitted reviewUpdated"),
    _all(TEXT, "text"),
    _all(_many(_RATING), "ratings"),
)  # fmt: skip


def check(model: type[msgspec.Struct], rows: list[Any]) -> None:
    """Check rows against a model: types, required properties, lengths, words, dates.

    Raises:
        ValueError: A row does not fit; the text says which and why, with its position.
    """
    msgspec.convert(rows, _many(model))
    for number, row in enumerate(rows):
        for where, value in written_dates(model, row, f"$[{number}]"):
            try:
                parse_wall_time(value)
            except ValueError:
                message = f"Expected an ISO 8601 date-time - at `{where}`"
                raise ValueError(message) from None


def usable(model: type[msgspec.Struct], row: dict[str, Any], where: str = "") -> tuple[Any, list[str]]:
    """Return what can be used of a row, and what cannot: names of dropped properties and parts.

    A property whose value does not fit is dropped; a row or part without a property that it needs is None.
    """
    kinds = {one.encode_name: one for one in msgspec.structs.fields(model)}
    kept: dict[str, Any] = {}
    dropped: list[str] = []
    for name, value in row.items():
        here = f"{where}.{name}".removeprefix(".")
        part = inner(kinds[name].type) if name in kinds else None
        if name not in kinds or value is None:
            kept[name] = value
        elif part is not None and isinstance(value, list):
            found = [
                usable(part, one, f"{here}[{number}]") if isinstance(one, dict) else (None, [here])
                for number, one in enumerate(value)
            ]
            kept[name] = [one for one, _ in found if one is not None]
            dropped += [problem for _, problems in found for problem in problems]
        elif part is not None and isinstance(value, dict):
            kept[name], problems = usable(part, value, here)
            dropped += problems
        elif _fits(kinds[name].type, value):
            kept[name] = value
        else:
            dropped.append(here)
    missing = [
        one.encode_name for one in kinds.values() if one.required and kept.get(one.encode_name) is None
    ]
    dropped += [f"{where}.{name}".removeprefix(".") for name in missing if name in row]
    return (None, [*dropped, where or "the record"]) if missing else (kept, dropped)


def _fits(kind: Any, value: Any) -> bool:  # noqa: ANN401  a type annotation, and any JSON
    try:
        msgspec.convert(value, kind)
        if _is_date(kind):
            parse_wall_time(value)
    except ValueError:
        return False
    return True


def written_dates(model: type[msgspec.Struct], row: Any, where: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401  any JSON
    """Return each date of a row: where it stands (``items[0].shipDate``), and its text."""
    for name in dates(model):
        yield from _dates_at(row, name.split("."), where)


def _dates_at(value: Any, names: list[str], where: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401  any JSON
    if value is None:
        return
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _dates_at(one, names, f"{where}[{number}]")
    elif names:
        yield from _dates_at(value.get(names[0]), names[1:], f"{where}.{names[0]}".removeprefix("."))
    else:
        yield where, value


_DATES: dict[type[msgspec.Struct], list[str]] = {}


def dates(model: type[msgspec.Struct]) -> list[str]:
    """Return the properties of a model and of its parts that hold dates, as dotted names."""
    if model not in _DATES:
        _DATES[model] = []
        for one in msgspec.structs.fields(model):
            part = inner(one.type)
            if part:
                _DATES[model] += [f"{one.encode_name}.{name}" for name in dates(part)]
            elif _is_date(one.type):
                _DATES[model].append(one.encode_name)
    return _DATES[model]


def _is_date(kind: Any) -> bool:  # noqa: ANN401  a type annotation
    return kind == DATE or DATE in getattr(kind, "__args__", ())


def inner(kind: Any) -> type[msgspec.Struct] | None:  # noqa: ANN401  a type annotation
    """Return the model inside an annotation such as ``list[Item] | None``, if there is one."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    return next((found for one in getattr(kind, "__args__", ()) if (found := inner(one))), None)


def unknown_properties(model: type[msgspec.Struct], value: Any) -> set[str]:  # noqa: ANN401  any JSON
    """Return the names of properties that the model does not have, dotted where they are inside a part."""
    if isinstance(value, list):
        return {name for one in value for name in unknown_properties(model, one)}
    if not isinstance(value, dict):
        return set()
    parts = {one.encode_name: inner(one.type) for one in msgspec.structs.fields(model)}
    names = set(value) - set(parts)
    for key, part in parts.items():
        if part and key in value:
            names |= {f"{key}.{name}" for name in unknown_properties(part, value[key])}
    return names
