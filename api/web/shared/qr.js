/* QR codes drawn here, without a network: correction level M, versions 1 to 3 (42 bytes at most), border 4,
   black on a light card. The rules are those of ISO/IEC 18004; the server's own pictures (api/qr.py) and
   these read alike. */

const BORDER = 4;
const ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
/* For each version: data codewords, correction codewords, centre of the alignment pattern. One block each,
   which is why it ends at 3. */
const VERSIONS = [null, [16, 10, 0], [28, 16, 18], [44, 26, 22]];

const EXP = new Uint8Array(512);
const LOG = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++) {
  EXP[i] = EXP[i + 255] = x;
  LOG[x] = i;
  x = x & 128 ? (x << 1) ^ 0x11d : x << 1;
}

/** Return the modules of a text as rows of booleans, true where dark, without the border. */
export function matrix(text) {
  const [version, words] = encode(text);
  const side = 17 + 4 * version;
  const fixed = skeleton(version, side);
  let best = null;
  for (let mask = 0; mask < 8; mask++) {
    const rows = fill(fixed, words, side, mask);
    const cost = penalty(rows, side);
    if (!best || cost < best.cost) best = { cost, rows };
  }
  return best.rows;
}

/** Return the code as an SVG element with its own light card; `label` is what a screen reader says. */
export function picture(text, label) {
  const rows = matrix(text);
  const side = rows.length + 2 * BORDER;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({
    viewBox: `0 0 ${side} ${side}`,
    "shape-rendering": "crispEdges",
    role: "img",
    class: "qr",
  }))
    svg.setAttribute(name, value);
  svg.setAttribute("aria-label", label);
  for (const [fill, d] of [
    ["#fff", `M0 0h${side}v${side}H0z`],
    ["#000", path(rows)],
  ]) {
    const shape = document.createElementNS(svg.namespaceURI, "path");
    shape.setAttribute("fill", fill);
    shape.setAttribute("d", d);
    svg.append(shape);
  }
  return svg;
}

function path(rows) {
  let d = "";
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      const from = x;
      while (row[x + 1]) x++;
      d += `M${from + BORDER} ${y + BORDER}h${x - from + 1}v1h-${x - from + 1}z`;
    }
  });
  return d;
}

/* ---------------------------------------------------------------- bits */
function encode(text) {
  const plain = [...text].every((c) => ALPHANUMERIC.includes(c));
  const bytes = new TextEncoder().encode(text);
  const length = plain ? text.length : bytes.length;
  const size = plain ? 13 + 11 * (length >> 1) + 6 * (length & 1) : 12 + 8 * length;
  const version = [1, 2, 3].find((v) => VERSIONS[v][0] * 8 >= size);
  if (!version) throw new RangeError("too long for a code that scans well");
  const [data] = VERSIONS[version];
  const bits = [];
  const push = (value, count) => {
    for (let i = count - 1; i >= 0; i--) bits.push((value >> i) & 1);
  };
  push(plain ? 2 : 4, 4);
  push(length, plain ? 9 : 8);
  if (plain) {
    for (let i = 0; i < length; i += 2) {
      const first = ALPHANUMERIC.indexOf(text[i]);
      if (i + 1 < length) push(first * 45 + ALPHANUMERIC.indexOf(text[i + 1]), 11);
      else push(first, 6);
    }
  } else for (const b of bytes) push(b, 8);
  push(0, Math.min(4, data * 8 - bits.length));
  while (bits.length % 8) bits.push(0);
  const words = [];
  for (let i = 0; i < bits.length; i += 8) words.push(parseInt(bits.slice(i, i + 8).join(""), 2));
  for (let pad = 0xec; words.length < data; pad ^= 0xfd) words.push(pad);
  return [version, words.concat(correction(words, VERSIONS[version][1]))];
}

function correction(words, count) {
  let generator = [1];
  for (let i = 0; i < count; i++) {
    const next = new Array(generator.length + 1).fill(0);
    generator.forEach((g, j) => {
      next[j] ^= g;
      next[j + 1] ^= g ? EXP[LOG[g] + i] : 0;
    });
    generator = next;
  }
  const rest = words.concat(new Array(count).fill(0));
  for (let i = 0; i < words.length; i++) {
    const lead = rest[i];
    if (lead)
      generator.forEach((g, j) => {
        if (g) rest[i + j] ^= EXP[LOG[g] + LOG[lead]];
      });
  }
  return rest.slice(words.length);
}

