// Everything known of one field, as `vmcsgen show` tells it.

/** Fills the detail panel with a field; `high` if its high half was asked for. */
function showDetail(field, high = false) {
  const panel = at("detail");
  const encoding = BigInt(field.encoding + Number(high));
  show(panel,
    el("header", {},
      el("button", { type: "button", class: "close", "aria-label": "Close", onclick: closeDetail },
        "×"),
      el("h2", { id: "detail-title", tabindex: "-1" }, field.title, high ? " (high 32 bits)" : ""),
      el("p", { class: "identity" },
        el("code", {}, field.id), " ", copyButton(field.id, `Copy ${field.id}`),
        statusTag(field))),
    encodingLine(field, high),
    bitStrip(encoding),
    section("Exists", existence(field)),
    section("Names", namesTable(field)),
    field.formerly.length ? section("Formerly", el("p", {}, field.formerly.join("; "))) : null,
    field.note ? section("Note", el("p", {}, field.note)) : null,
    differences(field),
    section("Where it is written", provenance(field)),
    neighbours(field));
  panel.hidden = false;
  document.body.classList.add("has-detail");
}

/** Empties the panel and gives the list its room back. */
function closeDetail() {
  const panel = at("detail");
  if (panel.hidden || at("view-fields").hidden) return;
  panel.hidden = true;
  document.body.classList.remove("has-detail");
  const row = document.querySelector("tr.selected");
  row?.classList.remove("selected");
  // "/" has closed the field, too, but the focus is where it should be.
  if (document.activeElement !== at("search")) {
    row?.querySelector("a")?.focus({ preventScroll: true });
  }
  if (location.hash !== "#fields") history.replaceState(null, "", "#fields");
}

function section(title, ...content) {
  return el("section", {}, el("h3", {}, title), content);
}

/** A mark for a field that is not in the SDM edition. */
function statusTag(field) {
  return field.status === "sdm" ? null
    : el("span", { class: `tag status-${field.status}` }, field.status);
}

function encodingLine(field, high) {
  const one = (value, label, current) => el("span", { class: "encoding" },
    el("a", { href: `#${hex(value)}`, "aria-current": current ? "true" : null }, hex(value)),
    el("span", { class: "muted" }, label, " ", String(value)),
    copyButton(hex(value), `Copy ${hex(value)}`));
  return el("p", { class: "encodings" },
    one(field.encoding, field.width === "64" ? "full" : "", !high),
    field.width === "64" ? one(field.encoding + 1, "high half", high) : null);
}

function existence(field) {
  const { requirement } = field;
  const steps = closure(requirement.names).map((name) => reportedBy(model.controls.get(name)));
  const rung = model.rungByField.get(field.id);
  const brought = facts.generations.find((each) => each.fields.includes(field.id));
  return [
    el("p", {}, "Exists ", requirement.words, "."),
    el("p", {}, requirementPills(requirement.requires)),
    steps.length ? el("ul", { class: "reported" }, steps) : null,
    el("p", { class: "muted" }, broughtBy(field, brought)),
    rung ? el("p", {}, "Where it exists and no field with a higher index does, ",
      "IA32_VMX_VMCS_ENUM is ", el("strong", {}, hex(rung.vmcs_enum, 1)), ".") : null,
  ];
}

function broughtBy(field, generation) {
  if (!facts.generations.length) return null;
  if (!generation) return "No processor in the collection has it yet.";
  const named = `${generation.title} (${generation.year})`;
  return generation.first ? `Already in the oldest generation of the collection, ${named}.`
    : `First seen in ${named}.`;
}

function reportedBy(control) {
  if (control.leaf !== undefined) {
    return el("li", {}, el("code", {}, control.name), `: ${cpuidPlace(control)}`);
  }
  const { group } = control;
  const truth = group.true_msr === null ? ""
    : `, or ${group.true_msr_name} (${hex(group.true_msr, 1)})`;
  return el("li", {}, el("a", { href: `#${control.name}` }, el("code", {}, control.name)),
    `: ${group.msr_name} (${hex(group.msr, 1)}) bit ${control.bit + group.shift}${truth}`);
}

/** CPUID.(0x7,1):EAX bit 17 */
function cpuidPlace(feature) {
  return `CPUID.(${hex(feature.leaf, 1)},${feature.subleaf}):${feature.register.toUpperCase()} ` +
    `bit ${feature.bit}`;
}

function namesTable(field) {
  const rows = facts.projects.map((project) => {
    const names = [...(field.names[project.id] ?? [])];
    if (field.high_names[project.id]) names.push(field.high_names[project.id]);
    const shown = names.map((name) => el("code", {}, name));
    return el("tr", { class: names.length ? null : "lacks" },
      el("th", { scope: "row" }, el("a", { href: `#projects=${project.id}` }, project.title)),
      el("td", {}, shown.length ? shown : "lacks it"));
  });
  return el("table", { class: "names" }, el("tbody", {}, rows));
}

function differences(field) {
  const found = facts.disagreements.filter((each) => each.fields.includes(field.id));
  return found.length ? section("Known differences", found.map(disagreement)) : null;
}

/** A known difference between the spec and a code base or document, under its party's name. */
function disagreement(each) {
  return difference(each, each.party);
}

/** A known difference below a heading of a few words. */
function difference(each, heading) {
  return el("details", { class: "disagreement" },
    el("summary", {}, el("strong", {}, heading), ": ", each.theirs),
    el("p", {}, el("span", { class: "muted" }, "Here: "), each.ours, "."),
    el("p", {}, each.reason));
}

function provenance(field) {
  const sources = field.sources.map((id) => {
    const source = model.sources.get(id);
    return el("li", {}, source.title, ", ", source.edition,
      el("span", { class: "muted" }, ` (${id})`), el("br"),
      el("span", { class: "muted" }, source.where));
  });
  return [
    el("p", {}, `Table ${field.table}, ${facts.tables[field.table]}; status ${field.status}.`),
    el("ul", {}, sources),
  ];
}

function neighbours(field) {
  const place = facts.fields.indexOf(field);
  const link = (other, relation, label) => other
    ? el("a", { href: `#${other.id}`, rel: relation }, label, " ", el("code", {},
      hex(other.encoding)))
    : el("span", {});
  return el("nav", { class: "neighbours", "aria-label": "Neighbouring fields" },
    link(facts.fields[place - 1], "prev", "←"), link(facts.fields[place + 1], "next", "→"));
}
