/* Line drawings of ours, as the paths of a square of 24. */

export const STROKES = {
  speech: "M4 5h16v11H10l-6 4ZM8 9h8M8 12h5",
  scan: "M4 8V5a1 1 0 0 1 1-1h3M16 4h3a1 1 0 0 1 1 1v3M20 16v3a1 1 0 0 1-1 1h-3M8 20H5a1 1 0 0 1-1-1v-3M7 12h10",
  refund: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  list: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  close: "M6 6l12 12M18 6 6 18",
  back: "M15 5l-7 7 7 7",
  forward: "M9 5l7 7-7 7",
  check: "M5 13l4 4L19 7",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6z",
  torch: "M8 3h8v4l-2 4v10h-4V11L8 7zM12 14v2",
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 17a4 4 0 1 0 0-8 4 4 0 0 0 0 8z",
  keyboard: "M3 7h18v10H3zM7 11h.01M11 11h.01M15 11h.01M8 14h8",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM5 20c1-4 4-5 7-5s6 1 7 5",
  bell: "M6 17V11a6 6 0 0 1 12 0v6l1 1H5zM10 21h4",
  home: "M4 11l8-7 8 7v9h-5v-5H9v5H4z",
  gift: "M4 11h16v9H4zM3 7h18v4H3zM12 7v13M12 7c-2 0-5-1-5-3s4-2 5 3c1-5 5-5 5-3s-3 3-5 3",
  card: "M3 6h18v12H3zM3 10h18M7 15h4",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3 2",
  star: "M12 4l2.4 5 5.6.7-4.1 3.8 1.1 5.5-5-2.8-5 2.8 1.1-5.5L4 9.7l5.6-.7z",
  cloud: "M7 18a4 4 0 0 1-.5-8A6 6 0 0 1 18 9.5a4 4 0 0 1-1 8.5zM4 4l16 16",
  share: "M12 15V4M8 7l4-4 4 4M5 12v8h14v-8",
  download: "M12 4v11M8 11l4 4 4-4M5 15v5h14v-5",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  alert: "M12 4l9 16H3zM12 10v4M12 17h.01",
  tag: "M4 12V4h8l8 8-8 8zM8 8h.01",
  pencil: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  drawer: "M4 5h16v6H4zM3 11h18v8H3zM10 15h4",
  school: "M3 9l9-5 9 5-9 5zM7 12v5c3 2 7 2 10 0v-5M21 9v6",
  erase: "M9 6h11v12H9l-6-6zM12 10l4 4M16 10l-4 4",
  percent:
    "M6 18L18 6M7.5 9a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM16.5 18a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z",
};

/* The drawing for a kind of reward, where it has no picture. */
export const KIND_DRAWINGS = {
  DISCOUNT_AMOUNT: "tag",
  DISCOUNT_PERCENT: "percent",
  PRODUCT: "gift",
  EVENT: "star",
  ACCESS: "lock",
  SERVICE: "person",
};
