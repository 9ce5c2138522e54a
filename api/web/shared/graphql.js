/* One session that speaks GraphQL to /graphql: keeps its tokens, renews them once for all open tabs, and
   tells apart what a network, a server and a person must mend. A line of a document that ends in `#?` is
   asked for where the server has it; such a line is whole by itself, and holds no other. */

import { noteServerDate, serverNow } from "./clock.js";
import { alone, forget, keep, recall } from "./storage.js";
import { speech } from "./words.js";

const PATIENCE_MS = 12_000;
/* An access token is renewed so long before its end. */
const MARGIN_MS = 10_000;
/* A refresh without an answer is sent again after these pauses; not where its waiting took longer than that. */
const AGAIN_MS = [500, 2000];
const AGAIN_WITHIN_MS = 5000;

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

/** Somebody else has signed in since: what one person began is not sent as another. */
export class SomebodyElse extends Error {}

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
  /* When this page was given its newest access token, by a clock that nobody sets. */
  #given = { accessToken: null, at: 0 };

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
    return recall(this.name);
  }

  /** The present instant as the server counts it: a phone whose clock is wrong must still make cards that
   * count. */
  now() {
    return serverNow();
  }

  get open() {
    return this.tokens !== null;
  }

  /** Keep the tokens of a sign-in, with what the page wants to remember beside them. */
  begin(answer, about = {}) {
    this.#keep(answer, { about, signIn: newKey() });
  }

  end() {
    if (!this.open) return;
    forget(this.name);
    this.dispatchEvent(new Event("change"));
  }

  /** Ask as whoever is signed in. Whoever signs in meanwhile is not asked for: SomebodyElse. `isFor(about)`
   * says whether the question is this person's at all. */
  async ask(document, variables = {}, isFor = () => true) {
    const { signIn } = this.tokens ?? {};
    const send = async (stale) => {
      const tokens = await this.#valid(stale);
      if (tokens.signIn !== signIn || !isFor(tokens.about)) throw new SomebodyElse();
      try {
        return await this.#send(document, variables, tokens.accessToken);
      } catch (error) {
        if (stale || error.code !== "UNAUTHENTICATED") throw error;
        return send(tokens.accessToken);
      }
    };
    return send(null);
  }

  /** Ask as nobody. */
  askPublic(document, variables = {}) {
    return this.#send(document, variables, null);
  }

  /** Return an access token that is not `stale` and not about to end. */
  async token(stale = null) {
    return (await this.#valid(stale)).accessToken;
  }

  async #valid(stale) {
    if (this.#isFresh(this.tokens, stale)) return this.tokens;
    if (!this.open) throw new SignedOut();
    // A refresh token works once: one tab renews, the others wait and find it done.
    await alone(this.name, async () => {
      const { tokens } = this;
      if (!tokens) throw new SignedOut();
      if (!this.#isFresh(tokens, stale)) await this.#renew(tokens);
    });
    if (!this.open) throw new SignedOut();
    return this.tokens;
  }

  async #renew({ refreshToken, about, signIn }) {
    const refreshSession = await this.#refresh(refreshToken);
    // Who signed out meanwhile, or signed in as somebody else, stays so.
    if (this.tokens?.refreshToken !== refreshToken) {
      if (!this.open) throw new SignedOut();
    } else if (refreshSession.__typename === "SessionRefreshed")
      this.#keep(refreshSession, { about, signIn });
    else {
      this.lapsed = true;
      this.end();
      throw new SignedOut();
    }
  }

  /* The answer may be lost when the server has already made the next token: it gives the same one again to
     whoever sends the last. So the token is kept until an answer came, and sent again. */
  async #refresh(refreshToken) {
    const began = performance.now();
    for (const pause of [...AGAIN_MS, null])
      try {
        return (await this.#send(REFRESH, { input: { refreshToken } }, null)).refreshSession;
      } catch (error) {
        const isLate = performance.now() - began > AGAIN_WITHIN_MS;
        if (!(error instanceof NoNetwork) || pause === null || isLate || !navigator.onLine) throw error;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
  }

  /* How long the token lives is what its answer says by the server's clock; the device's own may be wrong, or
     be put right at any time. */
  #keep({ accessToken, accessTokenExpiresAt, refreshToken }, { about, signIn }) {
    const livesMs = Date.parse(accessTokenExpiresAt) - serverNow();
    this.lapsed = false;
    this.#given = { accessToken, at: performance.now() };
    keep(this.name, { accessToken, refreshToken, livesMs, givenAt: Date.now(), about, signIn });
    this.dispatchEvent(new Event("change"));
  }

  #isFresh(tokens, stale) {
    if (!tokens || tokens.accessToken === stale) return false;
    const here = tokens.accessToken === this.#given.accessToken ? performance.now() - this.#given.at : 0;
    // A clock that stands still while the device sleeps, and one that may be set: the longer time counts.
    return Math.max(here, Date.now() - tokens.givenAt) < tokens.livesMs - MARGIN_MS;
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
    // What has a path was asked of the resolvers: the document itself is known to the server.
    const isRunning = answer.data || answer.errors.some(({ path }) => path);
    const lines =
      isRunning || RUNTIME_CODES.includes(error.code) ? [] : this.#optional(document, answer.errors);
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
    const named = left.filter((line) => fields.some((field) => line.match(/\w+/g).includes(field)));
    return named.length ? named : left;
  }
}

/* The page's language, and then the device's: a programme may speak one of those alone. In order, without
   weights, as the server reads it. */
function wanted() {
  return [...new Set([speech.language, ...navigator.languages])].slice(0, 10).join(",");
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
    noteServerDate(response.headers.get("Date"));
    answer = await response.json();
  } catch (error) {
    throw new NoNetwork(error.message);
  }
  if (answer?.errors || answer?.data) return answer;
  if (response.status >= 500) throw new NoNetwork(`HTTP ${response.status}`);
  throw new ServerError({ message: `HTTP ${response.status}`, extensions: { code: "BAD_INPUT" } });
}

/** A key for a mutation that moves value: made before it is sent, kept until it is answered. */
export function newKey() {
  return crypto.randomUUID();
}
