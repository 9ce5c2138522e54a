/* What the screens that come later ask of the API. A line that ends in `#?` is left out where the server lacks it. */

const VOUCHER = `id title voucherState issuedAt expiresAt usedAt usedIn { id name } cancellable code value { amount percent minimum currency } cost { wallet amount } stores { id name } reward { id code title description image rewardKind terms }`;
const ENTRY = `id wallet entryKind amount title occurredAt availableAt expiresOn balanceAfter`;
const OUTCOME = `rule title applied wallet amount reason`;
const OWN = `member { id wallets { id code name walletKind currency available pending held debt expiring { amount on } } }`;
const PURCHASE = `id externalId total refunded currency occurredAt store { id name } entries { ${ENTRY} }`;

export const ENTER_CODE = `mutation PhoneEnterCode($input: EnterCodeInput!) { enterCode(input: $input) { __typename
  ... on CodeEntered { title entries { ${ENTRY} } vouchers { ${VOUCHER} } ${OWN} }
  ... on CodeRefused { message reason triesLeft } ... on Problem { message } } }`;
export const CLAIM_RECEIPT = `mutation PhoneClaimReceipt($input: ClaimReceiptInput!) { claimReceipt(input: $input) { __typename
  ... on ReceiptClaimed { countedBefore purchase { ${PURCHASE} explanation { ${OUTCOME} } } ${OWN} }
  ... on ReceiptRefused { message reason triesLeft } ... on Problem { message } } }`;
export const PURCHASES = `query PhonePurchases($after: String) { viewer { id purchases(first: 20, after: $after) {
  edges { node { ${PURCHASE} } } pageInfo { hasNextPage endCursor } } } }`;

export const STORES = `query PhoneStores($near: PlaceInput) { programme { stores(near: $near) { id name address phone distance
  position { latitude longitude } hours { weekday opens closes } } } }`;

const PRODUCT = `sku title price image link categories { code name }`;
const REWARD = `id code title description image rewardKind cost { wallet amount } value { amount percent minimum currency } terms availableUntil stock stores { id name }`;
const TIP = `kind code reason message product { ${PRODUCT} } reward { id rewardState missing locks { reason message tier { id name } from } reward { ${REWARD} } }`;
export const FOR_YOU = `query PhoneForYou { viewer { id consents { purpose granted } recommendations(first: 12) { ${TIP} } } }`;
export const OPEN_RECOMMENDATION = `mutation PhoneOpened($input: OpenRecommendationInput!) { openRecommendation(input: $input) { counted } }`;

export const SET_NOTIFICATION = `mutation PhoneNotify($input: SetNotificationInput!) { setNotification(input: $input) { notifications { purpose title channels { channel wanted consented } } } }`;

const BOARD = `code name endsAt unit { name walletKind: kind currency } prizes { rank gifts { amount unit { name walletKind: kind currency } reward { title } badge { name } tier { name } } } top(first: 10) { rank nickname score isMe } me { nickname
  isNicknameReplaced #?
  score rank beside { rank nickname score isMe } }`;
export const BOARDS = `query PhoneBoards { leaderboards { ${BOARD} } }`;
export const JOIN_BOARD = `mutation PhoneJoinBoard($input: JoinLeaderboardInput!) { joinLeaderboard(input: $input) { __typename ... on Problem { message } } }`;
export const LEAVE_BOARD = `mutation PhoneLeaveBoard($input: LeaveLeaderboardInput!) { leaveLeaderboard(input: $input) { __typename } }`;
