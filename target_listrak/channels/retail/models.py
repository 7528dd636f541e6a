"""What Listrak's Data API takes: customers, orders, products, reviews and rating summaries.

The facts (names, types, lengths, what is required) are those of the vendor's Data API; a test compares them
with its specification. Property names are the API's own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

__all__ = [
    "CUSTOMER",
    "KINDS",
    "ORDER",
    "PRODUCT",
    "RATING_SUMMARY",
    "REVIEW",
    "STATUSES",
    "Model",
    "Property",
]


@dataclass(frozen=True, eq=False)
class Property:
    """One property of a model.

    Attributes:
        type: `text`, `whole` (32 bits), `number`, `yes_no`, `date_time` (a date-time, wall time of
            `timezone`), `day` (a date-time whose clock says nothing), `one_of`, `object` or `objects` (an
            array).
        max_length: Most characters of a text; none means no limit.
        choices: What a `one_of` may be.
        model: What an `object`, or each of the `objects`, is.
        is_email: Whether a text must be an address. Listrak's specification does not say so.
        is_key: Whether a text is read as a key (`values.keys`): numbers of orders, customers and products,
            tracking and phone numbers, postal codes. Nothing may be lost of it, whatever program wrote it.
        is_customer: Whether it is a customer number, which 0 is not: shops write it for guests.
        is_status: Whether it is the status of an order or item, for which shops have words of their own.
    """

    type: str
    max_length: int | None = None
    choices: tuple[str, ...] = ()
    model: Model | None = None
    is_email: bool = False
    is_key: bool = False
    is_customer: bool = False
    is_status: bool = False


@dataclass(frozen=True, eq=False)
class Model:
    """A kind of object.

    Attributes:
        name: The API's name.
        properties: Each property by the API's spelling.
        required: Properties that must have a value.
    """

    name: str
    properties: dict[str, Property]
    required: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of destination that writes to the Data API.

    Attributes:
        model: What one row, or the rows of one key, become.
        keys: Property names that tell objects apart; of several tuples the first with values counts.
        rows: Name of the array of objects that flat rows are gathered in, and the prefixes of their columns.
        deleted: The property that marks an object as deleted, if there is one.
        needed: Properties that Listrak does not require and without which an object is of no use there.
        part_of: The kind whose objects the rows are parts of; `keys` then tell which object.
    """

    model: Model
    keys: tuple[tuple[str, ...], ...]
    rows: str = ""
    deleted: str = ""
    needed: tuple[str, ...] = ()
    part_of: str = ""


TEXT: Final = Property("text")
WHOLE: Final = Property("whole")
NUMBER: Final = Property("number")
YES_NO: Final = Property("yes_no")
DATE_TIME: Final = Property("date_time")
DAY: Final = Property("day")
EMAIL: Final = Property("text", max_length=100, is_email=True)
KEY: Final = Property("text", is_key=True)
CUSTOMER_NUMBER: Final = Property("text", max_length=20, is_key=True, is_customer=True)


def _text(length: int) -> Property:
    return Property("text", max_length=length)


def _key(length: int) -> Property:
    return Property("text", max_length=length, is_key=True)


def _meta(length: int) -> dict[str, Property]:
    return {f"meta{number}": _text(length) for number in range(1, 6)}


def _object(model: Model) -> Property:
    return Property("object", model=model)


def _objects(model: Model) -> Property:
    return Property("objects", model=model)


def _one_of(choices: str) -> Property:
    return Property("one_of", choices=tuple(choices.split()))


_STREET: Final = {
    name: _text(100) for name in ("address1", "address2", "address3", "city", "country", "state")
}

_STATUS: Final = replace(
    _one_of(
        "NotSet Misc PreOrder BackOrder Pending Hold Processing Shipped Completed Returned Canceled Unknown "
        "Closed"
    ),
    is_status=True,
)
STATUSES: Final = _STATUS.choices
"""What the status of an order, or of an item, may be."""
_DISCOUNT: Final = _one_of(
    "NotSet PriceOverride PriceRule Promotion SeniorCitizen Markdown Coupon QuantityDiscount Rebate "
    "CashDiscount TradeDiscount TradeInKind PromptPaymentDiscount GeneralDiscount GiftVoucher "
    "FlexibleDiscount RewardProgram ManufacturerReward CreditCardReward"
)

