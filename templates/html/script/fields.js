// The list of fields: search box, filters, keyboard.

const rows = new Map(
  [...document.querySelectorAll("#field-table tr[id]")].map((row) => [row.id, row]),
);
const homes = new Map([...rows.values()].map((row) => [row, row.parentElement]));

const FILTERS = {
  width: (field, value) => field.width === value,
  type: (field, value) => field.type === value,
  requires: (field, value) => value === "conditional"
    ? field.requirement.requires !== "always"
    : String(field.group) === value,
  control: (field, value) => closure(field.requirement.names).includes(value),
  status: (field, value) => field.status === value,
  project: (field, value) => value.startsWith("-")
    ? !(value.slice(1) in field.names)
    : value in field.names,
};

/** Height of the finder with its filters on one line, in pixels; style/views.css has it in rem. */
const FINDER_HEIGHT = 110;

/** The chosen filters, by name. */
function chosenFilters() {
  return Object.fromEntries(
    Object.keys(FILTERS).map((name) => [name, at(`filter-${name}`).value])
      .filter(([, value]) => value),
  );
}

/** The fields that pass search and filters, best first: what the list shows. */
function selectFields(query, filters) {
  return search(query).filter(
    ({ field }) => Object.entries(filters).every(([name, value]) => FILTERS[name](field, value)),
  );
}

/** Brings the list in line with search box and filters. */
function refreshFields() {
  const query = at("search").value;
  const filters = chosenFilters();
  const found = selectFields(query, filters);
  const ranked = Boolean(fold(query));
  const shown = new Map(found.map((hit) => [hit.field.id, hit]));
  const hits = at("hits");
  for (const [id, row] of rows) {
    row.hidden = !shown.has(id);
    const why = row.querySelector(".why");
    const label = shown.get(id)?.label ?? "";
    if (why.textContent !== label) why.textContent = label;
  }
  if (ranked) hits.append(...found.map(({ field }) => rows.get(field.id)));
  else if (hits.childElementCount) for (const [row, home] of homes) home.append(row);
  for (const body of document.querySelectorAll("#field-table tbody.table")) {
    body.hidden = ranked || !body.querySelector("tr[id]:not([hidden])");
  }
  describeResult(query, found);
  const active = Object.keys(filters).length;
  at("filters-button").textContent = active ? `Filters (${active})` : "Filters";
  at("clear").hidden = !ranked && !active;
  return found;
}

function describeResult(query, found) {
  const total = facts.fields.length;
  at("result").textContent = found.length === total ? `${total} fields`
    : `${found.length} of ${total} fields`;
  const empty = at("nothing");
  empty.hidden = found.length > 0;
  at("field-table").hidden = !found.length;
  if (found.length) return;
  const number = parseNumber(query);
  const close = number === null ? suggestions(query) : [];
  empty.replaceChildren(el("p", {}, number === null ? "No field fits. "
    : decode(number).reason ?? "The filters leave it out."));
  if (number !== null) {
    empty.append(el("p", {}, el("a", { href: `#decoder=${hex(number)}` }, "Take it apart")));
  }
  if (close.length) {
    empty.append(el("p", {}, "Did you mean ",
      close.map((field, place) => [place ? ", " : "", fieldLink(field, field.id)]), "?"));
  }
}

/** Marks a field's row, and brings it into sight. */
function selectRow(field) {
  document.querySelector("tr.selected")?.classList.remove("selected");
  const row = rows.get(field.id);
  row.classList.add("selected");
  if (row.hidden) {
    clearSearch();
    refreshFields();
  }
  bringIntoSight(row);
}

/** Scrolls to a row, unless it is in sight already. */
function bringIntoSight(row) {
  const { top, bottom } = row.getBoundingClientRect();
  const covered = document.querySelector("#view-fields .finder").getBoundingClientRect().bottom;
  const narrow = matchMedia("(max-width: 960px)").matches;
  if (!narrow && top >= covered && bottom <= innerHeight) return;
  // On a narrow window the detail covers what is below.
  const scroll = () => row.scrollIntoView({ block: narrow ? "start" : "center" });
  scroll();
  // Rows on the way have their real height only when they were laid out.
  requestAnimationFrame(() => requestAnimationFrame(scroll));
}

function clearSearch() {
  at("search").value = "";
  for (const name of Object.keys(FILTERS)) at(`filter-${name}`).value = "";
}

function visibleLinks() {
  return [...document.querySelectorAll("#field-table tr[id]:not([hidden]) a.title")];
}

/** Arrow keys walk through the list, from the search box too. */
function walkList(event) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const links = visibleLinks();
  const place = links.indexOf(document.activeElement);
  const next = place + (event.key === "ArrowDown" ? 1 : -1);
  if (next < 0) at("search").focus();
  else links[next]?.focus();
  event.preventDefault();
}

function startFields() {
  // The list and the detail begin below the finder, however many lines its filters take. One line
  // is what the styles take for granted: the first paint needs no second layout.
  const finder = document.querySelector("#view-fields .finder");
  new ResizeObserver(([{ borderBoxSize: [{ blockSize }] }]) => {
    const { style } = document.documentElement;
    if (!blockSize) return; // Another view is open.
    if (Math.abs(blockSize - FINDER_HEIGHT) > 6) style.setProperty("--finder", `${blockSize}px`);
    else style.removeProperty("--finder");
  }).observe(finder);
  const search_box = at("search");
  search_box.addEventListener("input", refreshFields);
  search_box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      const [best] = refreshFields();
      if (best) location.hash = best.high ? hex(best.field.encoding + 1) : best.field.id;
    }
    if (event.key === "ArrowDown") walkList(event);
  });
  at("field-table").addEventListener("keydown", walkList);
  at("field-table").addEventListener("click", (event) => {
    const row = event.target.closest("tr[id]");
    if (row && !event.target.closest("a") && !getSelection().toString()) location.hash = row.id;
  });
  for (const name of Object.keys(FILTERS)) {
    at(`filter-${name}`).addEventListener("change", refreshFields);
  }
  at("filters-button").addEventListener("click", ({ currentTarget }) => {
    const open = finder.classList.toggle("open");
    currentTarget.setAttribute("aria-expanded", String(open));
  });
  at("clear").addEventListener("click", () => {
    clearSearch();
    refreshFields();
    search_box.focus();
  });
  // A reload may have kept what was typed; else the list is complete as it stands.
  if (fold(search_box.value) || Object.keys(chosenFilters()).length) refreshFields();
}
