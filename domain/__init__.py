"""The house: what a loyalty programme is, and everything that happens to its members. Read this map first.

A member's life is a line of **events**: they enrol, buy, are refunded, redeem, and time passes. What an event
means is decided by one pure function, by the programme file that rules (`domain.model.ledger.decide`). Its
Decision is a member after it and a few journal rows with the reason of every amount; one transaction commits
it, or nothing happened (`domain.store.commit`).

    model/      pure. programme/ is the file: its words, its check. decide.py is where to read on; around it
    calendar, events, member,
                wallet (lots), earning (rules), tiers, badges, rewards, refunds, timeline (what time brings),
                state (folding), simulate.
    store/      MongoDB. base.py: one transaction, and rounds of read, decide, commit. commit.py: the one
    write path. Then one noun a
                file: members (the aggregate), journal, receipts, requests (idempotency), vouchers, stock,
                agenda (events for later and for other members), outbox, audit, programmes; contacts,
                sessions, sign_in_codes, staff, stores. rows.py alone knows how a journal row is spelled.
                prepare.py makes collections and indexes at start.
    services/   stories in business words. house.py: what all of them share. purchases, refunds, adjustments,
    member_events,
                redemption, surveys; turn (writes down what time brought); reading (what is looked at); verify
                (the journal, folded, must give what is stored). deliveries: what rules promise the outside
                (messages, hooks), by the senders of the porch. For people: enrol, sign_in, sessions, staff,
                stores, profile, consents, contacts, inbox. As it happens: following (one change stream a
                process) hands what is committed to live and activity (who listens) and to registry (which
                sessions have ended).

A purchase, from the till: `services/purchases.py` `record` reads the member, decides, and commits receipt,
member and journal with the caller's key in three commands. Somebody else's write in between: read again,
decide again. The same key again: the same answer.

Imports go down only: services, store, model. The model knows no clock: `now` is an argument everywhere.
"""
