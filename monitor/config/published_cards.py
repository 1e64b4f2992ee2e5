"""Card numbers that gateways publish for their test environments: the only ones a configuration may hold.

Sources: Stripe, "Testing" (docs.stripe.com/testing); Mastercard Gateway, "Test and Go Live", test card tables
(test-gateway.mastercard.com/api/documentation). A number that is on neither list could be somebody's card.
"""

STRIPE = frozenset(
    {
        "4242424242424242",  # Visa, approved
        "4000056655665556",  # Visa debit
        "5555555555554444",  # Mastercard
        "2223003122003222",  # Mastercard, 2-series
        "5200828282828210",  # Mastercard debit
        "5105105105105100",  # Mastercard prepaid
        "378282246310005",  # American Express
        "371449635398431",
        "6011111111111117",  # Discover
        "6011000990139424",
        "6011981111111113",
        "3056930009020004",  # Diners Club
        "36227206271667",
        "3566002020360505",  # JCB
        "6200000000000005",  # UnionPay
        "6200000000000047",
        "6205500000000000004",
        "4000000000000002",  # generic decline
        "4000000000009995",  # insufficient funds
        "4000000000009987",  # lost card
        "4000000000009979",  # stolen card
        "4000000000000069",  # expired card
        "4000000000000127",  # wrong security code
        "4000000000000119",  # processing error
        "4000000000006975",  # card velocity exceeded
        "4100000000000019",  # blocked as fraudulent
        "4000002500003155",  # authentication required
        "4000002760003184",
        "4000000000003220",  # 3-D Secure 2 required
        "4000008260003178",  # authenticates, then insufficient funds
    }
)
MASTERCARD_GATEWAY = frozenset(
    {
        "5123450000000008",  # Mastercard, 3-D Secure
        "2223000000000007",  # Mastercard, 2-series, 3-D Secure
        "5111111111111118",  # Mastercard
        "2223000000000023",
        "4508750015741019",  # Visa, 3-D Secure
        "4012000033330026",  # Visa
        "30123400000000",  # Diners Club
        "36259600000012",
        "3528000000000007",  # JCB
        "3528111100000001",
        "6011003179988686",  # Discover
        "6011963280099774",
        "345678901234564",  # American Express
        "371449635398431",
    }
)
PUBLISHED = STRIPE | MASTERCARD_GATEWAY
