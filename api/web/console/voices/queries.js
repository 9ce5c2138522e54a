/* What the page of members' words asks of the API. */

export const SURVEYS = `query ConsoleSurveys { surveys { code surveyKind question lowest highest } }`;

export const COMMENTS = `query ConsoleComments($survey: String!, $lowest: Int!, $highest: Int!, $after: String) {
  surveyComments(survey: $survey, lowest: $lowest, highest: $highest, first: 20, after: $after) {
    comments { at score text customer number } pageInfo { hasNextPage endCursor } } }`;

export const BOARDS = `query ConsoleNicknameBoards { nicknameBoards { code name } }`;

export const PLAYERS = `query ConsoleNicknames($code: String!) {
  leaderboardPlayers(code: $code, first: 100) { rank nickname number score customer } }`;

export const TAKE_AWAY = `mutation ConsoleTakeNickname($input: TakeNicknameAwayInput!) {
  answer: takeNicknameAway(input: $input) { __typename ... on NotAllowed { message } } }`;
