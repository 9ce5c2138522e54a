/* Everything that the phone page asks of the API. A line that ends in `#?` is left out where the server lacks
   it. */

const BALANCE = `id code name walletKind currency available pending held debt expiring { amount on }`;
const WALLET = `${BALANCE}
  pay { units worth step minimum share } #?
  arriving { amount at } #?
`;
const PART = `wallet name currency units worth`;
const TIER = `id code name from multiplier benefits colour
  cardArt #?
  thresholds { code title currency from keep } #?
`;
const REWARD = `id code title description image rewardKind cost { wallet amount } value { amount percent minimum currency } terms availableUntil stock stores { id name }`;
const MEMBER_REWARD = `id rewardState missing locks { reason message tier { id name } from } reward { ${REWARD} }`;
const VOUCHER = `id title voucherState issuedAt expiresAt usedAt usedIn { id name } cancellable code value { amount percent minimum currency } cost { wallet amount } stores { id name } reward { id code title description image rewardKind terms }`;
const ENTRY = `id wallet entryKind amount title occurredAt availableAt expiresOn balanceAfter`;
/* With the purchase behind it, so that a history tells purchases. */
const LINE = `${ENTRY}
  purchase { id externalId total refunded currency store { id name } } #?
`;
const BADGE = `id level progress target fraction earnedAt
  stamps goal acceptedAt acceptable #?
  declined #?
  badge { id code name description art levels secret until
    every personal accept from #?
    streak #?
    gifts #?
  }`;
const GAINS = `title entries { ${ENTRY} } vouchers { ${VOUCHER} } member { id wallets { ${BALANCE} } }`;
const SURVEY = `survey { kind lowest highest score
  comment #?
  }`;
const ATTRIBUTE = `name title attributeKind by value choices { code title }`;
const CONSENT = `id purpose granted at wording wordingVersion`;

export const PROGRAMME = `query PhoneProgramme { programme { name currency timezone locales terms { version url }
  takesCodes #?
  minimumAge #?
  webPushKey #?
  consents { channels } #?
  brand { name logo icon cardArt support { url phone email } } #?
  links { privacy support } #?
  referral { limit { times } } #?
  consents { purpose title wording wordingVersion } tiers { ${TIER} } earning { code title description until } } }`;

export const HOME = `query PhoneHome { viewer { id number name locale status termsAccepted wallets { ${WALLET} }
  tier { id current { ${TIER} } since until next { ${TIER} } qualifying toNext toKeep fraction
    counts { code title currency qualifying toNext toKeep fraction } #?
  }
  badges { ${BADGE} }
  rewards(first: 20) { edges { node { ${MEMBER_REWARD} } } pageInfo { hasNextPage endCursor } }
  pointHistory(first: 20) { edges { node { ${LINE} } } pageInfo { hasNextPage endCursor } }
  vouchers(first: 20) { edges { node { ${VOUCHER} } } } #?
  messages(first: 1) { unread } #?
  activityCursor #?
  historyBeginsAt #?
} }`;

export const CARD = `query PhoneCard { viewer { id card { id code expiresAt } } }`;
export const MORE_REWARDS = `query PhoneRewards($after: String) { viewer { id rewards(first: 20, after: $after) { edges { node { ${MEMBER_REWARD} } } pageInfo { hasNextPage endCursor } } } }`;
export const HISTORY = `query PhoneHistory($after: String, $wallet: WalletCode) { viewer { id pointHistory(first: 20, after: $after, wallet: $wallet) {
  edges { node { ${LINE} } } pageInfo { hasNextPage endCursor } } } }`;
const OUTCOME = `rule title applied wallet amount reason basis`;
export const ENTRY_REASONS = `query PhoneEntry($id: ID!) { node(id: $id) { id ... on PointEntry { explanation { ${OUTCOME} }
  event #?
} } }`;
export const PURCHASE = `query PhonePurchase($id: ID!) { node(id: $id) { id ... on Purchase { externalId occurredAt total refunded currency store { id name }
  paid payment { ${PART} } back { money wallets { ${PART} } } #?
  lines { line name sku quantity amount refundedQuantity } #?
  entries { ${ENTRY} } #?
  vouchers { id title } #?
  explanation { ${OUTCOME} } #?
} } }`;
export const MESSAGES = `query PhoneMessages($after: String) { viewer { id messages(first: 20, after: $after) { unread
  edges { node { id messageKind title body sentAt readAt link ${SURVEY} } } pageInfo { hasNextPage endCursor } } } }`;
export const PROFILE = `query PhoneProfile { viewer { id number name email phone birthday locale joinedAt termsAccepted
  consents { ${CONSENT} } referral { code url invited qualified } plan { since until plan { code name benefits } }
  devices { id platform registeredAt lastSeenAt } #?
  attributes { ${ATTRIBUTE} } #?
  notifications { purpose title channels { channel wanted consented } } #?
  consents { channels history { granted at wording channels } } #?
} }`;

export const REQUEST_CODE = `mutation PhoneCode($input: RequestSignInCodeInput!) { requestSignInCode(input: $input) { challenge expiresAt } }`;
export const SIGN_IN = `mutation PhoneSignIn($input: SignInInput!) { signIn(input: $input) { __typename
  ... on SignedIn { accessToken accessTokenExpiresAt refreshToken deviceToken member { id locale }
    enrolmentCode { __typename ... on CodeEntered { ${GAINS} } ... on CodeRefused { message reason triesLeft } } #?
  }
  ... on MembershipBeingDeleted { erasedAt keepToken } #?
  ... on SignInRefused { message reason attemptsLeft } ... on Problem { message }
  ... on NotEnrolled { contactProof } #?
 } }`;
