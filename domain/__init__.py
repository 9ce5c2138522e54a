"""The map of the domain: a loyalty programme, and everything that happens to its members. Read it first.

A member's life is a line of **events**: they enrol, buy, are refunded, redeem, and time passes. One pure
function, `decide`, says what an event means by the programme file in force. Its Decision is the member after
the event, and journal rows with the reason of every amount. One transaction commits it, or nothing happened.

A purchase passes these files, in this order:

    api/web/till/settling.js                   the cashier types the amount and confirms
    api/web/till/queue.js                      the page keeps the purchase until it is answered, and sends it
    api/http/graphql.py                        the request: body, caller, limits
    api/graphql/engine/execution.py            the query is checked and executed
    api/graphql/engine/compiling/input_reading.py  the input is read as its type was compiled once
    api/graphql/till/purchases.py              `recordPurchase`: the input becomes words of the domain
    domain/services/ledger/purchase_input.py   the input is checked
    domain/services/ledger/purchases.py        `record`: the story, and its answer
    domain/services/ledger/till.py             who acts, in which store, within which limits
    domain/services/keyed_decisions.py         `decide_once`: claim the key, decide, commit, or answer again
    domain/services/idempotency.py             what the key has acted on, and what it was answered
    domain/services/decisions.py               read the member, decide one event, commit the decision
    domain/services/late_event_history.py      only for a late purchase: the rules and facts of its time
    domain/services/known_histories.py         what the last late purchases have read already
    domain/model/ledger/decide.py              `decide`: first what time brought, then the event
    domain/model/ledger/timeline.py            what time brought since the last event
    domain/model/ledger/deciding/event_row.py  the event and all that follows from it, in one journal row
    domain/model/ledger/deciding/paying.py     what wallets pay of it
    domain/model/ledger/holding/               also of what was held for it
    domain/model/ledger/payments.py            what that is worth, and what refunds give back of it
    domain/model/ledger/deciding/earning.py    which rules match, and what each awards
    domain/model/ledger/period_counts.py       what limits and caps leave
    domain/model/ledger/deciding/actions.py    what a rule does beside its award
    domain/model/ledger/wallet.py              the lots of a wallet
    domain/model/ledger/badges.py              then badges
    domain/model/ledger/deciding/challenges.py with goals of one's own, and challenges that were taken up
    domain/model/ledger/counting.py            what counts toward tiers
    domain/model/ledger/tiers.py               tiers
    domain/model/ledger/rewards.py             and rewards that are unlocked
    domain/store/commit.py                     the one write path: member, journal, receipt, outbox, key
    domain/store/document_store.py             the transaction, and rounds that begin again after a conflict
    domain/store/ledger/members.py             the member document
    domain/store/ledger/journal_rows.py        the journal document
    domain/store/ledger/receipts.py            a receipt counts once
    domain/store/messages/outbox_writes.py     the messages that were promised
    domain/services/ledger/queries.py          the member after it, for the answer to the till
    api/graphql/engine/compiling/operations.py the answer, read as the query was compiled once

A moment later the change stream wakes the listeners and the worker:

    domain/store/change_stream.py              the committed rows, as they come
    domain/services/live/change_follower.py    one stream in each process, handed to all handlers
    domain/services/activity_hub.py            the handlers: listeners of a member, and the worker's alarm
    domain/services/live/activity_feed.py      what the phone that listens is told
    api/worker.py                              the worker's loops
    domain/services/messages/delivery_rounds.py    claim the rows that are due, and bring each to its end
    domain/services/messages/inbox_posting.py      the message lies in the inbox
    domain/services/messages/message_rules.py      its channels, its text, quiet hours
    domain/services/messages/outgoing_messages.py  the push of each device
    domain/services/messages/channel_sending.py    the senders, and what they answered
    api/senders/firebase.py                    the push

Around that path:

    domain/model/programme/                    the programme file: its words, its reading, its check
    domain/model/fault_text.py                 what is wrong with it, in each language: `fault_words`
    domain/model/ledger/                       the member and everything that `decide` uses
    domain/model/ledger/merging/               two memberships of one person: what moves, and undoing it
    domain/model/ledger/fiscal/                a receipt for the books: discounts, payments, credit, taxes
    domain/model/people/                       codes, contacts, sessions, sign-in, lock-out
    domain/model/messages/                     rendering, quiet hours, backoff
    domain/model/simulate/                     a programme tried on dated lines, in memory
    domain/model/figures/                      key figures: what rows add to sums, definitions, goals, uplift
    domain/model/moving/                       files of other systems' members: their columns, maps, rows
    domain/store/                              MongoDB: documents and indexes, one noun a file
    domain/store/archive/                      files of old journal rows, and where a history begins
    domain/store/copying/                      a whole database: backup, restore, move to another server
    domain/store/figures/                      sums by day, store and tier, and who waits to be counted
    domain/store/tracing/                      spans of what is done, where a process makes any
    domain/store/cluster/                      shard keys, and the database's roles
    domain/store/migrations/                   steps that rewrite what earlier versions stored
    domain/services/runtime.py                 what all services of one process share
    domain/services/ledger/                    stories that move value, the turn (what time brings), reading
    domain/services/ledger/at_till/            a basket in one act, a reward that a code confirms
    domain/services/people/                    enrolment, sign-in, sessions, staff, profile, consents, devices
    domain/services/moving/                    members brought along, and what leaves for a warehouse
    domain/services/archiving/                 old rows leave for the archive, and come back
    domain/services/merging/            two memberships of one person become one, or two again
    domain/services/people/proofs/             a proven contact joins at once, or redeems at a till
    domain/services/people/shifts/             how staff begin a shift: tries, password, second factor
    domain/services/messages/                  outbox, delivery, inbox, surveys
    domain/services/figures/                   the projector, figures of a period, counting again
    domain/services/segments/                  a segment read, tagged, written to once, taken along as a file
    domain/services/live/                      what happens, as it happens

Imports go down only: services, store, model. The model knows no clock: `now` is an argument everywhere.
"""
