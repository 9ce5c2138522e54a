"""Parts of a programme for the tests of what time alone brings."""

REFERRAL = (
    "referral: {qualifies: {on: purchase.completed, when: member.purchases.total >= 3000}, friend: [{award:"
    " {wallet: points, fixed: 50}}], referrer: [{award: {wallet: points, fixed: 150}}], limit: {times: 1,"
    " per: year}}"
)
PLUS = "plans: [{code: plus, name: P, price: 100, period: {months: 1}, multiplier: 2}]"


def tagging(event: str, tag: str, more: str = "") -> str:
    return f"{{code: {tag}, title: T, on: {event}, {more}do: [{{tag: {tag}}}]}}"