export const ENROL = `mutation PhoneEnrol($input: EnrolInput!) { enrol(input: $input) { __typename ... on Enrolled { codeSentTo expiresAt enrolmentToken challenge } ... on Problem { message }
  ... on SignedIn { accessToken accessTokenExpiresAt refreshToken deviceToken member { id locale }
    enrolmentCode { __typename ... on CodeEntered { ${GAINS} } ... on CodeRefused { message reason triesLeft } } #?
  }
} }`;
export const EXPORT = `mutation PhoneExport { exportMyData { path expiresAt } }`;
export const SIGN_OUT = `mutation PhoneSignOut($input: SignOutInput!) { signOut(input: $input) { sessions } }`;
export const REGISTER = `mutation PhoneRegister($input: RegisterDeviceInput!) { registerDevice(input: $input) { cardSecret device { id } } }`;
export const UNREGISTER = `mutation PhoneUnregister($input: UnregisterDeviceInput!) { unregisterDevice(input: $input) { deviceId } }`;
export const UPDATE = `mutation PhoneUpdate($input: UpdateProfileInput!) { updateProfile(input: $input) { member { id name birthday locale } } }`;
export const CHANGE_CONTACT = `mutation PhoneContact($input: ChangeContactInput!) { changeContact(input: $input) { __typename
  ... on ContactChanged { member { id email phone } } ... on SignInCodeRequested { challenge expiresAt approval { challenge codeSentTo } } ... on Problem { message } } }`;
export const REMOVE_CONTACT = `mutation PhoneRemoveContact($input: RemoveContactInput!) { removeContact(input: $input) { __typename
  ... on ContactRemoved { member { id email phone } } ... on SignInCodeRequested { challenge approval { challenge codeSentTo } } ... on Problem { message } } }`;
export const ACCEPT_TERMS = `mutation PhoneTerms($input: AcceptTermsInput!) { acceptTerms(input: $input) { __typename ... on Problem { message } } }`;
export const SET_ATTRIBUTES = `mutation PhoneAttributes($input: SetAttributesInput!) { setAttributes(input: $input) { member { id attributes { ${ATTRIBUTE} } } } }`;
export const SET_CONSENT = `mutation PhoneConsent($input: SetConsentInput!) { setConsent(input: $input) { consents { ${CONSENT} } } }`;
export const ACCEPT_CHALLENGE = `mutation PhoneChallenge($input: AcceptChallengeInput!) { acceptChallenge(input: $input) { __typename
  ... on Problem { message } } }`;
export const DECLINE_CHALLENGE = `mutation PhoneDecline($input: DeclineChallengeInput!) { declineChallenge(input: $input) { progress { id declined } } }`;
export const MARK_READ = `mutation PhoneRead($input: MarkMessagesReadInput!) { markMessagesRead(input: $input) { unread } }`;
export const ANSWER_SURVEY = `mutation PhoneAnswer($input: AnswerSurveyInput!) { answerSurvey(input: $input) { __typename
  ... on SurveyAnswered { question { id ${SURVEY} } } ... on SurveyAnsweredBefore { score } ... on Problem { message } } }`;
export const REDEEM = `mutation PhoneRedeem($input: RedeemRewardInput!) { redeemReward(input: $input) { __typename
  ... on RewardRedeemed { voucher { ${VOUCHER} } wallets { ${WALLET} } }
  ... on RewardLocked { message missing locks { reason message } } ... on Problem { message } } }`;
export const CANCEL = `mutation PhoneCancel($input: CancelVoucherInput!) { cancelVoucher(input: $input) { __typename
  ... on VoucherGivenBack { voucher { ${VOUCHER} } wallets { ${WALLET} } }
  ... on VoucherNotUsable { message voucherState usedAt } ... on Problem { message } } }`;

export const LIVE = `subscription PhoneLive($after: String) { memberActivity(after: $after) { cursor occurredAt activity { __typename
  ... on BalanceChanged { entries { ${LINE} } }
  ... on RewardUnlocked { reward { id reward { id code title image rewardKind } } }
  ... on BadgeEarned { badge { id level badge { id code name description art levels } } }
  ... on TierChanged { reason to { id name colour benefits } }
  ... on VoucherIssued { voucher { ${VOUCHER} } } ... on VoucherUsed { voucher { ${VOUCHER} } } ... on VoucherReinstated { voucher { ${VOUCHER} } }
  ... on VoucherCancelled { voucher { ${VOUCHER} } } ... on VoucherExpired { voucher { ${VOUCHER} } }
  ... on MessageReceived { unread message { id title body } }
  ... on Resync { cause: reason } } } }`;
export const LOSSES = `query PhoneLosses { viewer { id wallets { id name walletKind currency available pending } vouchers(first: 100) { edges { node { id title voucherState } } } } }`;
export const DELETE_MEMBERSHIP = `mutation PhoneDelete($input: DeleteMembershipInput!) { deleteMembership(input: $input) { __typename
  ... on MembershipDeleted { erasedAt } ... on SignInCodeRequested { challenge approval { codeSentTo } } ... on Problem { message } } }`;
export const KEEP_MEMBERSHIP = `mutation PhoneKeep($input: KeepMembershipInput!) { keepMembership(input: $input) { __typename
  ... on SignedIn { accessToken accessTokenExpiresAt refreshToken deviceToken member { id locale } } ... on Problem { message } } }`;
