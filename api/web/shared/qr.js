/* QR codes drawn here, without a network: correction level M, border 4, black on a light card. The server's own
   pictures (api/qr.py) and these read alike. */

import { encode } from "/vendor/uqr-0.1.3.js";

const BORDER = 4;

/** Return the modules of a text as rows of booleans, true where dark, without the border. */
export function matrix(text) {
  return encode(text, { ecc: "M", border: 0 }).data;
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
