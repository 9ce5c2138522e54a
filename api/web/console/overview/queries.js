/* What the overview asks of the API. */

const FIGURE = `code subject subjectTitle kind value numerator denominator before isByStore`;
const DAY = `day receipts revenue returned enrolments wallets { wallet awarded spent expired clawedBack }`;

export const FIGURES = `query ConsoleFigures($from: LocalDate, $to: LocalDate, $store: String, $tier: String) {
  figures(from: $from, to: $to, store: $store, tier: $tier) { firstDay lastDay waitingSince values { ${FIGURE} }
    goals { figure subject bound isUpper by value isMet } days { ${DAY} } store } }`;

// Stores have many days between them: their table comes after the figures, which do not wait for it.
export const STORES = `query ConsoleStores($from: LocalDate, $to: LocalDate, $tier: String) {
  figures(from: $from, to: $to, tier: $tier) {
    stores { store receipts revenue returned returnedShare lastReceiptOn } } }`;

export const QUIET_STORES = `query ConsoleQuietStores($from: LocalDate!, $to: LocalDate!) {
  figures(from: $from, to: $to) { stores { store receipts lastReceiptOn } } }`;

export const PLACES = `query ConsolePlaces { programme { stores { code name } tiers { code name }
  rewards { code stock } } }`;

const SUM = `wallet amount`;
const GIVEN = `awarded { ${SUM} } rewards { reward title count }`;
const UPLIFT = `treatedMembers heldOutMembers difference low high daysToTell firstDay lastDay`;
const MEASURE = `members mean difference low high daysToTell`;
const VARIANTS = `variants { variant share count opened clicked awarded { ${SUM} } spent { ${SUM} } cost
  conversion { ${MEASURE} } clicks { ${MEASURE} } revenue { ${MEASURE} } }`;

export const RESULTS = `query ConsoleResults($from: LocalDate, $to: LocalDate, $store: String, $tier: String) {
  figures(from: $from, to: $to, store: $store, tier: $tier) { firstDay lastDay waitingSince
    rules { rule title fired members heldOut awarded { ${SUM} } deducted { ${SUM} } cost revenueUplift { ${UPLIFT} } roi { margin value low high } ${VARIANTS} }
    rewards { reward title issued redeemed used cancelled expired spent { ${SUM} } cost ${VARIANTS} }
    values { code subject value numerator denominator before }
    messages { message title promised sent opened clicked tellsReading tellsTaps failed noConsent ${VARIANTS} }
    surveys { survey title scores { score count } }
    recommendations { kind opened taken }
    leaderboards { leaderboard title joined left prizes cost periods { firstDay judgedOn players joined left
      quartiles { lower median upper } prizes ${GIVEN} cost } }
    challenges { badge title started reached ${GIVEN} cost }
    tiers { code title members } segments { code title members } plans { code title members }
    tierMoves { previous previousTitle next nextTitle count }
    heldOn held { wallet kind month amount cost } } }`;

export const CODES = `query ConsoleCodes { codeUses { name title isBatch made entered most left } }`;

export const SOURCES = `query ConsoleSilent { sources { code knownSince lastAt pausedAt refusedSince } }`;

export const UNUSUAL = `query ConsoleUnusual($since: LocalDate!, $until: LocalDate!) {
  shifts(since: $since, until: $until) { figures { isUnusual } } }`;

export const BACKLOG = `query ConsoleBacklog { waiting { place count since } }`;

export const MAKE_CODES = `mutation ConsoleMakeCodes($input: MakeCodesInput!) { answer: makeCodes(input: $input) {
  batch codes } }`;
