// Instant search: titles, former titles, encodings in hex or decimal, every project's names.

const SCORES = { exact: 100, start: 60, word: 40, inside: 20 };

/** A text as it is compared: lower case, punctuation as blanks. */
function fold(text) {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, " ").trim();
}

let haystacks = null;

/** What can be searched of every field; made at the first search. */
function everyHaystack() {
  haystacks ??= facts.fields.map(haystackOf);
  return haystacks;
}

function haystackOf(field) {
  const texts = [];
  const add = (text, weight, label, high = false) => {
    texts.push({ text, folded: fold(text), weight, label, high });
  };
  add(field.title, 3, "");
  add(field.id, 3, "");
  for (const former of field.formerly) add(former, 2, `formerly “${former}”`);
  if (field.width === "64") {
    add(`${field.title} (full)`, 2, "");
    add(`${field.title} (high)`, 2, "high half", true);
    add(`${field.id}_high`, 2, "high half", true);
  }
  for (const [project, names] of Object.entries(field.names)) {
    for (const name of names) add(name, 2, `${name} in ${model.projects.get(project).title}`);
  }
  for (const [project, name] of Object.entries(field.high_names)) {
    add(name, 2, `${name} in ${model.projects.get(project).title}`, true);
  }
  const digits = [hex(field.encoding), String(field.encoding)];
  if (field.width === "64") digits.push(hex(field.encoding + 1), String(field.encoding + 1));
  return { field, texts, digits };
}

function scoreText(folded, token) {
  if (folded === token) return SCORES.exact;
  if (folded.startsWith(token)) return SCORES.start;
  if (folded.includes(` ${token}`)) return SCORES.word;
  return folded.includes(token) ? SCORES.inside : 0;
}

/** How well one token fits one field, and where; null if not at all. */
function fit(haystack, token) {
  let best = null;
  for (const each of haystack.texts) {
    const score = scoreText(each.folded, token) * each.weight;
    if (score > (best?.score ?? 0)) best = { score, label: each.label, high: each.high };
  }
  if (!best && token.length >= 3 && haystack.digits.some((text) => text.includes(token))) {
    return { score: SCORES.inside, label: "", high: false };
  }
  return best;
}

/**
 * The fields that a query means, best first: {field, high, label, score}.
 *
 * A number means its encoding only; words must all fit, in any order.
 */
function search(query) {
  const number = parseNumber(query);
  if (number !== null) {
    const { field, high } = decode(number);
    if (field) return [{ field, high, label: high ? "high half" : "", score: 1000 }];
  }
  const whole = fold(query);
  if (!whole) return facts.fields.map((field) => ({ field, high: false, label: "", score: 0 }));
  const exact = query.trim().toLowerCase().replace(/\s+/g, " ");
  const tokens = whole.split(" ");
  const found = [];
  for (const haystack of everyHaystack()) {
    const named = haystack.texts.find((each) => each.text.toLowerCase() === exact);
    const fits = tokens.map((token) => fit(haystack, token));
    if (!named && fits.includes(null)) continue;
    const phrase = named ? { score: 2000, ...named } : fit(haystack, whole);
    const words = fits.reduce((total, each) => total + (each?.score ?? 0), 0) / tokens.length;
    const best = phrase ?? fits[0];
    const score = (named ? 2000 : 0) + (phrase?.score ?? 0) + words;
    found.push({ field: haystack.field, high: best.high, label: best.label, score });
  }
  return found.sort((a, b) => b.score - a.score || a.field.encoding - b.field.encoding);
}

/** Up to `limit` ids of fields with a name within a few typing errors of a query. */
function suggestions(query, limit = 3) {
  const wanted = fold(query).slice(0, 60);
  if (wanted.length < 3) return [];
  const close = [];
  for (const { field, texts } of everyHaystack()) {
    let best = Infinity;
    for (const each of texts) {
      if (Math.abs(each.folded.length - wanted.length) > 4) continue;
      best = Math.min(best, distance(wanted, each.folded));
    }
    if (best <= Math.max(2, Math.floor(wanted.length / 4))) close.push({ field, best });
  }
  close.sort((a, b) => a.best - b.best || a.field.encoding - b.field.encoding);
  return close.slice(0, limit).map((each) => each.field);
}

/** Levenshtein distance. */
function distance(left, right) {
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const change = left[row - 1] === right[column - 1] ? 0 : 1;
      current.push(Math.min(
        previous[column] + 1, current[column - 1] + 1, previous[column - 1] + change,
      ));
    }
    previous = current;
  }
  return previous[right.length];
}
