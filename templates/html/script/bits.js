// The picture of an encoding: its bits, grouped and named.

const PARTS = [
  { name: "width", high: 14, low: 13 },
  { name: "reserved", high: 12, low: 12 },
  { name: "type", high: 11, low: 10 },
  { name: "index", high: 9, low: 1 },
  { name: "access", high: 0, low: 0 },
];

/** What each part of a number says, by the part's name. */
function partTexts(value) {
  const parts = partsOf(value);
  return {
    width: widthTitle(parts.width),
    reserved: parts.reserved ? "must be 0" : "0",
    type: TYPE_TITLES[parts.type],
    index: `${parts.index} (${hex(parts.index, 1)})`,
    access: parts.high ? "high" : "full",
  };
}

/**
 * The bits of a number under the names of the parts they belong to.
 *
 * With `flip` the bits are buttons; flip(bit) is called for one that is pressed.
 */
function bitStrip(value, flip = null) {
  const texts = partTexts(value);
  const bitOf = (bit) => Number(value >> BigInt(bit) & 1n);
  const cell = (bit) => flip
    ? el("button", {
      type: "button", class: "bit", "data-bit": bit, "aria-pressed": String(Boolean(bitOf(bit))),
      "aria-label": `bit ${bit}`, onclick: () => flip(bit),
    }, String(bitOf(bit)))
    : el("span", { class: "bit" }, String(bitOf(bit)));
  const groups = PARTS.map((part) => {
    const bits = [];
    for (let bit = part.high; bit >= part.low; bit -= 1) bits.push(cell(bit));
    const range = part.high === part.low ? `${part.low}` : `${part.high}:${part.low}`;
    return el("div", { class: `part part-${part.name}` },
      el("span", { class: "part-range" }, range),
      el("span", { class: "part-bits" }, bits),
      el("span", { class: "part-name" }, part.name),
      el("span", { class: "part-text" }, texts[part.name]));
  });
  const summary = PARTS.map((part) => `${part.name} ${texts[part.name]}`).join(", ");
  const attributes = flip
    ? { class: "bits", role: "group", "aria-label": "Bits of the encoding" }
    : { class: "bits", role: "img", "aria-label": summary };
  return el("div", attributes, groups);
}
