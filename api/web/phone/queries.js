/* Everything that the phone page asks of the API. A line that ends in `#?` is left out where the server lacks
   it. */

const BALANCE = `id code name walletKind currency available pending debt expiring { amount on }`;
const WALLET = `${BALANCE}
  pay { units worth step minimum share } #?
`;
const PART = `wallet name currency units worth`;
const TIER = `id code name from multiplier benefits colour
  thresholds { code title currency from keep } #?
`;
const REWARD = `id code title description image rewardKind cost { wallet amount } value { amount percent minimum currency } terms availableUntil stock stores { id name }`;
const MEMBER_REWARD = `id rewardState missing locks { reason message tier { id name } from } reward { ${REWARD} }`;
const VOUCHER = `id title voucherState issuedAt expiresAt usedAt usedIn { id name } cancellable code value { amount percent minimum currency } cost { wallet amount } stores { id name } reward { id title description image rewardKind terms }`;
const ENTRY = `id wallet entryKind amount title occurredAt availableAt expiresOn balanceAfter`;
const BADGE = `id level progress target fraction earnedAt
  stamps goal acceptedAt acceptable #?
  badge { id name description art levels secret until
    every personal accept from #?
  }`;
const GAINS = `title entries { ${ENTRY} } vouchers { ${VOUCHER} } member { id wallets { ${BALANCE} } }`;
const SURVEY = `survey { kind lowest highest score }`;
const ATTRIBUTE = `name title attributeKind by value choices { code title }`;
const CONSENT = `id purpose granted at wording wordingVersion`;

export const PROGRAMME = `query PhoneProgramme { programme { name currency timezone locales terms { version url }
  takesCodes #?
  minimumAge #?
  consents { channels } #?
  consents { purpose title wording wordingVersion } tiers { ${TIER} } earning { code title description until } } }`;

export const HOME = `query PhoneHome { viewer { id number name locale status termsAccepted wallets { ${WALLET} }
  tier { id current { ${TIER} } since until next { ${TIER} } qualifying toNext toKeep fraction
    counts { code title currency qualifying toNext toKeep fraction } #?
  }
  badges { ${BADGE} }
  rewards(first: 20) { edges { node { ${MEMBER_REWARD} } } pageInfo { hasNextPage endCursor } }
  pointHistory(first: 20) { edges { node { ${ENTRY} } } pageInfo { hasNextPage endCursor } }
  vouchers(first: 20) { edges { node { ${VOUCHER} } } } #?
  messages(first: 1) { unread } #?
} }`;

export const CARD = `query PhoneCard { viewer { id card { id code expiresAt } } }`;
export const MORE_REWARDS = `query PhoneRewards($after: String) { viewer { id rewards(first: 20, after: $after) { edges { node { ${MEMBER_REWARD} } } pageInfo { hasNextPage endCursor } } } }`;
export const HISTORY = `query PhoneHistory($after: String, $wallet: WalletCode) { viewer { id pointHistory(first: 20, after: $after, wallet: $wallet) {
  edges { node { ${ENTRY} } } pageInfo { hasNextPage endCursor } } } }`;
export const ENTRY_REASONS = `query PhoneEntry($id: ID!) { node(id: $id) { id ... on PointEntry { explanation { rule title applied wallet amount reason }
  purchase { id externalId total currency store { id name }
    paid payment { ${PART} } back { money wallets { ${PART} } } #?
  }
  event #?
} } }`;
export const MESSAGES = `query PhoneMessages($after: String) { viewer { id messages(first: 20, after: $after) { unread
  edges { node { id messageKind title body sentAt readAt link ${SURVEY} } } pageInfo { hasNextPage endCursor } } } }`;
export const PROFILE = `query PhoneProfile { viewer { id number name email phone birthday locale joinedAt termsAccepted
  consents { ${CONSENT} } referral { code url invited qualified } plan { since until plan { code name benefits } }
  devices { id platform registeredAt lastSeenAt } #?
  attributes { ${ATTRIBUTE} } #?
  consents { channels history { granted at wording channels } } #?
} }`;

export const REQUEST_CODE = `mutation PhoneCode($input: RequestSignInCodeInput!) { requestSignInCode(input: $input) { challenge expiresAt } }`;
export const SIGN_IN = `mutation PhoneSignIn($input: SignInInput!) { signIn(input: $input) { __typename
  ... on SignedIn { accessToken accessTokenExpiresAt refreshToken deviceToken member { id locale }
    enrolmentCode { __typename ... on CodeEntered { ${GAINS} } ... on CodeRefused { message reason triesLeft } } #?
  }
  ... on SignInRefused { message reason attemptsLeft } ... on Problem { message } } }`;
export const ENROL = `mutation PhoneEnrol($input: EnrolInput!) { enrol(input: $input) { __typename ... on Enrolled { codeSentTo expiresAt enrolmentToken challenge } ... on Problem { message } } }`;
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
export const MARK_READ = `mutation PhoneRead($input: MarkMessagesReadInput!) { markMessagesRead(input: $input) { unread } }`;
export const ANSWER_SURVEY = `mutation PhoneAnswer($input: AnswerSurveyInput!) { answerSurvey(input: $input) { __typename
  ... on SurveyAnswered { question { id ${SURVEY} } } ... on SurveyAnsweredBefore { score } ... on Problem { message } } }`;
export const REDEEM = `mutation PhoneRedeem($input: RedeemRewardInput!) { redeemReward(input: $input) { __typename
  ... on RewardRedeemed { voucher { ${VOUCHER} } wallets { ${WALLET} } }
  ... on RewardLocked { message missing locks { reason message } } ... on Problem { message } } }`;
export const ENTER_CODE = `mutation PhoneEnterCode($input: EnterCodeInput!) { enterCode(input: $input) { __typename
  ... on CodeEntered { ${GAINS} } ... on CodeRefused { message reason triesLeft } ... on Problem { message } } }`;
export const CANCEL = `mutation PhoneCancel($input: CancelVoucherInput!) { cancelVoucher(input: $input) { __typename
  ... on VoucherGivenBack { voucher { ${VOUCHER} } wallets { ${WALLET} } }
  ... on VoucherNotUsable { message voucherState usedAt } ... on Problem { message } } }`;

export const LIVE = `subscription PhoneLive($after: String) { memberActivity(after: $after) { cursor occurredAt activity { __typename
  ... on BalanceChanged { entries { ${ENTRY} } }
  ... on RewardUnlocked { reward { id reward { id title image rewardKind } } }
  ... on BadgeEarned { badge { id level badge { id name art levels } } }
  ... on TierChanged { reason to { id name colour } }
  ... on VoucherIssued { voucher { ${VOUCHER} } } ... on VoucherUsed { voucher { ${VOUCHER} } } ... on VoucherReinstated { voucher { ${VOUCHER} } }
  ... on VoucherCancelled { voucher { ${VOUCHER} } } ... on VoucherExpired { voucher { ${VOUCHER} } }
  ... on MessageReceived { unread message { id title body } }
  ... on Resync { cause: reason } } } }`;
