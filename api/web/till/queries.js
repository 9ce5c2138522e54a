/* Everything that the till asks of the API. A line that ends in `#?` is left out where the server lacks
   it. */

const WALLETS = `wallets { id code name walletKind currency available pending debt expiring { amount on } }`;
const TIER = `tier { id current { id code name colour } next { id name } toNext fraction until
  counts { code title currency qualifying toNext } #?
}`;
const BADGES = `badges { id level progress target stamps goal acceptedAt badge { id name art every personal accept until } } #?`;
const ATTRIBUTE = `name title attributeKind by value choices { code title }`;
const VOUCHER = `id title voucherState issuedAt expiresAt usedAt usedIn { id name } value { amount percent minimum currency } cost { wallet amount }
  stores { id code name } reward { id title description image rewardKind terms }`;
const CUSTOMER = `fragment CustomerParts on Customer { id number name status ${WALLETS} ${TIER}
  segments { code name } #?
  rewards(first: 12, state: UNLOCKED) { edges { node { id reward { id title image rewardKind cost { wallet amount } } } } }
  ${BADGES}
  attributes { ${ATTRIBUTE} } #?
  vouchers(first: 20) { edges { node { id title voucherState issuedAt expiresAt value { amount percent minimum currency } stores { code name } reward { id title image rewardKind } } } } #?
}`;
const ENTRY = `wallet entryKind amount title availableAt expiresOn`;
const OUTCOME = `rule title applied wallet amount reason`;
const PART = `wallet name currency units worth`;
const BACK = `back { money wallets { ${PART} } }`;
const PURCHASE = `id externalId occurredAt currency total refunded
  payment { ${PART} } #?
  paid #?
  lines { line sku name category quantity amount refundedQuantity refundedAmount }`;

export const PROGRAMME = `query TillProgramme { programme { name currency timezone locales stores { id code name } } }`;

export const TRAINING = `query TillTraining { programme { wallets { code name kind currency } tiers { id code name colour }
  rewards { id title description image rewardKind terms cost { wallet amount } value { amount percent minimum currency } } } }`;

export const SIGN_IN = `mutation TillSignIn($input: StaffSignInInput!) { staffSignIn(input: $input) { __typename
  ... on StaffSignedIn { accessToken accessTokenExpiresAt refreshToken deviceToken recoveryCodes recoveryCodesLeft
    staff { id name role store { id code name } } }
  ... on SecondFactorNeeded { message step secret qr { data } }
  ... on SignInRefused { message reason retryAfter } } }`;

export const SIGN_OUT = `mutation TillSignOut($input: SignOutInput!) { signOut(input: $input) { sessions } }`;

export const SCAN = `mutation TillScan($input: ScanInput!) { scan(input: $input) { __typename
  ... on CustomerScan { visit visitExpiresAt customer { ...CustomerParts }
    canPay #?
  }
  ... on VoucherScan { usable reason voucher { ${VOUCHER} } customer { ...CustomerParts } }
  ... on Problem { message } } }
${CUSTOMER}`;

export const FIND = `query TillFind($contact: String!) { findCustomer(contact: $contact) { ...CustomerParts } }
${CUSTOMER}`;

export const FIND_BY_ID = `query TillMember($id: ID!) { node(id: $id) { ... on Customer { ...CustomerParts } } }
${CUSTOMER}`;

export const FIND_MANY = `query TillFindMany($lastDigits: String, $nameBegins: String) {
  findCustomers(lastDigits: $lastDigits, nameBegins: $nameBegins) { id name numberHint contacts } }`;

export const ENROL_AT_TILL = `mutation TillEnrol($input: EnrolAtTillInput!) { enrolAtTill(input: $input) { __typename
  ... on InvitedAtTill { codeSentTo expiresAt sale { externalId total waitsUntil totals { wallet name currency amount } } }
  ... on AlreadyEnrolled { message customer { ...CustomerParts } }
  ... on Problem { message } } }
${CUSTOMER}`;

export const RECORD_GUEST = `mutation TillGuest($input: RecordGuestPurchaseInput!) { recordGuestPurchase(input: $input) { __typename
  ... on GuestPurchaseRecorded { code sale { externalId total totals { wallet name currency amount } } }
  ... on Problem { message } } }`;

export const CORRECT = `mutation TillCorrect($input: CorrectPurchaseInput!) { correctPurchase(input: $input) { __typename
  ... on PurchaseCorrected { changed purchase { id total } totals { wallet amount } wallets { code name walletKind currency available } }
  ... on Problem { message } } }`;

export const QUOTE = `query TillQuote($input: QuoteInput!) { quotePurchase(input: $input) {
  entries { ${ENTRY} } totals { wallet amount } explanation { ${OUTCOME} }
  unlocks { id reward { id title image rewardKind } } tierAfter { id code name colour }
  payable { wallet name currency available units worth terms { units worth step minimum share } } #?
  payment { ${PART} } #?
  paid #?
} }`;

