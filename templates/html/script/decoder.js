// The decoder: any number, its bits taken apart, and the field or why there is none.

/** Decodes what stands in the decoder's box. */
function refreshDecoder() {
  const box = at("decoder-number");
  const output = at("decoder-result");
  const text = box.value.trim();
  if (!text) {
    show(output, el("p", { class: "muted" }, "Type or paste a number: 0x2032, 8242, ",
      "2032h. Press a bit to flip it."), bitStrip(0n, flipBit));
    return;
  }
  const number = parseNumber(text);
  if (number === null) {
    show(output, el("p", { class: "verdict bad" },
      "This is no number. Hexadecimal (0x2032, 2032h) and decimal (8242) are understood."));
    return;
  }
  show(output, verdict(number),
    number >> 15n ? wide(number) : bitStrip(number, flipBit), forms(number), classNeighbours(number));
}

function flipBit(bit) {
  const box = at("decoder-number");
  const number = parseNumber(box.value.trim() || "0") ?? 0n;
  box.value = hex(number ^ 1n << BigInt(bit));
  changeNumber();
  document.querySelector(`#decoder-result [data-bit="${bit}"]`)?.focus();
}

function verdict(number) {
  const { field, high, reason } = decode(number);
  if (!field) return el("p", { class: "verdict bad" }, reason, ".");
  return el("div", { class: "verdict good" },
    el("p", { class: "answer" }, fieldLink(field), high ? " (high 32 bits)" : "", " ",
      statusTag(field)),
    el("p", {}, "Exists ", field.requirement.words, "."));
}

/** A number of more than 15 bits: which of its bits are in the way. */
function wide(number) {
  const set = [];
  for (let bit = 15n; number >> bit && set.length < 64; bit += 1n) {
    if (number >> bit & 1n) set.push(bit);
  }
  return el("p", {}, `Bits in the way: ${set.join(", ")}. `,
    el("a", { href: `#decoder=${hex(number & 0x7fffn)}` }, "Look at bits 14:0 alone"), ".");
}

function forms(number) {
  const row = (name, text) => [el("dt", {}, name), el("dd", {}, el("code", {}, text))];
  return el("dl", { class: "forms" },
    row("hexadecimal", hex(number)), row("decimal", String(number)),
    row("binary", number.toString(2).padStart(15, "0")));
}

/** The fields of the same width and type, so that a slip in the index is seen. */
function classNeighbours(number) {
  if (whyNot(number)) return null;
  const parts = partsOf(number);
  const same = facts.fields.filter(
    (field) => field.width === parts.width && field.type === parts.type,
  );
  const near = same.filter((field) => Math.abs(field.index - parts.index) <= 3);
  const title = `${widthTitle(parts.width)} ${TYPE_TITLES[parts.type]} fields around this index`;
  if (!same.length) return el("p", {}, `No ${widthTitle(parts.width)} ${TYPE_TITLES[parts.type]} ` +
    "field is known.");
  return el("section", {}, el("h3", {}, title[0].toUpperCase() + title.slice(1)),
    near.length ? null : el("p", {}, `None; the highest index is ${same.at(-1).index}.`),
    el("ul", { class: "plain" }, near.map((field) => el("li", {},
      el("code", {}, hex(field.encoding)), " ", fieldLink(field)))));
}

/** Decodes what a person has put into the box, and keeps it in the address. */
function changeNumber() {
  refreshDecoder();
  history.replaceState(null, "", `#decoder=${at("decoder-number").value.trim()}`);
}

function startDecoder() {
  at("decoder-number").addEventListener("input", changeNumber);
}

/** Opens the decoder with a text in its box. */
function openDecoder(text) {
  if (text !== null) at("decoder-number").value = text;
  refreshDecoder();
}
