/* What happens to the member, as it happens: graphql-transport-ws where the server has it, reading again now
   and then where not. */

import { session } from "./phone.js";
import { LIVE } from "./queries.js";

/* How the server closes a socket whose token it does not take, or no longer. */
const FORBIDDEN = 4403;
const WAITS_MS = [1000, 2000, 5000, 15_000, 30_000];

/** Tell `happened(activity, cursor, occurredAt)` each activity behind the cursor `after`, `resync()` that everything is
 * to be read again, and `socketOpen(is)` whether it listens; `pace()` is the longest wait in milliseconds that the screen
 * bears without a socket. */
export class Live {
  #socket = null;
  #cursor = null;
  #failures = 0;
  #closed = false;
  #lacking = false;
  #timer = null;
  #attempt = 0;
  /* The access token that the server no longer takes. */
  #stale = null;

  constructor({ happened, socketOpen, resync, pace, after = null }) {
    Object.assign(this, { happened, socketOpen, resync, pace });
    this.#cursor = after;
    this.onsight = () => {
      if (!document.hidden) this.#wake();
    };
    document.addEventListener("visibilitychange", this.onsight);
    addEventListener("online", this.onsight);
    this.#connect();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.onsight);
    removeEventListener("online", this.onsight);
    this.#socket?.close(1000);
  }

  #wake() {
    if (this.#closed || this.#socket?.readyState === WebSocket.OPEN) return;
    clearTimeout(this.#timer);
    this.resync();
    if (this.#lacking) this.#later();
    else this.#connect();
  }

  async #connect() {
    const attempt = ++this.#attempt;
    let token;
    try {
      token = await session.token(this.#stale);
    } catch {
      return attempt === this.#attempt ? this.#later() : undefined;
    }
    // Of several attempts the newest counts: two sockets would tell everything twice.
    if (this.#closed || attempt !== this.#attempt) return;
    this.#socket?.close(1000);
    const socket = new WebSocket(
      `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`,
      "graphql-transport-ws",
    );
    this.#socket = socket;
    socket.onopen = () =>
      socket.send(JSON.stringify({ type: "connection_init", payload: { authorization: `Bearer ${token}` } }));
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#receive(socket, JSON.parse(data));
    };
    socket.onclose = ({ code }) => {
      if (code === FORBIDDEN) this.#stale = token;
      if (socket === this.#socket) this.#later();
    };
  }

  #receive(socket, { type, payload }) {
    if (type === "connection_ack") {
      socket.send(
        JSON.stringify({
          id: "1",
          type: "subscribe",
          payload: { query: LIVE, variables: { after: this.#cursor } },
        }),
      );
      this.#failures = 0;
      this.socketOpen(true);
      // Without a cursor nothing is replayed: what happened while the socket opened is read.
      if (!this.#cursor) this.resync();
    } else if (type === "ping") socket.send(JSON.stringify({ type: "pong" }));
    else if (type === "next" && !payload.errors) {
      const { cursor, activity, occurredAt } = payload.data.memberActivity;
      this.#cursor = cursor;
      if (activity.__typename === "Resync") this.resync();
      this.happened(activity, cursor, occurredAt);
    } else if (type === "next" || type === "error") {
      // A server that has no such subscription says so: then only reading again is left. Whatever else came
      // broken is read afresh.
      // A cursor of another time is refused alike: without it the next try tells.
      this.#lacking =
        type === "error" && !this.#cursor && payload.some((error) => error.extensions?.code === "BAD_INPUT");
      this.#cursor = null;
      this.#failures = WAITS_MS.length;
      socket.close(1000);
    } else if (type === "complete") socket.close(1000);
  }

  /* Read again, then try the socket again, ever more rarely. */
  #later() {
    if (this.#closed) return;
    this.socketOpen(this.#lacking);
    const wait = Math.min(this.pace(), WAITS_MS[Math.min(this.#failures++, WAITS_MS.length - 1)]);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#closed) return;
      if (!document.hidden) this.resync();
      if (this.#lacking) this.#later();
      else this.#connect();
    }, wait);
  }
}