ADDRESS: Final = Model("Address", _STREET)

LOYALTY: Final = Model(
    "Loyalty",
    {
        "activeLoyaltyMember": YES_NO,
        "availablePoints": WHOLE,
        "currentTierLevel": _text(100),
        "enrollDate": DATE_TIME,
        "expiringPoints": WHOLE,
        "lastActivityDate": DATE_TIME,
        "lastPointEarnedDate": DATE_TIME,
        "lastPointRedemptionDate": DATE_TIME,
        "lifetimePoints": WHOLE,
        "loyaltySignUpSource": _text(100),
        "monthlyPoints": WHOLE,
        "nextTierLevel": _text(100),
        "numberOfReferrals": WHOLE,
        "pendingPoints": WHOLE,
        "personOfReferred": _text(250),
        "pointExpirationDate": DATE_TIME,
        "pointsToNext": WHOLE,
        "referralCode": _text(100),
        "referralUrl": _text(250),
        "rewardsAvailable": _text(250),
        "rewardsClaimed": _text(250),
        "rewardsID": _key(250),
        "spentPoints": WHOLE,
        "tierID": _key(100),
        "weeklyPoints": WHOLE,
    },
)

SOCIAL: Final = Model(
    "Social",
    {
        "facebookID": _key(100),
        "facebookNumberOfFriends": WHOLE,
        "instagramID": _key(100),
        "instagramNumberOfFollowers": WHOLE,
        "twitterID": _key(100),
        "twitterNumberOfFollowers": WHOLE,
    },
)

CUSTOMER: Final = Model(
    "Customer",
    {
        "address": _object(ADDRESS),
        "birthday": DAY,
        "customerNumber": CUSTOMER_NUMBER,
        "email": EMAIL,
        "firstName": _text(50),
        "gender": _text(50),
        "homePhone": _key(50),
        "lastName": _text(50),
        "loyalty": _object(LOYALTY),
        **_meta(250),
        "mobilePhone": _key(50),
        "preferredStoreNumber": _key(100),
        "registered": YES_NO,
        "social": _object(SOCIAL),
        "workPhone": _key(50),
        "zipCode": _key(20),
    },
)

BILLING_ADDRESS: Final = Model(
    "BillingAddress",
    {"firstName": TEXT, "lastName": TEXT, "mobilePhone": KEY, "phone": KEY, "zipCode": KEY, **_STREET},
)

SHIPPING_ADDRESS: Final = Model(
    "ShippingAddress",
    {"firstName": _text(50), "lastName": _text(50), "phone": KEY, "zipCode": KEY, **_STREET},
)

ORDER_ITEM: Final = Model(
    "OrderItem",
    {
        "discountDescription": TEXT,
        "discountType": _DISCOUNT,
        "discountedPrice": NUMBER,
        "itemTotal": NUMBER,
        "itemDiscountTotal": NUMBER,
        **_meta(500),
        "orderNumber": _key(50),
        "price": NUMBER,
        "quantity": WHOLE,
        "shipDate": DATE_TIME,
        "shippingMethod": _text(32),
        "sku": _key(100),
        "status": _STATUS,
        "trackingNumber": _key(32),
    },
    required=("orderNumber", "sku"),
)

ORDER: Final = Model(
    "Order",
    {
        "associateID": KEY,
        "billingAddress": _object(BILLING_ADDRESS),
        "couponCode": _text(32),
        "customer": _object(CUSTOMER),
        "customerNumber": CUSTOMER_NUMBER,
        "dateEntered": DATE_TIME,
        "discountTotal": NUMBER,
        "email": EMAIL,
        "handlingTotal": NUMBER,
        "items": _objects(ORDER_ITEM),
        "itemTotal": NUMBER,
        "merchandiseDiscount": NUMBER,
        "merchandiseDiscountDescription": TEXT,
        "merchandiseDiscountType": _DISCOUNT,
        **_meta(500),
        "nonMerchandiseDiscount": NUMBER,
        "nonMerchandiseDiscountDescription": TEXT,
        "nonMerchandiseDiscountType": _DISCOUNT,
        "orderNumber": _key(50),
        "orderTotal": NUMBER,
        "shipDate": DATE_TIME,
        "shippingAddress": _object(SHIPPING_ADDRESS),
        "shippingMethod": _text(32),
        "shippingTotal": NUMBER,
        "source": _text(25),
        "status": _STATUS,
        "storeNumber": _key(100),
        "taxTotal": NUMBER,
        "trackingNumber": _key(32),
    },
    required=("orderNumber",),
)