/* ---------------------------------------------------------------- modules: null where data goes */
function skeleton(version, side) {
  const rows = Array.from({ length: side }, () => new Array(side).fill(null));
  const square = (top, left, extent, dark) => {
    for (let y = 0; y < extent; y++)
      for (let x = 0; x < extent; x++)
        if (rows[top + y]?.[left + x] !== undefined) rows[top + y][left + x] = dark(y, x);
  };
  for (const [top, left] of [
    [0, 0],
    [0, side - 7],
    [side - 7, 0],
  ])
    square(top - 1, left - 1, 9, (y, x) => {
      const ring = Math.max(Math.abs(y - 4), Math.abs(x - 4));
      return ring !== 2 && ring !== 4;
    });
  const centre = VERSIONS[version][2];
  if (centre) square(centre - 2, centre - 2, 5, (y, x) => Math.max(Math.abs(y - 2), Math.abs(x - 2)) !== 1);
  for (let i = 8; i < side - 8; i++) rows[6][i] = rows[i][6] = i % 2 === 0;
  for (let i = 0; i < 9; i++) {
    if (rows[8][i] === null) rows[8][i] = false;
    if (rows[i][8] === null) rows[i][8] = false;
    if (i < 8) rows[8][side - 1 - i] = rows[side - 1 - i][8] = false;
  }
  rows[side - 8][8] = true;
  return rows;
}

const MASKS = [
  (y, x) => (y + x) % 2 === 0,
  (y) => y % 2 === 0,
  (_y, x) => x % 3 === 0,
  (y, x) => (y + x) % 3 === 0,
  (y, x) => ((y >> 1) + Math.floor(x / 3)) % 2 === 0,
  (y, x) => ((y * x) % 2) + ((y * x) % 3) === 0,
  (y, x) => (((y * x) % 2) + ((y * x) % 3)) % 2 === 0,
  (y, x) => (((y + x) % 2) + ((y * x) % 3)) % 2 === 0,
];

function fill(fixed, words, side, mask) {
  const rows = fixed.map((row) => row.slice());
  let bit = 0;
  for (let right = side - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    const upward = ((right + 1) & 2) === 0;
    for (let i = 0; i < side; i++) {
      const y = upward ? side - 1 - i : i;
      for (const x of [right, right - 1]) {
        if (fixed[y][x] !== null) continue;
        const dark = ((words[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1;
        rows[y][x] = Boolean(dark) !== MASKS[mask](y, x);
        bit++;
      }
    }
  }
  format(rows, side, mask);
  return rows;
}

/* Fifteen bits of level (M is 00) and mask, twice. */
function format(rows, side, mask) {
  let rest = mask << 10;
  for (let i = 14; i >= 10; i--) if ((rest >> i) & 1) rest ^= 0x537 << (i - 10);
  const bits = ((mask << 10) | rest) ^ 0x5412;
  const at = (i) => Boolean((bits >> i) & 1);
  for (let i = 0; i < 15; i++) {
    const down = i < 6 ? i : i < 8 ? i + 1 : side - 15 + i;
    rows[down][8] = at(i);
    const across = i < 8 ? side - 1 - i : i < 9 ? 7 : 14 - i;
    rows[8][across] = at(i);
  }
  rows[side - 8][8] = true;
}

/* How hard a mask is to read: long runs, blocks, what looks like a finder, and imbalance. */
function penalty(rows, side) {
  let cost = 0;
  let dark = 0;
  const lines = rows.concat(rows.map((_, x) => rows.map((row) => row[x])));
  for (const line of lines) {
    let run = 1;
    for (let i = 1; i <= side; i++) {
      if (i < side && line[i] === line[i - 1]) run++;
      else {
        if (run >= 5) cost += run - 2;
        run = 1;
      }
    }
    const text = line.map(Number).join("");
    for (const finder of ["10111010000", "00001011101"])
      for (let i = text.indexOf(finder); i >= 0; i = text.indexOf(finder, i + 1)) cost += 40;
  }
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      dark += rows[y][x];
      if (
        y &&
        x &&
        rows[y][x] === rows[y - 1][x] &&
        rows[y][x] === rows[y][x - 1] &&
        rows[y][x] === rows[y - 1][x - 1]
      )
        cost += 3;
    }
  return cost + 10 * Math.floor(Math.abs((dark * 20) / (side * side) - 10));
}
