/* A file of corrections, as spreadsheets write it: number, wallet and signed amount in each row. */

// Amounts are whole: points, or minor units. What has a decimal comma is no amount, and is not cut at it.
const AMOUNT = /^[+\-\u2212]?\d{1,15}$/;

/* The cells of a line. What is in quotes is one cell, whatever stands in it. */
function cellsOf(line, separator) {
  const cells = [""];
  let isQuoted = false;
  for (const letter of line) {
    if (letter === '"') isQuoted = !isQuoted;
    else if (letter === separator && !isQuoted) cells.push("");
    else cells[cells.length - 1] += letter;
  }
  return cells.map((cell) => cell.trim());
}

/** The rows of such a text, null where it is no such table. The first line says what parts its cells: tabs, else
 * semicolons, else commas. */
export function rowsOf(text) {
  const lines = text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .filter((line) => line.trim());
  const separator = ["\t", ";"].find((each) => lines[0]?.includes(each)) ?? ",";
  const table = lines.map((line) => cellsOf(line, separator));
  if (table.length && !/\d/.test(table[0][0])) table.shift();
  const isTable = table.every(
    ([code, wallet, amount, ...others]) =>
      code && wallet && AMOUNT.test(amount ?? "") && others.every((cell) => !cell),
  );
  if (!isTable || !table.length) return null;
  return table.map(([code, wallet, amount]) => ({
    number: code,
    wallet,
    amount: Number(amount.replace("\u2212", "-")),
  }));
}
