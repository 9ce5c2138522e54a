/* What the programme's page asks of the API. */

const VERSION = `version publishedAt publishedBy approvedBy note isCurrent`;
const FAULT = `line column path message remedy`;

export const VERSIONS = `query ConsoleVersions($before: Int) { programmeVersions(first: 20, before: $before) {
  current isForShell versions { ${VERSION} } } }`;

export const TEXT = `query ConsoleProgrammeText($version: Int!) { programmeText(version: $version) }`;

export const CHECK = `query ConsoleCheck($text: String!) { programmeCheck(text: $text) { isSound
  faults { ${FAULT} } warnings { ${FAULT} } missingTexts { locale line path } inactive } }`;

export const DIFFERENCE = `query ConsoleDifference($base: Int!, $version: Int, $text: String) {
  programmeDifference(base: $base, version: $version, text: $text) { changeKind path before after line } }`;

export const TRIAL = `query ConsoleTrial($text: String!, $story: String!, $until: DateTime) {
  programmeTrial(text: $text, story: $story, until: $until) { answers warnings fault isCut } }`;

const PROPOSAL = `proposal proposalState note base isOvertaken publishAt proposedBy proposedAt approvedBy expiresAt isOwn
  backtest backtestedBy`;

export const PROPOSED_VERSIONS = `query ConsoleProposedVersions { programmeProposals { ${PROPOSAL} } }`;

export const PROPOSED_TEXT = `query ConsoleProposedText($proposal: String!) {
  proposedProgrammeText(proposal: $proposal) }`;

export const PROPOSE_VERSION = `mutation ConsoleProposeVersion($input: ProposeProgrammeInput!) {
  proposeProgramme(input: $input) { __typename ... on ProgrammeProposed { proposal { proposal } }
    ... on ProgrammeFaulty { message faults { ${FAULT} } } ... on Problem { message } } }`;

export const APPROVE_VERSION = `mutation ConsoleApproveVersion($input: ApproveProgrammeInput!) {
  approveProgramme(input: $input) { __typename ... on ProgrammeApproved { version publishAt }
    ... on Problem { message } } }`;

export const DECLINE_VERSION = `mutation ConsoleDeclineVersion($input: DeclineProgrammeInput!) {
  declineProgramme(input: $input) { __typename ... on ProgrammeDeclined { proposal } ... on Problem { message } } }`;

const OF_WALLET = `awarded clawedBack spent expired outstanding liability cost`;
const OF_RULE = `fired members awarded deducted cost`;
const BACKTEST = `backtest backtestState startedBy startedAt firstDay members membersDone eventsDone secondsLeft endedAt`;
const REPORT = `report { isSample memberCount leftOutCount eventCount
  wallets { wallet was { ${OF_WALLET} } wouldBe { ${OF_WALLET} } }
  rules { rule title wallet was { ${OF_RULE} } wouldBe { ${OF_RULE} } }
  rewards { code title was wouldBe } tiers { code title was wouldBe } messages { code title was wouldBe }
  refused { event title refusal count } gainingCount losingCount
  gaining { customer number was wouldBe } losing { customer number was wouldBe } soldOutCount fromOthersCount privateCount }`;

export const BACKTESTS = `query ConsoleBacktests { backtests { ${BACKTEST} } }`;

export const BACKTESTED = `query ConsoleBacktest($backtest: String!) { backtest(backtest: $backtest) { ${BACKTEST} ${REPORT} } }`;

export const START_BACKTEST = `mutation ConsoleStartBacktest($input: StartBacktestInput!) { startBacktest(input: $input) {
  __typename ... on BacktestStarted { backtest { ${BACKTEST} } } ... on Problem { message } } }`;

export const CANCEL_BACKTEST = `mutation ConsoleCancelBacktest($input: CancelBacktestInput!) {
  cancelBacktest(input: $input) { backtest { ${BACKTEST} } } }`;

const PICTURE = `address width height size addedBy addedAt`;
export const PICTURES = `query ConsolePictures { programmePictures { ${PICTURE} } }`;

export const ADD_PICTURE = `mutation ConsoleAddPicture($input: AddPictureInput!) { answer: addPicture(input: $input) {
  __typename ... on PictureAdded { picture { ${PICTURE} } } ... on NotAllowed { message reason } } }`;
