/* What the page of segments asks of the API. */

const JOB = `job jobKind jobState segment startedBy startedAt beginsAt endedAt reason size looked done
  skipped { reason count } error tagsAdded tagsRemoved
  message { channels purpose titles { locale text } bodies { locale text } link fates { sent opened failed dropped } channelsOff }
  file { rowsOf withContacts firstDay lastDay path expiresAt }`;
const STARTED = `__typename ... on MemberJobStarted { job { ${JOB} } } ... on NotAllowed { message reason }`;
const PROPOSED = `... on StaffProposed { proposal { proposal } } ... on IdempotencyConflict { message }`;

export const SEGMENTS = `query ConsoleSegments { segments { code name rule members isCounted } }`;

export const MEMBERS = `query ConsoleSegmentMembers($segment: String!, $after: String) {
  segmentMembers(segment: $segment, first: 50, after: $after) {
    segmentName members { customer number name tier tierName tags isFrozen } pageInfo { hasNextPage endCursor } } }`;

export const JOBS = `query ConsoleJobs($kind: MemberJobKind!) { memberJobs(kind: $kind) { ${JOB} } }`;

export const STOP = `mutation ConsoleStopJob($input: StopJobInput!) { answer: stopJob(input: $input) { ${STARTED} } }`;

export const TRY_MESSAGE = `mutation ConsoleTryMessage($input: TryMessageInput!) { answer: tryMessage(input: $input) {
  __typename ... on MessageTried { members reached channels { name count } skipped { name count } isEstimate
    takesSecondPerson mostAlone channelsOff previews { locale title body } } ... on NotAllowed { message reason } } }`;

export const SEND_MESSAGE = `mutation ConsoleSendMessage($input: SendMessageInput!) {
  answer: sendMessage(input: $input) { ${STARTED} ${PROPOSED} } }`;

export const SEND_TEST = `mutation ConsoleSendTest($input: SendTestMessageInput!) {
  answer: sendTestMessage(input: $input) { __typename ... on TestMessageSent { locales channels waitsUntil }
  ... on TestMessageNotSent { skip } ... on NotAllowed { message reason } ... on IdempotencyConflict { message } } }`;

export const TRY_TAGS = `mutation ConsoleTryTags($input: TryTagsInput!) { answer: tryTags(input: $input) {
  __typename ... on TagsTried { members changed unknownNumbers isEstimate takesSecondPerson }
  ... on NotAllowed { message reason } } }`;

export const CHANGE_TAGS = `mutation ConsoleTagsOfMany($input: ChangeTagsOfManyInput!) {
  answer: changeTagsOfMany(input: $input) { ${STARTED} ${PROPOSED} } }`;

export const START_FILE = `mutation ConsoleStartFile($input: StartFileInput!) {
  answer: startFile(input: $input) { ${STARTED} ... on IdempotencyConflict { message } } }`;
