// Live activity: each event brings the member as they are then, in the fragments of the screens. Apollo takes it into
// its cache by id; nothing is asked for again.
import type { App } from "./client.js";
import { LiveDocument } from "./generated/api.js";

export interface Following {
  stop(): void;
}

/** Follow from a cursor; `heard` is told of each event's kind after the cache has changed. */
export function follow(app: App, cursor: string, heard: (kind: string) => void): Following {
  let after = cursor;
  // The variables are read each time that the socket connects: it goes on behind the last event that arrived.
  const variables = Object.defineProperty({} as { after: string }, "after", { enumerable: true, get: () => after });
  const subscription = app.client.subscribe({ query: LiveDocument, variables }).subscribe({
    next: ({ data }) => {
      if (!data) return;
      after = data.memberActivity.cursor;
      heard(data.memberActivity.activity.__typename);
    },
  });
  return { stop: () => subscription.unsubscribe() };
}
