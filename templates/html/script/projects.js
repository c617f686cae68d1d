// The projects page: who names what, who lacks what, and the largest index each can tell of.

function namedBy(project) {
  return facts.fields.filter((field) => project.id in field.names);
}

function projectRow(project) {
  const named = namedBy(project);
  const differs = facts.disagreements.find(
    (each) => each.kind === "vmcs_enum" && each.party_id === project.id,
  );
  return el("tr", {},
    el("th", { scope: "row" }, el("a", { href: `#projects=${project.id}` }, project.title),
      el("div", { class: "muted" }, project.version)),
    el("td", { class: "number", "data-label": "names" }, meter(named.length)),
    el("td", { class: "number", "data-label": "lacks" },
      String(facts.fields.length - named.length)),
    el("td", { class: "number", "data-label": "highest index" }, String(project.max_index)),
    el("td", { class: "number", "data-label": "VMCS_ENUM of its list" },
      el("code", {}, hex(project.max_index << 1, 1))),
    el("td", { "data-label": "reports" }, differs ? differs.theirs : ""));
}

function meter(number) {
  const share = Math.round(100 * number / facts.fields.length);
  return el("span", { class: "meter" },
    el("span", {}, el("span", { style: `width:${share}%` })), String(number));
}

function matrix() {
  const head = el("tr", {}, el("th", { scope: "col" }, "field"), facts.projects.map((project) =>
    el("th", { scope: "col", class: "slanted" }, el("a", {
      href: `#projects=${project.id}`, title: project.title }, project.id))));
  const rowsOf = facts.fields.map((field) => el("tr", { "data-lacking":
    facts.projects.some((project) => !(project.id in field.names)) ? "" : null },
  el("th", { scope: "row" }, el("code", {}, hex(field.encoding)), " ", fieldLink(field)),
  facts.projects.map((project) => {
    const names = field.names[project.id];
    return names
      ? el("td", { class: "has", title: `${project.title}: ${names.join(", ")}` },
        el("span", { class: "hidden" }, "named"))
      : el("td", { class: "lacks", title: `${project.title} lacks it` },
        el("span", { class: "hidden" }, "lacking"));
  })));
  return el("div", { class: "scroll matrix-box", tabindex: "0", role: "region",
    "aria-label": "Which project names which field" },
  el("table", { class: "matrix" }, el("thead", {}, head), el("tbody", {}, rowsOf)));
}

function projectDetail(project) {
  const named = namedBy(project);
  const lacking = facts.fields.filter((field) => !(project.id in field.names));
  const differences = facts.disagreements.filter((each) => each.party_id === project.id);
  return el("article", { class: "card", "aria-labelledby": "project-title" },
    el("h3", { id: "project-title", tabindex: "-1" }, project.title,
      el("span", { class: "muted" }, ` ${project.version}`)),
    el("p", {}, project.files.map((file) => [el("code", {}, file.path), " "])),
    el("p", {}, `Names ${count(named.length, "field")} and `,
      `${count(project.controls, "control")}. The highest index it names is ${project.max_index}, `,
      "so its list alone gives IA32_VMX_VMCS_ENUM ",
      el("strong", {}, hex(project.max_index << 1, 1)), "."),
    project.subsets.map((subset) => el("p", {}, `${subset.title}: `,
      `${count(subset.fields, "field")}, highest index ${subset.max_index} (`,
      el("code", {}, hex(subset.max_index << 1, 1)), ").")),
    lacking.length ? el("details", { open: lacking.length <= 12 },
      el("summary", {}, `Lacks ${count(lacking.length, "field")}`),
      el("ul", { class: "columns" }, lacking.map((field) => el("li", {},
        el("code", {}, hex(field.encoding)), " ", fieldLink(field))))) : el("p", {},
      "Names every field."),
    project.extras.length ? el("p", {}, "Has constants that are no field: ",
      project.extras.map((extra) => [el("code", {}, extra.name), ` (${extra.reason}) `])) : null,
    differences.length ? [el("h4", {}, "Known differences"), differences.map(projectDifference)] : null);
}

/** A known difference under the names of what it is about, of which three are told. */
function projectDifference(each) {
  const about = [...each.fields.map((id) => model.byId.get(id).title), ...each.controls];
  const heading = about.slice(0, 3).join(", ") +
    (about.length > 3 ? ` and ${about.length - 3} more` : "");
  const found = difference(each, heading || (each.kind === "vmcs_enum" ? "IA32_VMX_VMCS_ENUM"
    : each.kind.replaceAll("_", " ")));
  if (about.length > 3) {
    found.append(el("p", {}, each.fields.map((id, place) =>
      [place ? ", " : "", fieldLink(model.byId.get(id))]),
    each.controls.map((name) => [" ", controlPill(name)])));
  }
  return found;
}

/** Opens the projects page, with one project in full if it is named. */
function openProjects(id) {
  const table = at("project-rows");
  if (!table.childElementCount) {
    table.append(...facts.projects.map(projectRow));
    at("project-matrix").append(matrix());
    at("matrix-lacking").addEventListener("change", (event) => {
      at("project-matrix").classList.toggle("only-lacking", event.target.checked);
    });
  }
  const project = model.projects.get(id);
  show(at("project-detail"), project ? projectDetail(project) : null);
  if (project) at("project-title").focus();
}
