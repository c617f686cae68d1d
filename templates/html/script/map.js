// The map: the 16 width-and-type classes by index, and which CPU generation brought which field.

const CELL = 22;
const LABELS = 172;
const AXIS = 56;

/** The fields of a class, by index. */
function classRows() {
  const found = [];
  for (const width of WIDTHS) {
    for (const type of TYPES) {
      const fields = facts.fields.filter((each) => each.width === width && each.type === type);
      found.push({ title: `${widthTitle(width)} ${TYPE_TITLES[type]}`, fields });
    }
  }
  return found;
}

function mapCell(field, row, existence) {
  const x = LABELS + field.index * CELL;
  const y = AXIS + row * CELL;
  const truth = existence ? existence.get(field.id) : true;
  const decides = model.rungByField.has(field.id);
  const state = existence ? `, ${TRUTH_WORDS[String(truth)]}` : "";
  return svg("a", {
    href: `#${field.id}`, class: `cell family-${field.requirement.family} truth-${truth}` +
      (decides ? " rung-field" : "") + (field.status === "sdm" ? "" : " unlisted"),
    "data-id": field.id, tabindex: "-1",
    "aria-label": `${hex(field.encoding)} ${field.title}, requires ${field.requirement.text}${state}`,
  },
  svg("rect", { x: x + 1, y: y + 1, width: CELL - 2, height: CELL - 2, rx: 3 }),
  svg("text", {
    x: x + CELL / 2, y: y + CELL / 2 + 3.5, class: field.requirement.code.length > 2 ? "long" : null,
  }, field.requirement.code));
}

function mapAxis(highest) {
  const parts = [];
  const rungs = new Map(facts.ladder.map((rung) => [rung.index, rung]));
  for (let index = 0; index <= highest; index += 1) {
    const x = LABELS + index * CELL + CELL / 2;
    if (index % 5 === 0) parts.push(svg("text", { x, y: AXIS - 6, class: "axis" }, String(index)));
    if (rungs.has(index)) {
      parts.push(svg("line", { x1: x, x2: x, y1: AXIS - 2, y2: AXIS + 16 * CELL, class: "rung-line" }));
      parts.push(svg("text", { x: x + 4, y: AXIS - 22, class: "axis rung-label",
        transform: `rotate(-52 ${x} ${AXIS - 22})` }, hex(rungs.get(index).vmcs_enum, 1)));
    }
  }
  return parts;
}

/** The map as a picture; with a processor's existence, fields that it lacks are faint. */
function fieldMap(existence) {
  const highest = Math.max(...facts.fields.map((field) => field.index));
  const width = LABELS + (highest + 1) * CELL + 8;
  const height = AXIS + 16 * CELL + 6;
  const parts = [];
  classRows().forEach(({ title, fields }, row) => {
    parts.push(svg("text", { x: LABELS - 8, y: AXIS + row * CELL + 15, class: "class-title" }, title));
    parts.push(svg("rect", { x: LABELS, y: AXIS + row * CELL, height: CELL,
      width: (highest + 1) * CELL, class: `lane ${row % 2 ? "odd" : ""}` }));
    parts.push(svg("g", {}, fields.map((field) => mapCell(field, row, existence))));
  });
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "map",
    role: "group", "aria-label": "Fields by class and index; arrow keys walk through them" },
  svg("g", {}, ...mapAxis(highest)), ...parts);
}

function describeCell(field) {
  at("map-caption").replaceChildren(field
    ? el("span", {}, el("code", {}, hex(field.encoding)), " ", el("strong", {}, field.title),
      " — exists ", field.requirement.words, ".")
    : "Point at a cell, or walk with the arrow keys. Outlined cells decide VMCS_ENUM.");
}

/** Arrow keys go to the next field in that direction. */
function walkMap(event) {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[
    event.key];
  const cell = event.target.closest(".cell");
  if (!step || !cell) return;
  event.preventDefault();
  const here = model.byId.get(cell.dataset.id);
  const row = (field) => WIDTHS.indexOf(field.width) * 4 + TYPES.indexOf(field.type);
  let best = null;
  for (const field of facts.fields) {
    const ahead = step[0] * (field.index - here.index) + step[1] * (row(field) - row(here));
    const aside = step[0] ? row(field) - row(here) : field.index - here.index;
    if (ahead <= 0 || (step[0] && aside)) continue;
    const far = ahead + Math.abs(aside) * 3;
    if (!best || far < best.far) best = { field, far };
  }
  if (best) focusCell(best.field.id);
}

