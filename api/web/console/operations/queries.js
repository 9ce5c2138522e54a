/* Everything that the page of operations asks of the API. */

const EMPLOYEE = `username name role stores { code name } hasSecondFactor isEnrolling disabledAt createdAt madeBy isSelf`;
const SYSTEM = `name source store keyKind scopes addresses isLive createdAt expiresAt revokedAt
  bounds { name value } keys { id createdAt endsAt isLive usedAt }`;
const CHANGED = `__typename ... on EmployeeChanged { setupKey employee { ${EMPLOYEE} } } ... on Problem { message }`;
const PROPOSED = `__typename ... on StaffProposed { proposal { proposal } } ... on Problem { message }`;

export const WAITING = `query ConsoleWaiting { waiting { place count since }
  sources { code sourceKind store knownSince lastAt lastFate lastReason canPause pausedAt pauseReason refusedSince refusal }
  refusedCalls(days: 7) { source day refusal count firstAt lastAt } }`;

const PAUSED = `__typename ... on SourcePauseChanged { isPaused woken } ... on NotAllowed { message reason }`;
export const PAUSE_SOURCE = `mutation ConsolePauseSource($input: PauseSourceInput!) {
  answer: pauseSource(input: $input) { ${PAUSED} } }`;
export const RESUME_SOURCE = `mutation ConsoleResumeSource($input: PauseSourceInput!) {
  answer: resumeSource(input: $input) { ${PAUSED} } }`;

export const WORKFORCE = `query ConsoleWorkforce { employees { ${EMPLOYEE} } stores { id code name } }`;

export const STORE_NAMES = `query ConsoleStoreNames { stores { code name } }`;

export const STORES = `query ConsoleStores { stores { id code name } }`;

export const SYSTEMS = `query ConsoleSystems { systems { ${SYSTEM} } stores { code name } }`;

export const OUTBOX = `query ConsoleOutbox($state: QueueState!) { outboxRows(state: $state, first: 100) {
  id description title
  state dueAt attempts error } }`;

export const INTAKE = `query ConsoleIntake($fate: DeliveryFate!, $source: String) { intake(fate: $fate, source: $source,
  first: 100) { counts { fate count } deliveries { id source topic arrivedAt fate reason until } } }`;

export const SHIFTS = `query ConsoleShifts($since: LocalDate!, $until: LocalDate!, $store: String) {
  shifts(since: $since, until: $until, store: $store) { username name day store { code name } purchases vouchers
  figures { figure value usual isUnusual } } }`;

export const AUDIT = `query ConsoleAudit($store: String, $since: DateTime, $until: DateTime, $actor: String,
  $kinds: [StaffActionKind!], $member: String, $lookUps: Boolean!, $after: ID) {
  auditTrail(first: 50, store: $store, since: $since, until: $until, actor: $actor, kinds: $kinds, member: $member,
    lookUps: $lookUps, after: $after) { id at actor actionKind store { code name } member subject subjectTitle amount wallet
    unit { code name walletKind: kind currency } currency reason } }`;

export const ADD_EMPLOYEE = `mutation ConsoleAddEmployee($input: AddEmployeeInput!) { answer: addEmployee(input: $input) {
  __typename ... on EmployeeAdded { setupKey employee { ${EMPLOYEE} } } ... on StaffProposed { proposal { proposal } }
  ... on Problem { message } } }`;

export const MOVE_EMPLOYEE = `mutation ConsoleMoveEmployee($input: MoveEmployeeInput!) {
  answer: moveEmployee(input: $input) { ${CHANGED} } }`;

export const DISABLE_EMPLOYEE = `mutation ConsoleDisable($input: EmployeeInput!) {
  answer: disableEmployee(input: $input) { ${CHANGED} } }`;

export const ENABLE_EMPLOYEE = `mutation ConsoleEnable($input: EmployeeInput!) {
  answer: enableEmployee(input: $input) { ${CHANGED} } }`;

export const CHANGE_PASSWORD = `mutation ConsolePassword($input: ChangeEmployeePasswordInput!) {
  answer: changeEmployeePassword(input: $input) { ${CHANGED} } }`;

export const RESET_FACTOR = `mutation ConsoleResetFactor($input: ResetSecondFactorInput!) {
  answer: resetSecondFactor(input: $input) { __typename ... on StaffProposed { proposal { proposal } }
  ... on EmployeeChanged { setupKey employee { ${EMPLOYEE} } } ... on Problem { message } } }`;

export const ADD_STORE = `mutation ConsoleAddStore($input: AddStoreInput!) {
  answer: addStore(input: $input) { store { code name } } }`;

export const RENAME_STORE = `mutation ConsoleRenameStore($input: RenameStoreInput!) {
  answer: renameStore(input: $input) { store { code name } } }`;

export const ADD_SYSTEM = `mutation ConsoleAddSystem($input: AddSystemInput!) { answer: addSystem(input: $input) { ${PROPOSED} } }`;

export const CHANGE_SYSTEM = `mutation ConsoleChangeSystem($input: ChangeSystemInput!) {
  answer: changeSystem(input: $input) { ${PROPOSED} } }`;

export const ROTATE_KEY = `mutation ConsoleRotate($input: RotateSystemKeyInput!) {
  answer: rotateSystemKey(input: $input) { ${PROPOSED} } }`;

export const REVOKE_SYSTEM = `mutation ConsoleRevoke($input: RevokeSystemInput!) { answer: revokeSystem(input: $input) {
  __typename ... on SystemRevoked { system { name } } ... on Problem { message } } }`;

export const RETRY_OUTBOX = `mutation ConsoleRetryOutbox($input: RetryInput!) { answer: retryOutbox(input: $input) {
  __typename ... on Retried { count } ... on Problem { message } } }`;

export const RETRY_INTAKE = `mutation ConsoleRetryIntake($input: RetryInput!) { answer: retryIntake(input: $input) {
  __typename ... on Retried { count } ... on Problem { message } } }`;
