"""Words of the made-up retailer: people, mailboxes, campaigns, subjects. Some are awkward on purpose."""

from __future__ import annotations

FIRST = (
    "ada", "ben", "carla", "dmitri", "elena", "farid", "grace", "hugo", "ines", "jonas", "kaya", "liam",
    "mona", "nils", "olga", "pia", "quinn", "rosa", "sven", "tara", "umar", "vera", "wim", "xenia", "yara",
    "zoe", "mary-jane", "jean.luc", "d'arcy",
)  # fmt: skip
LAST = (
    "abbott", "berger", "cohen", "dubois", "eriksen", "fischer", "garcia", "hansen", "ito", "jensen",
    "kowalski", "lopez", "moreau", "nguyen", "o'brien", "patel", "quist", "rossi", "schmidt", "torres",
    "ueda", "varga", "wagner", "xu", "yilmaz", "zimmer", "smith-jones", "van.dijk", "mc_coy", "lee+shop",
    "novak",
)  # fmt: skip
DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com", "shop.example.org")
CAMPAIGNS = (
    "Spring Collection", "Summer Sale", "Back to School", "Holiday 2025", "Loyalty — “Gold” Members",
    "Clearance, final days", "New Arrivals", "Größen-Wochen", "Win-back", "Anniversary",
)  # fmt: skip
SUBJECTS = (
    "Up to 40% off — this weekend only",
    'Your "must-haves", back in stock',
    "Hello, neighbour: new store, new hours",
    "Last chance, really\nlast chance",
    "Größe S bis XL — jetzt 🎁",
    "C'est l'été ☀️ : -30 % sur tout",
    "Tab\there, comma, semicolon; pipe |",
    "新着アイテムのお知らせ",
    "A note from our founder",
    "Path C:\\deals\\today & <b>bold</b> claims",
)
LINKS = (
    ("Shop now", "https://shop.example.com/new?utm_source=listrak&utm_medium=email"),
    ('Hero image, "summer"', "https://shop.example.com/c/summer%20sale?ref=hero&size=S,M"),
    ("Vêtements — nouveautés", "https://shop.example.com/fr/nouveautés#top"),
    ("Store finder", "https://shop.example.com/stores"),
)
CONVERSATIONS = ("Welcome series", "Abandoned cart", "Post purchase, review please", 'Birthday "treat"')
TRANSACTIONAL = ("Order confirmation", "Shipping notice", "Password reset")
BOUNCES = ("Mailbox full", "User unknown", "Domain not found", 'Blocked: content \\"spam\\"')
"""Reasons of bounces, already escaped for JSON."""
SUBSCRIBED_BY = ("Web Form", "Import", "API", "Checkout", "Preference Center")
UNSUBSCRIBED_BY = ("Message", "Preference Center", "API", "Bounce")
CITIES = ("Lititz", "São Paulo", "Zürich", "Kraków", "New York", "København", "東京", 'St. John\'s, "NL"')
COMMENTS = (
    "Prefers calls after 5 pm",
    "Line one\nline two, with a comma",
    'Said: "never on Mondays"',
    "Größe 42 ✓",
    "—",
)
