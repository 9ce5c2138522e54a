/* One session that speaks GraphQL to /graphql: keeps its tokens, renews them once for all open tabs, and
   tells apart what a network, a server and a person must mend. A line of a document that ends in `#?` is
   asked for where the server has it. */

import { language } from "./words.js";

const PATIENCE_MS = 12_000;

/** No answer came: what was sent may or may not have been done, so it is sent again with its key. */
export class NoNetwork extends Error {}

/** The server answered with an error that no screen can mend; `code` as the API's `extensions.code`. */
export class ServerError extends Error {
  constructor(error) {
    super(error.message);
    this.code = error.extensions?.code ?? "INTERNAL";
    this.field = error.extensions?.field;
    this.reason = error.extensions?.reason;
    this.retryAfter = error.extensions?.retryAfter;
  }
}

/** The session has ended: somebody has to sign in. */
export class SignedOut extends Error {}

const RUNTIME_CODES = [
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "NOT_FOUND",
  "RATE_LIMITED",
  "BUSY",
  "QUERY_TOO_COSTLY",
  "NOT_AVAILABLE",
  "INTERNAL",
];
const REFRESH = `mutation Refresh($input: RefreshSessionInput!) { refreshSession(input: $input) {
  __typename ... on SessionRefreshed { accessToken accessTokenExpiresAt refreshToken } } }`;

export class Session extends EventTarget {
  #lacking = new Set();

  /** Whether the session ended by itself, so that somebody has to be told why they must sign in again. */
  lapsed = false;

  constructor(name) {
    super();
    this.name = name;
    addEventListener("storage", (event) => {
      if (event.key === name) this.dispatchEvent(new Event("change"));
    });
  }

  get tokens() {
    return JSON.parse(localStorage.getItem(this.name) ?? "null");
  }

  /** The present instant as the server counts it: a phone whose clock is wrong must still make cards that
   * count. */
  now() {
    return Date.now() + Number(localStorage.getItem("selo-skew") ?? 0);
  }

  get open() {
    return this.tokens !== null;
  }

  /** Keep the tokens of a sign-in, with what the page wants to remember beside them. */
  begin({ accessToken, accessTokenExpiresAt, refreshToken }, about = {}) {
    this.lapsed = false;
    localStorage.setItem(
      this.name,
      JSON.stringify({ accessToken, accessTokenExpiresAt, refreshToken, about }),
    );
    this.dispatchEvent(new Event("change"));
  }

  end() {
    if (!this.open) return;
    localStorage.removeItem(this.name);
    this.dispatchEvent(new Event("change"));
  }

  /** Ask as whoever is signed in. */
  async ask(document, variables = {}) {
    const token = await this.token();
    try {
      return await this.#send(document, variables, token);
    } catch (error) {
      if (error.code !== "UNAUTHENTICATED") throw error;
      return this.#send(document, variables, await this.token(token));
    }
  }

  /** Ask as nobody. */
  askPublic(document, variables = {}) {
    return this.#send(document, variables, null);
  }

  /** Return an access token that is not `stale` and not about to end. */
  async token(stale = null) {
    const fresh = (tokens) =>
      tokens && tokens.accessToken !== stale && Date.parse(tokens.accessTokenExpiresAt) - Date.now() > 10_000;
    if (fresh(this.tokens)) return this.tokens.accessToken;
    if (!this.open) throw new SignedOut();
    // A refresh token works once: one tab renews, the others wait and find it done.
    return navigator.locks.request(this.name, async () => {
      const tokens = this.tokens;
      if (fresh(tokens)) return tokens.accessToken;
      if (!tokens) throw new SignedOut();
      const { refreshSession } = await this.#send(
        REFRESH,
        { input: { refreshToken: tokens.refreshToken } },
        null,
      );
      if (refreshSession.__typename !== "SessionRefreshed") {
        this.lapsed = true;
        this.end();
        throw new SignedOut();
      }
      this.begin(refreshSession, tokens.about);
      return refreshSession.accessToken;
    });
  }

  async #send(document, variables, token) {
    const answer = await post(
      {
        query: document
          .split("\n")
          .filter((line) => !this.#lacking.has(line))
          .join("\n")
          .replaceAll("#?", ""),
        variables,
      },
      token,
    );
    if (!answer.errors?.length) return answer.data;
    const error = new ServerError(answer.errors[0]);
    const lines =
      answer.data || RUNTIME_CODES.includes(error.code) ? [] : this.#optional(document, answer.errors);
    if (!lines.length) throw error;
    for (const line of lines) this.#lacking.add(line);
    return this.#send(document, variables, token);
  }

  /* Which optional lines to leave out: those that hold a field which the server says it lacks, all where it
     names none. */
  #optional(document, errors) {
    const left = document
      .split("\n")
      .filter((line) => line.trimEnd().endsWith("#?") && !this.#lacking.has(line));
    const fields = errors.flatMap(({ message }) => message.match(/field ['"](\w+)['"]/)?.[1] ?? []);
    const named = left.filter((line) => fields.some((field) => line.trimStart().startsWith(field)));
    return named.length ? named : left;
  }
}

/* The page's language, and then the device's: a programme may speak one of those alone. In order, without
   weights, as the server reads it. */
function wanted() {
  return [...new Set([language, ...navigator.languages])].slice(0, 10).join(",");
}

async function post(body, token) {
  const headers = {
    "Content-Type": "application/json",
    Accept: "application/graphql-response+json, application/json",
    "Accept-Language": wanted(),
  };
  if (token) headers.Authorization = `Bearer ${token}`;
  let response;
  let answer;
  try {
    response = await fetch("/graphql", {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    noteClock(response.headers.get("Date"));
    answer = await response.json();
  } catch (error) {
    throw new NoNetwork(error.message);
  }
  if (answer?.errors || answer?.data) return answer;
  if (response.status >= 500) throw new NoNetwork(`HTTP ${response.status}`);
  throw new ServerError({ message: `HTTP ${response.status}`, extensions: { code: "BAD_INPUT" } });
}

function noteClock(date) {
  const skew = Date.parse(date ?? "") - Date.now();
  if (!Number.isNaN(skew)) localStorage.setItem("selo-skew", String(Math.abs(skew) > 3000 ? skew : 0));
}

/** A key for a mutation that moves value: made before it is sent, kept until it is answered. */
export function newKey() {
  return crypto.randomUUID();
}
