/* Everything that the console asks of the API. */

const WALLETS = `wallets { id code name walletKind currency available pending held debt earned corrected spent expired
  expiring { amount on } arriving { amount at } }`;
const TIER = `tier { id current { id name colour } since heldThrough next { id name } toNext toKeep fraction
  counts { code title currency qualifying toNext } }`;
const UNIT = `unit { code name walletKind: kind currency }`;
const OUTCOME = `rule title applied wallet amount reason message basis ${UNIT}`;
const ENTRY = `id wallet entryKind amount title event occurredAt availableAt expiresOn balanceAfter ${UNIT}
  purchase { id externalId total currency store { id name } } explanation { ${OUTCOME} }`;
const ACT = `id at actor actionKind subject amount wallet ${UNIT} currency reason store { id code name }`;
const PAGE = `pageInfo { hasNextPage endCursor }`;
const HISTORY = `pointHistory(first: 20, after: $after) { edges { node { ${ENTRY} } } ${PAGE} }`;
const PURCHASES = `purchases(first: 20, after: $after) { edges { node { id externalId occurredAt total refunded currency
  store { id name } entries { id wallet amount ${UNIT} } explanation { ${OUTCOME} } } } ${PAGE} }`;
const VOUCHERS = `vouchers(first: 20, after: $after) { edges { node { id title voucherState issuedAt expiresAt usedAt
  usedIn { id name } } } ${PAGE} }`;
const MESSAGES = `messages(first: 20, after: $after) { edges { node { id title body sentAt readAt } } ${PAGE} }`;

export const PROGRAMME = `query ConsoleProgramme { programme { name currency timezone locales terms { version }
  rewards { code title cost { amount wallet } value { amount currency } } wallets { code name kind walletKind: kind currency }
  consents { purpose title wording wordingVersion } } }`;

export const SIGN_IN = `mutation ConsoleSignIn($input: StaffSignInInput!) { staffSignIn(input: $input) { __typename
  ... on StaffSignedIn { accessToken accessTokenExpiresAt refreshToken deviceToken recoveryCodes recoveryCodesLeft
    staff { id name role } }
  ... on SecondFactorNeeded { message step secret qr { data } }
  ... on SignInRefused { message reason retryAfter } } }`;

export const SIGN_OUT = `mutation ConsoleSignOut($input: SignOutInput!) { signOut(input: $input) { sessions } }`;

export const FIND = `query ConsoleFind($contact: String!) { findCustomer(contact: $contact) { id } }`;

export const FIND_MANY = `query ConsoleFindMany($lastDigits: String, $nameBegins: String, $first: Int!) {
  findCustomers(lastDigits: $lastDigits, nameBegins: $nameBegins, first: $first) { id name numberHint contacts } }`;

export const RECORD = `query ConsoleMember($member: String!, $after: String) { memberRecord(member: $member) {
  customer { id number name status ${WALLETS} ${TIER} segments { code name }
    consents { id purpose granted at wording source }
    badges { id level badge { id name } earnedAt } attributes { name title value attributeKind choices { code title } } }
  profile { email phone birthday locale timezone joinedAt termsAccepted erasedAt tags historyBeginsAt }
  plan { plan { code name } until }
  ${HISTORY} } }`;

export const MORE_HISTORY = `query ConsoleHistory($member: String!, $after: String) {
  memberRecord(member: $member) { ${HISTORY} } }`;

export const OF_PURCHASES = `query ConsolePurchases($member: String!, $after: String) {
  memberRecord(member: $member) { customer { id ${PURCHASES} } } }`;

export const OF_VOUCHERS = `query ConsoleVouchers($member: String!, $after: String) {
  memberRecord(member: $member) { customer { id ${VOUCHERS} } } }`;

export const OF_MESSAGES = `query ConsoleMessages($member: String!, $after: String) {
  memberRecord(member: $member) { ${MESSAGES} } }`;

export const TRAIL = `query ConsoleTrail($member: String!) { memberRecord(member: $member) {
  acts(first: 50) { ${ACT} } lookUps(first: 50) { ${ACT} } } }`;

export const ADJUST = `mutation ConsoleAdjust($input: AdjustBalanceInput!) { adjustBalance(input: $input) { __typename
  ... on BalanceAdjusted { wallet { id code available } } ... on NotAllowed { message reason }
  ... on Problem { message } } }`;

export const ALLOWANCE = `query ConsoleAllowance { correctionAllowance { most left } }`;

const PROPOSAL = `proposal customer number wallet ${UNIT} amount reason proposedBy proposedAt expiresAt isOwn`;

export const PROPOSE = `mutation ConsolePropose($input: ProposeCorrectionInput!) { proposeCorrection(input: $input) {
  __typename ... on CorrectionProposed { proposal { ${PROPOSAL} } } ... on Problem { message } } }`;

const STAFF_PROPOSAL = `proposal proposalKind subject subjectTitle terms customer reason proposedBy proposedAt expiresAt isOwn isUnderWay`;

export const PROPOSALS = `query ConsoleProposals($isOperator: Boolean!) { correctionProposals { ${PROPOSAL} }
  staffProposals { ${STAFF_PROPOSAL} }
  contactProposals { proposal customer contact reason proposedBy expiresAt isOwn }
  programmeProposals @include(if: $isOperator) { proposal proposalState note isOvertaken proposedBy proposedAt
    expiresAt isOwn } }`;

export const APPROVE_STAFF = `mutation ConsoleApproveStaff($input: ApproveProposalInput!) { approveProposal(input: $input) {
  __typename ... on ProposalApproved { setupKey clientKey signingSecret left } ... on Problem { message } } }`;