function focusCell(id) {
  for (const cell of document.querySelectorAll("#map-picture .cell")) cell.tabIndex = -1;
  const cell = document.querySelector(`#map-picture [data-id="${id}"]`);
  cell.tabIndex = 0;
  cell.focus();
}

function legend() {
  const families = Map.groupBy(facts.fields, (field) => field.requirement.family);
  return facts.families.filter((family) => families.has(family.id)).map((family) => el("button", {
    type: "button", class: `legend family-${family.id}`, "aria-pressed": "false",
    "data-family": family.id, onclick: (event) => lightFamily(event.currentTarget),
  }, el("span", { class: "swatch", "aria-hidden": "true" }, family.code), family.title,
  el("span", { class: "muted" }, ` ${families.get(family.id).length}`)));
}

function lightFamily(button) {
  const pressed = button.getAttribute("aria-pressed") !== "true";
  for (const each of document.querySelectorAll("#map-legend button")) {
    each.setAttribute("aria-pressed", String(pressed && each === button));
  }
  refreshLight();
}

/** Lights the cells of the family that is pressed in the legend. */
function refreshLight() {
  const family = document.querySelector("#map-legend [aria-pressed=true]")?.dataset.family;
  const picture = at("map-picture");
  picture.classList.toggle("lit", family !== undefined);
  for (const cell of picture.querySelectorAll(".cell")) {
    cell.classList.toggle("bright", cell.classList.contains(`family-${family}`));
  }
}

function timeline() {
  let total = 0;
  const all = facts.fields.length;
  const steps = facts.generations.map((generation) => {
    total += generation.fields.length;
    const fields = generation.fields.map((id) => model.byId.get(id));
    const byRequirement = Map.groupBy(fields, (field) => field.group);
    return el("li", {},
      el("span", { class: "year" }, String(generation.year)),
      el("div", { class: "generation" },
        el("strong", {}, generation.title), " ",
        el("span", { class: "muted" }, generation.first ? count(fields.length, "field")
          : `+${fields.length}`),
        el("span", { class: "growth", role: "img", "aria-label": `${total} of ${all} fields` },
          el("span", { style: `width:${100 * total / all}%` }))),
      generation.first ? null : el("div", { class: "brought" },
        [...byRequirement.values()].map((group) => el("span", {
          class: `pill family-${group[0].requirement.family}` },
        group.map((field, place) => [place ? ", " : "", fieldLink(field)])))));
  });
  const waiting = facts.fields.filter(
    (field) => !facts.generations.some((each) => each.fields.includes(field.id)));
  return el("ol", { class: "timeline" }, steps, waiting.length ? el("li", {},
    el("span", { class: "year" }, "later"),
    el("div", { class: "generation" }, el("strong", {}, "No processor in the collection yet"), " ",
      el("span", { class: "muted" }, count(waiting.length, "field"))),
    el("div", { class: "brought" }, waiting.map((field) => el("span", {
      class: `pill family-${field.requirement.family}` }, fieldLink(field))))) : null);
}

/** Draws map and timeline; the map shows the processor in view if there is one. */
function openMap() {
  const processor = currentProcessor();
  const existence = processor && at("map-cpu").checked
    ? evaluateProcessor(processor).existence : null;
  at("map-cpu-label").hidden = !processor;
  at("map-cpu-name").textContent = chosen.known?.name ?? processor?.name ?? "the pasted processor";
  at("map-picture").replaceChildren(fieldMap(existence));
  document.querySelector("#map-picture .cell").tabIndex = 0;
  refreshLight();
  describeCell(null);
  if (at("map-legend").childElementCount) return;
  at("map-legend").append(...legend());
  at("map-cpu").addEventListener("change", openMap);
  const picture = at("map-picture");
  const describe = (event) => {
    const cell = event.target.closest?.(".cell");
    if (cell) describeCell(model.byId.get(cell.dataset.id));
  };
  picture.addEventListener("pointerover", describe);
  picture.addEventListener("focusin", describe);
  picture.addEventListener("keydown", walkMap);
  at("timeline").hidden = !facts.generations.length;
  at("timeline-list").replaceChildren(timeline());
}
