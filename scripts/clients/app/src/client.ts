// Apollo Client for Selo: one cache by id, requests and a socket of one session, and a token that is renewed when the
// server says so.
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, Observable } from "@apollo/client";
import { ErrorLink } from "@apollo/client/link/error";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import { RefreshDocument, type RefreshMutation } from "./generated/api.js";
import possibleTypes from "./generated/possible-types.js";
import { type SecretStore, Session, type Tokens } from "./session.js";

export interface App {
  client: ApolloClient;
  session: Session;
  close(): Promise<void>;
}

/** Build the client of one installation. `webSocket` is the platform's own where it has one. */
export function openApp(url: string, secrets: SecretStore, webSocket?: unknown): App {
  const http = new HttpLink({ uri: url });
  const anonymous = new ApolloClient({ link: http, cache: new InMemoryCache() });
  const session = new Session(secrets, (refreshToken) => renew(anonymous, refreshToken));
  const sockets = createClient({
    url: url.replace(/^http/, "ws"),
    webSocketImpl: webSocket,
    connectionParams: () => ({ authorization: `Bearer ${session.accessToken}` }),
    retryAttempts: Number.POSITIVE_INFINITY,
    // 4403 says that the token is refused: a new one is taken before it connects again.
    shouldRetry: () => true,
    on: {
      closed: (event) => {
        if (isClose(event) && event.code === 4403) void session.replaced(session.accessToken);
      },
    },
  });
  const signed = new ApolloLink((operation, forward) => {
    const token = session.accessToken;
    if (token !== null) operation.setContext({ headers: { authorization: `Bearer ${token}` } });
    return forward(operation);
  });
  const client = new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === "subscription",
      new GraphQLWsLink(sockets),
      ApolloLink.from([renewing(session), signed, http]),
    ),
    cache: new InMemoryCache({ possibleTypes: possibleTypes.possibleTypes }),
  });
  return {
    client,
    session,
    close: async () => {
      client.stop();
      anonymous.stop();
      await sockets.dispose();
    },
  };
}

/** Send a request again, once, with a new token where the server refuses the one that it had. */
function renewing(session: Session): ApolloLink {
  return new ErrorLink(({ error, operation, forward }) => {
    const isRefused =
      CombinedGraphQLErrors.is(error) &&
      error.errors.some(({ extensions }) => extensions?.["code"] === "UNAUTHENTICATED");
    if (!isRefused || operation.getContext()["isRetry"] === true) return undefined;
    const headers: Record<string, string> = operation.getContext()["headers"] ?? {};
    const refused = headers["authorization"]?.replace("Bearer ", "") ?? null;
    return new Observable((observer) => {
      session
        .replaced(refused)
        .then((token) => {
          if (token === null) throw error;
          operation.setContext({ isRetry: true });
          forward(operation).subscribe(observer);
        })
        .catch((fault: unknown) => observer.error(fault));
    });
  });
}

async function renew(client: ApolloClient, refreshToken: string): Promise<Tokens | null> {
  const { data } = await client.mutate<RefreshMutation>({
    mutation: RefreshDocument,
    variables: { input: { refreshToken } },
  });
  const answer = data?.refreshSession;
  return answer?.__typename === "SessionRefreshed" ? answer : null;
}

function isClose(event: unknown): event is { code: number } {
  return typeof event === "object" && event !== null && "code" in event;
}
