/* GraphiQL over this server's own /graphql: queries and mutations by POST, subscriptions by WebSocket.
   Headers typed here (an access token) are not kept when the page closes. */

const signed = `{ "Authorization": "Bearer ..." }`;

const tabs = [
  {
    query: `# What the programme offers; needs no sign-in.
# For what is a member's or a till's own, see the other tabs:
# put an access token under Headers.

query Programme {
  programme {
    name
    rewards { title cost { wallet amount } }
  }
}
`,
  },
  {
    query: `# A home screen in one request. A token: scripts/selo token --member NUMBER

query Home {
  me {
    name
    balance { available pending expiring { amount on } }
    tier { current { name } toNext fraction }
    rewards(first: 5) { edges { node { rewardState missing locks { message } reward { title cost { amount } } } } }
    pointHistory(first: 5) { edges { node { title amount occurredAt explanation { title applied amount message } } } }
    messages(first: 5) { unread edges { node { title body readAt } } }
    activityCursor
  }
}
`,
    headers: signed,
  },
  {
    query: `# What happens to the member from now on, until it is stopped.

subscription Live {
  memberActivity {
    cursor
    occurredAt
    activity {
      __typename
      ... on BalanceChanged { wallets { name available pending } entries { title amount } }
      ... on RewardUnlocked { reward { reward { title } } }
      ... on VoucherUsed { voucher { title usedIn { name } } }
      ... on MessageReceived { unread message { title body } }
    }
  }
}
`,
    headers: signed,
  },
  {
    query: `# A till finds a customer. A token: scripts/selo token --staff USERNAME

query Customer {
  findCustomer(contact: "number, e-mail or phone") {
    id
    name
    wallets { name available }
  }
}
`,
    headers: signed,
  },
];

/* What GraphiQL says of the operation is a moment old: the text that it sends decides. */
function fetcher({ query, variables, operationName }, { headers = {} } = {}) {
  const operations = [...query.matchAll(/^\s*(query|mutation|subscription)\b\s*(\w*)/gm)];
  const [, kind, name] = operations.find((each) => each[2] === operationName) ?? operations[0] ?? [];
  const asked = { query, variables, ...(name ? { operationName: name } : {}) };
  return kind === "subscription" ? followed(asked, headers) : answered(asked, headers);
}

async function answered(asked, headers) {
  const answer = await fetch("/graphql", {
    method: "POST",
    headers: {
      ...headers,
      "content-type": "application/json",
      accept: "application/graphql-response+json, application/json",
    },
    body: JSON.stringify(asked),
  });
  return answer.json();
}

/* One socket a subscription, by graphql-transport-ws; an answer once the server closes it says why. */
async function* followed(asked, headers) {
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/graphql`, "graphql-transport-ws");
  const say = (message) => socket.send(JSON.stringify(message));
  const told = [];
  let wake;
  const tell = (message) => {
    told.push(message);
    wake?.();
  };
  const named = Object.entries(headers).find(([name]) => name.toLowerCase() === "authorization");
  socket.onopen = () => say({ type: "connection_init", payload: named ? { authorization: named[1] } : {} });
  socket.onmessage = ({ data }) => tell(JSON.parse(data));
  socket.onclose = ({ code, reason }) =>
    tell({
      type: "closed",
      payload: { errors: [{ message: `Closed with ${code}: ${reason || "no reason"}` }] },
    });
  try {
    for (;;) {
      if (told.length === 0)
        await new Promise((resolve) => {
          wake = resolve;
        });
      const message = told.shift();
      if (message.type === "connection_ack") say({ id: "1", type: "subscribe", payload: asked });
      if (message.type === "ping") say({ type: "pong" });
      if (message.type === "next" || message.type === "closed") yield message.payload;
      if (message.type === "error") yield { errors: message.payload };
      if (message.type === "complete" || message.type === "error" || message.type === "closed") return;
    }
  } finally {
    socket.close();
  }
}

ReactDOM.createRoot(document.getElementById("explorer")).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultTabs: tabs,
    defaultEditorToolsVisibility: "headers",
    shouldPersistHeaders: false,
  }),
);
