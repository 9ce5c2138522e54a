// A web shop's checkout: hold of a customer's wallet, record the order with it, refund a part of it.
// SELO_URL, SELO_CUSTOMER (the customer's access token), SELO_SHOP (the shop's key), SELO_NUMBER, SELO_WALLET,
// SELO_ORDER. Run again with the same order it is told what was done, and does nothing twice.
const { SELO_URL, SELO_CUSTOMER, SELO_SHOP, SELO_NUMBER, SELO_WALLET, SELO_ORDER: order } = process.env;

async function ask(token, name, kind, answer, fields) {
  const query = `mutation($i: ${kind}!) { ${name}(input: $i) { ... on Problem { message } ${answer} } }`;
  // A key that follows from the order is the same after a crash, too. A second refund takes another one.
  const variables = { i: { ...fields, idempotencyKey: `${order} ${name}` } };
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${token}` };
  const body = JSON.stringify({ query, variables });
  const done = await (await fetch(`${SELO_URL}/graphql`, { method: "POST", headers, body })).json();
  if (done.errors || done.data[name].message) throw new Error(JSON.stringify(done));
  return done.data[name];
}

const wanted = { wallet: SELO_WALLET, amount: 100, order, total: 2000 };
const holding = "... on PaymentHeld { hold { id worth } }";
const { hold } = await ask(SELO_CUSTOMER, "holdPayment", "HoldPaymentInput", holding, wanted);
const sale = {
  member: SELO_NUMBER,
  externalId: order,
  currency: "EUR",
  total: 2000,
  paidWith: [{ hold: hold.id }],
};
const buying = "... on PurchaseRecorded { purchase { paid } }";
const { purchase } = await ask(SELO_SHOP, "recordPurchase", "PurchaseInput", buying, sale);
const refund = { externalId: order, amount: 1000, reason: "one came back" };
const returning = "... on PurchaseRefunded { back { money wallets { units } } }";
const { back } = await ask(SELO_SHOP, "refundPurchase", "RefundInput", returning, refund);
const [{ units }] = back.wallets;
console.log(JSON.stringify({ worth: hold.worth, paid: purchase.paid, money: back.money, units }));
