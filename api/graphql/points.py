"""Wallets and their history: what a member has, how it came, and why each amount is what it is."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Annotated, cast

import strawberry

from api.graphql.basics import Info, Node, PageInfo
from api.graphql.ids import encode
from api.graphql.reader import Reader
from api.graphql.receipts import Purchase
from api.graphql.scalars import Long, WalletCode
from domain.model.member import Member
from domain.model.wallet import Lot
from domain.model.wallet import Wallet as Held