const RECORDED = `purchase { id externalId total currency
      payment { ${PART} } #?
      paid #?
    } customer { id name number ${WALLETS} ${TIER}
      ${BADGES}
    }
    entries { id ${ENTRY} } explanation { ${OUTCOME} } unlocked { id reward { id title image rewardKind } }
    earnedBadges { id level badge { id name art levels } } tierChange { from to at reason }`;
const CLAIMED = `... on PurchaseClaimed { message sameMember claimed: purchase { id total currency
      payment { ${PART} } #?
      paid #?
    } }`;

export const RECORD = `mutation TillRecord($input: PurchaseInput!) { recordPurchase(input: $input) { __typename
  ... on PurchaseRecorded { ${RECORDED} }
  ${CLAIMED}
  ... on NotAllowed { message reason }
  ... on Problem { message } } }`;

export const SET_ATTRIBUTES = `mutation TillAttributes($input: SetCustomerAttributesInput!) { setCustomerAttributes(input: $input) { __typename
  ... on CustomerAttributesSet { customer { id attributes { ${ATTRIBUTE} } } }
  ... on Problem { message } } }`;

export const CHECKOUT = `mutation TillCheckout($input: CheckoutInput!) { checkout(input: $input) { __typename
  ... on CheckedOut { vouchers { id title voucherState } ${RECORDED} }
  ${CLAIMED}
  ... on VoucherNotUsable { message voucherId voucherState }
  ... on NotAllowed { message reason }
  ... on Problem { message } } }`;

export const REDEMPTION_CODE = `mutation TillRedemptionCode($input: RequestRedemptionCodeInput!) { requestRedemptionCode(input: $input) { __typename
  ... on RedemptionCodeSent { challenge codeSentTo expiresAt }
  ... on Problem { message } } }`;

export const REDEEM_HERE = `mutation TillRedeemHere($input: RedeemForCustomerInput!) { redeemForCustomer(input: $input) { __typename
  ... on RedeemedForCustomer { visit visitExpiresAt voucher { ${VOUCHER} } customer { ...CustomerParts } }
  ... on Problem { message } } }
${CUSTOMER}`;

export const USE_VOUCHER = `mutation TillUseVoucher($input: UseVoucherInput!) { useVoucher(input: $input) { __typename
  ... on VoucherAccepted { voucher { ${VOUCHER} } customer { id name number } }
  ... on VoucherNotUsable { message voucherState usedAt usedIn { id name } }
  ... on NotAllowed { message reason }
  ... on Problem { message } } }`;

export const REVERSE_VOUCHER = `mutation TillReverseVoucher($input: ReverseVoucherUseInput!) { reverseVoucherUse(input: $input) { __typename
  ... on VoucherUseReversed { voucher { ${VOUCHER} } }
  ... on Problem { message } } }`;

export const FIND_PURCHASE = `query TillPurchase($externalId: String!) { purchase(externalId: $externalId) { ${PURCHASE} } }`;

export const RECEIPT = `query TillReceipt($externalId: String!) { purchase(externalId: $externalId) { ${PURCHASE}
  entries { ${ENTRY} } vouchers { id title }
} }`;

export const QUOTE_REFUND = `query TillQuoteRefund($input: QuoteRefundInput!) { quoteRefund(input: $input) {
  refundable totals { wallet name currency amount }
  ${BACK} #?
} }`;

export const REFUND = `mutation TillRefund($input: RefundInput!) { refundPurchase(input: $input) { __typename
  ... on PurchaseRefunded { purchase { ${PURCHASE} } entries { id ${ENTRY} } ${WALLETS}
    ${BACK} #?
  }
  ... on ParkedSaleRefunded { externalId refunded }
  ... on RefundTooLarge { message refundable }
  ... on Problem { message } } }`;

export const ADJUST = `mutation TillAdjust($input: AdjustBalanceInput!) { adjustBalance(input: $input) { __typename
  ... on BalanceAdjusted { entry { id amount wallet } wallet { id code name walletKind currency available pending debt } }
  ... on InsufficientBalance { message missing }
  ... on NotAllowed { message reason }
  ... on Problem { message } } }`;

export const ALLOWANCE = `query TillAllowance { correctionAllowance { most left } }`;

export const PROPOSE = `mutation TillPropose($input: ProposeCorrectionInput!) { proposeCorrection(input: $input) { __typename
  ... on Problem { message } } }`;

export const FREEZE = `mutation TillFreeze($input: FreezeMemberInput!) { answer: freezeMember(input: $input) { __typename
  ... on MembershipFrozen { customer { ...CustomerParts } }
  ... on Problem { message } } }
${CUSTOMER}`;

export const UNFREEZE = `mutation TillUnfreeze($input: UnfreezeMemberInput!) { answer: unfreezeMember(input: $input) { __typename
  ... on MembershipUnfrozen { customer { ...CustomerParts } }
  ... on Problem { message } } }
${CUSTOMER}`;

export const SHIFT = `query TillShift($after: ID) { staff { id name role store { id code name } }
  shiftActions(first: 100, after: $after) { id at actionKind subject amount wallet currency customer { id name wallets { code name walletKind currency } } voucher { id voucherState usedAt } }
}`;
