// Small helpers to build and find elements. Text is always text, never markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

/** An HTML element: el("a", {href: "#x"}, "text", child, ...). */
function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Puts children (null and false are none) in the place of what an element holds. */
function show(element, ...children) {
  element.replaceChildren();
  return fill(element, null, children);
}

/** The element with this id. */
function at(id) {
  return document.getElementById(id);
}

/** A link to a field's permalink. */
function fieldLink(field, text = field.title) {
  return el("a", { href: `#${field.id}` }, text);
}

/** A name that may be broken after its underscores. */
function breakable(name) {
  return name.split(/(?<=_)/).flatMap((part) => [el("wbr"), part]).slice(1);
}

/** A requirement's control or feature as a small label that links to it. */
function controlPill(name, truth) {
  const control = model.controls.get(name);
  const family = name.split(".")[0];
  const mark = { true: "✓ ", false: "✗ ", null: "? " }[String(truth)] ?? "";
  const state = { true: "supported", false: "not supported", null: "unknown" }[String(truth)];
  return el(
    "a",
    {
      class: `pill family-${family}`, href: `#${name}`,
      title: state ? `${control.title}: ${state}` : control.title,
    },
    mark, breakable(name),
  );
}

/** A requirement as pills joined by its operators. */
function requirementPills(requires, truthOf = () => undefined) {
  if (requires === "always") return el("span", { class: "pill family-always" }, "always");
  if (typeof requires === "string") return controlPill(requires, truthOf(requires));
  const [operator] = Object.keys(requires);
  const joint = operator === "any" ? "or" : "and";
  return el("span", { class: "requirement" }, requires[operator].map((operand, position) => [
    position ? el("span", { class: "joint" }, ` ${joint} `) : null,
    requirementPills(operand, truthOf),
  ]));
}

/** A button that copies a text and says so. */
function copyButton(text, label) {
  const button = el("button", { type: "button", class: "copy", "aria-label": label }, "copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "copied";
    } catch {
      button.textContent = "can't copy";
    }
    announce(button.textContent);
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  });
  return button;
}

/** Tells screen readers something, politely. */
function announce(text) {
  at("announcer").textContent = text;
}

/** "1 field", "3 fields". */
function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