ALTERNATE_IMAGE: Final = Model("AlternateImage", {"rank": WHOLE, "url": TEXT})
RELATED_PRODUCT: Final = Model("RelatedProduct", {"rank": WHOLE, "sku": KEY, "type": TEXT})

PRODUCT: Final = Model(
    "Product",
    {
        **{f"alternateImagesType{number}": _objects(ALTERNATE_IMAGE) for number in (1, 2, 3)},
        "brand": _text(50),
        "category": _text(50),
        "color": _text(100),
        "description": _text(4000),
        "discontinued": YES_NO,
        "gender": _text(50),
        "imageUrl": _text(500),
        "inStock": YES_NO,
        "isClearance": YES_NO,
        "isOutlet": YES_NO,
        "isPurchasable": YES_NO,
        "isViewable": YES_NO,
        "linkUrl": _text(500),
        "masterSku": _key(100),
        **_meta(500),
        "msrp": NUMBER,
        "onSale": YES_NO,
        "price": NUMBER,
        "qoh": WHOLE,
        "relatedProducts": _objects(RELATED_PRODUCT),
        "reviewProductID": _key(100),
        "reviewURL": _text(500),
        "saleEndDate": DATE_TIME,
        "salePrice": NUMBER,
        "saleStartDate": DATE_TIME,
        "size": _text(50),
        "sku": _key(100),
        "style": _text(100),
        "subCategory": _text(50),
        "title": _text(500),
        "unitCost": NUMBER,
        "tags": TEXT,
    },
    required=("sku",),
)

RATING_SUMMARY_FIELD: Final = Model(
    "RatingSummaryField",
    {
        "count": WHOLE,
        "deleted": YES_NO,
        "displayType": TEXT,
        "providerRatingSummaryID": KEY,
        "rating": NUMBER,
        "ratingMax": NUMBER,
        "ratingMin": NUMBER,
        "type": TEXT,
    },
    required=("providerRatingSummaryID", "rating"),
)

RATING_SUMMARY: Final = Model(
    "RatingSummary",
    {
        "provider": KEY,
        "providerProductID": _key(100),
        "ratingSummaries": _objects(RATING_SUMMARY_FIELD),
    },
)

RATING: Final = Model(
    "Rating",
    {
        "deleted": YES_NO,
        "displayType": _text(50),
        "providerRatingID": _key(100),
        "ratingMax": NUMBER,
        "ratingMin": NUMBER,
        "ratingValue": NUMBER,
        "type": _text(100),
    },
    required=("displayType", "providerRatingID", "ratingMax", "ratingMin", "ratingValue", "type"),
)

REVIEW: Final = Model(
    "Review",
    {
        "deleted": YES_NO,
        "featured": YES_NO,
        "feedbackCount": WHOLE,
        "feedbackNegativeCount": WHOLE,
        "feedbackPositiveCount": WHOLE,
        "provider": _key(50),
        "providerProductID": _key(100),
        "providerReviewID": _key(100),
        "ratings": _objects(RATING),
        "recommended": YES_NO,
        "reviewerEmail": EMAIL,
        "reviewerLocation": _text(500),
        "reviewerName": _text(500),
        "reviewSubmitted": DATE_TIME,
        "reviewUpdated": DATE_TIME,
        "text": TEXT,
        "title": _text(500),
    },
    required=("featured", "provider", "providerProductID", "providerReviewID", "recommended", "title"),
)

KINDS: Final = {
    "customers": Kind(CUSTOMER, keys=(("customerNumber",), ("email",))),
    "orders": Kind(ORDER, keys=(("orderNumber",),), rows="items", needed=("dateEntered", "orderTotal")),
    "order_items": Kind(ORDER_ITEM, keys=(("orderNumber",),), part_of="orders"),
    "products": Kind(PRODUCT, keys=(("sku",),)),
    "reviews": Kind(REVIEW, keys=(("provider", "providerReviewID"),), deleted="deleted"),
    "rating_summaries": Kind(
        RATING_SUMMARY, keys=(("providerProductID", "provider"), ("providerProductID",))
    ),
}
"""The kinds of destination, by their name in the setting `destinations`."""
