// The bit layout of a VMCS field encoding (SDM 27.11.2), as core/encoding.py has it.

const WIDTHS = ["16", "64", "32", "natural"];
const TYPES = ["control", "read_only", "guest", "host"];
const TYPE_TITLES = {
  control: "control", read_only: "read-only data", guest: "guest state", host: "host state",
};

/** A number as 0x and at least `digits` lower-case digits; takes Number and BigInt. */
function hex(value, digits = 4) {
  return "0x" + value.toString(16).padStart(digits, "0");
}

/** "64-bit", "natural-width": a width as an adjective. */
function widthTitle(label) {
  return label === "natural" ? "natural-width" : `${label}-bit`;
}

/** The number that a text writes (0x2032, 2032h, 8242) as a BigInt, or null. */
function parseNumber(text) {
  const stripped = text.length < 40 ? text.trim().toLowerCase().replaceAll("_", "") : "";
  if (/^0x[0-9a-f]+$/.test(stripped)) return BigInt(stripped);
  if (/^[0-9][0-9a-f]*\s*h$/.test(stripped)) return BigInt("0x" + stripped.slice(0, -1).trim());
  return /^[0-9]+$/.test(stripped) ? BigInt(stripped) : null;
}

/** Why a BigInt is not an encoding, as a clause for people, or null if it is one. */
function whyNot(value) {
  if (value >> 15n) {
    return `${hex(value, 1)} does not fit 15 bits; bits 31:15 of an encoding are reserved, zero`;
  }
  if (value & 0x1000n) return `${hex(value)} has bit 12 set, which is reserved, zero`;
  const width = WIDTHS[Number(value >> 13n)];
  if (value & 1n && width !== "64") {
    return `${hex(value)} has bit 0 (high access) set, but its width bits say ${widthTitle(width)}`;
  }
  return null;
}

/** The parts of a number as if it were an encoding; bits above 14 are left out. */
function partsOf(value) {
  const low = Number(value & 0x7fffn);
  return {
    width: WIDTHS[low >> 13],
    type: TYPES[low >> 10 & 3],
    index: low >> 1 & 0x1ff,
    high: Boolean(low & 1),
    reserved: Boolean(low & 0x1000),
  };
}

/** What a number is: the field it encodes, or the reason why there is none. */
function decode(value) {
  const problem = whyNot(value);
  if (problem) return { field: null, high: false, reason: problem };
  const parts = partsOf(value);
  const field = model.byEncoding.get(Number(value)) ?? null;
  if (field) return { field, high: parts.high, reason: null };
  const kind = parts.width === "natural" ? "natural" : `${parts.width}-bit`;
  const reason = `${hex(value)} is a possible encoding (${kind} ${TYPE_TITLES[parts.type]}, ` +
    `index ${parts.index}), but no field has it`;
  return { field: null, high: parts.high, reason };
}