export const DECLINE_STAFF = `mutation ConsoleDeclineStaff($input: DeclineProposalInput!) { declineProposal(input: $input) {
  __typename ... on ProposalDeclined { proposal } ... on Problem { message } } }`;

export const APPROVE = `mutation ConsoleApprove($input: ApproveCorrectionInput!) { approveCorrection(input: $input) {
  __typename ... on BalanceAdjusted { wallet { id available } } ... on Problem { message } } }`;

export const DECLINE = `mutation ConsoleDecline($input: DeclineCorrectionInput!) { declineCorrection(input: $input) {
  __typename ... on CorrectionDeclined { proposal } ... on Problem { message } } }`;

export const FREEZE = `mutation ConsoleFreeze($input: FreezeMemberInput!) { answer: freezeMember(input: $input) {
  __typename ... on MembershipFrozen { customer { id status } } ... on Problem { message } } }`;

export const UNFREEZE = `mutation ConsoleUnfreeze($input: UnfreezeMemberInput!) { answer: unfreezeMember(input: $input) {
  __typename ... on MembershipUnfrozen { customer { id status } } ... on Problem { message } } }`;

export const MERGE = `mutation ConsoleMerge($input: MergeMembersInput!) { answer: mergeMembers(input: $input) {
  __typename ... on MembersMerged { customer { id } closedNumber } ... on Problem { message } } }`;

export const DELETE = `mutation ConsoleDelete($input: DeleteCustomerInput!) { answer: deleteCustomer(input: $input) {
  __typename ... on CustomerDeleted { erasedAt customer { id } } ... on Problem { message } } }`;

export const KEEP = `mutation ConsoleKeep($input: KeepCustomerInput!) { answer: keepCustomer(input: $input) {
  __typename ... on CustomerKept { customer { id } } ... on Problem { message } } }`;

export const ERASE = `mutation ConsoleErase($input: EraseMemberInput!) { answer: eraseMember(input: $input) {
  __typename ... on MemberErased { balances vouchers } ... on Problem { message } } }`;

export const EXPORT = `mutation ConsoleExport($input: ExportMemberDataInput!) { answer: exportMemberData(input: $input) {
  __typename ... on DataExport { path expiresAt } ... on Problem { message } } }`;

export const INVITE = `mutation ConsoleInvite($input: EnrolAtTillInput!) { enrolAtTill(input: $input) { __typename
  ... on InvitedAtTill { codeSentTo } ... on AlreadyEnrolled { message customer { id } }
  ... on Problem { message } } }`;

const ANSWERED = `__typename ... on NotAllowed { reason } ... on Problem { message }`;

export const NOTES = `query ConsoleNotes($member: String!) { memberRecord(member: $member) { notes { id at author text }
  devices { platform appVersion registeredAt lastSeenAt canPush } } }`;

export const FATES = `query ConsoleFates($member: String!) { memberRecord(member: $member) { messageFates(first: 50) {
  id fateKind code title promisedAt state error channels { channel state reason attempts } } } }`;

export const ADD_NOTE = `mutation ConsoleAddNote($input: AddServiceNoteInput!) {
  answer: addServiceNote(input: $input) { ${ANSWERED} } }`;

export const REMOVE_NOTE = `mutation ConsoleRemoveNote($input: RemoveServiceNoteInput!) {
  answer: removeServiceNote(input: $input) { ${ANSWERED} } }`;

export const GIVE = `mutation ConsoleGive($input: GiveRewardInput!) { answer: giveReward(input: $input) { ${ANSWERED} } }`;

export const TAGS = `mutation ConsoleTags($input: ChangeTagsInput!) { answer: changeTags(input: $input) { ${ANSWERED} } }`;

export const SEND_CODE = `mutation ConsoleSendCode($input: SendSignInCodeInput!) { answer: sendSignInCode(input: $input) {
  ... on SignInCodeSent { sentTo } ${ANSWERED} } }`;

export const BIRTHDAY = `mutation ConsoleBirthday($input: CorrectBirthdayInput!) {
  answer: correctBirthday(input: $input) { ${ANSWERED} } }`;

export const CONTACT = `mutation ConsoleContact($input: ProposeContactInput!) { answer: proposeContact(input: $input) {
  ... on SignInCodeRequested { challenge } __typename ... on Problem { message } } }`;

export const APPROVE_CONTACT = `mutation ConsoleApproveContact($input: ApproveContactInput!) {
  answer: approveContact(input: $input) { ${ANSWERED} } }`;

export const UNDO_MERGE = `mutation ConsoleUndoMerge($input: UndoMergeInput!) { answer: undoMerge(input: $input) {
  ... on MergeUndone { reopened { id number } } __typename ... on Problem { message } } }`;

export const ENROL = `mutation ConsoleEnrol($input: EnrolInPlaceInput!) { answer: enrolInPlace(input: $input) {
  ... on EnrolledInPlace { customer { id name } } ... on SignInCodeRequested { challenge }
  __typename ... on Problem { message } } }`;

export const TRY_FILE = `mutation ConsoleTryFile($input: TryCorrectionsInput!) { answer: tryCorrections(input: $input) {
  ... on CorrectionsTried { rows { available fault } added taken faults } __typename ... on Problem { message } } }`;

export const PROPOSE_FILE = `mutation ConsoleProposeFile($input: ProposeCorrectionsInput!) {
  answer: proposeCorrections(input: $input) { __typename ... on Problem { message } } }`;
