/* GraphiQL over this server's own /graphql. Headers typed here (an access token) are not kept when the page closes. */

const first = `# What the programme offers; needs no sign-in.
# For what is a member's or a till's own, put an access token under Headers:
#   { "Authorization": "Bearer ..." }

{
  programme {
    name
    rewards { title cost { wallet amount } }
  }
}
`;

async function fetcher(asked, options) {
  const answer = await fetch("/graphql", {
    method: "POST",
    headers: { ...options?.headers, "content-type": "application/json", accept: "application/graphql-response+json, application/json" },
    body: JSON.stringify(asked),
  });
  return answer.json();
}

ReactDOM.createRoot(document.getElementById("explorer")).render(
  React.createElement(GraphiQL, { fetcher, defaultQuery: first, defaultEditorToolsVisibility: "headers", shouldPersistHeaders: false }),
);
