"""What shops call the properties of the Data API: used where a stream has no property of Listrak's name.

Only names that mean one thing are here; the first that a stream has is taken, and it is logged. Names are
without case and separators: `order_date`, `Order Date` and `orderDate` are one. `docs/values.md` lists them.
"""

from __future__ import annotations

from typing import Final

__all__ = ["COMMON_NAMES"]


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


COMMON_NAMES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "Customer": {
        "customerNumber": _names("customerid customerno custno customercode"),
        "email": _names("emailaddress customeremail mail"),
        "firstName": _names("fname givenname customerfirstname"),
        "lastName": _names("lname surname familyname customerlastname"),
        "birthday": _names("dob dateofbirth birthdate"),
        "mobilePhone": _names("mobile cell cellphone mobilenumber mobilephonenumber"),
        "zipCode": _names("zip postalcode postcode"),
        "preferredStoreNumber": _names("preferredstore homestore"),
    },
    "Order": {
        "orderNumber": _names("orderid orderno ordernum ordercode incrementid number"),
        "dateEntered": _names(
            "orderdate orderedat dateordered orderdatetime purchasedate purchasedat placedat createdat "
            "datecreated date"
        ),
        "orderTotal": _names("total grandtotal totalprice totalinctax totalamount orderamount amount"),
        "itemTotal": _names("subtotal subtotalprice itemstotal merchandisetotal"),
        "shippingTotal": _names("shipping shippingcost shippingamount shippingprice totalshipping freight"),
        "taxTotal": _names("tax taxes taxamount salestax totaltax"),
        "discountTotal": _names("discount discounts discountamount totaldiscount totaldiscounts"),
        "handlingTotal": _names("handling handlingfee"),
        "customerNumber": _names("customerid customerno custno customercode"),
        "email": _names("emailaddress billingemail mail"),
        "status": _names("orderstatus"),
        "couponCode": _names("coupon promocode discountcode vouchercode"),
        "shipDate": _names("shippeddate shippedat dateshipped"),
        "trackingNumber": _names("tracking trackingno trackingcode"),
        "storeNumber": _names("storeid store"),
        "items": _names("lineitems orderitems orderlines"),
        "item_sku": _names("sku productsku variantsku lineitemsku"),
        "item_quantity": _names("quantity qty itemqty lineitemquantity"),
        "item_price": _names("price unitprice lineitemprice"),
        "item_itemTotal": _names("linetotal lineamount"),
    },
    "OrderItem": {
        "sku": _names("productsku variantsku itemsku itemnumber productcode"),
        "quantity": _names("qty itemqty itemquantity count units quantityordered qtyordered"),
        "price": _names("unitprice itemprice baseprice"),
        "itemTotal": _names("linetotal lineamount rowtotal total totalprice"),
        "itemDiscountTotal": _names("discount discountamount totaldiscount"),
        "discountedPrice": _names("saleprice finalprice"),
        "status": _names("itemstatus"),
        "trackingNumber": _names("tracking trackingno trackingcode"),
        "shipDate": _names("shippeddate shippedat dateshipped"),
    },
    "order_items": {
        "orderNumber": _names("orderid orderno ordernum ordercode"),
    },
    "Product": {
        "sku": _names("productsku variantsku productid itemnumber"),
        "title": _names("name productname producttitle"),
        "imageUrl": _names("image imagelink imagesrc"),
        "linkUrl": _names("url link producturl"),
        "msrp": _names("listprice compareatprice variantcompareatprice retailprice"),
        "price": _names("variantprice"),
        "unitCost": _names("cost costprice"),
        "qoh": _names("stock inventory quantityonhand stockquantity inventoryquantity variantinventoryqty"),
        "brand": _names("vendor manufacturer brandname"),
        "masterSku": _names("parentsku"),
        "saleStartDate": _names("salestart salefrom"),
        "saleEndDate": _names("saleend saleto"),
    },
    "Review": {
        "providerReviewID": _names("reviewid"),
        "providerProductID": _names("productid sku productsku"),
        "text": _names("body content comment reviewtext reviewbody"),
        "title": _names("headline reviewtitle subject"),
        "reviewerName": _names("author reviewer nickname"),
        "reviewerEmail": _names("email emailaddress"),
        "reviewerLocation": _names("location"),
        "reviewSubmitted": _names("createdat reviewdate submittedat date"),
        "reviewUpdated": _names("updatedat modifiedat"),
    },
    "RatingSummary": {
        "providerProductID": _names("productid sku productsku"),
    },
}
"""By the model's name and the API's property, the names in order of preference.

`order_items` is what rows of that kind have beside what items inside orders have: inside an order, `order_id`
may be anything.
"""
