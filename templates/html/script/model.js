// The facts of the spec, as the generator wrote them into the page, and look-ups over them.

const facts = JSON.parse(document.getElementById("facts").textContent);

const model = (() => {
  const byId = new Map(facts.fields.map((field) => [field.id, field]));
  const byEncoding = new Map();
  for (const field of facts.fields) {
    byEncoding.set(field.encoding, field);
    if (field.width === "64") byEncoding.set(field.encoding + 1, field);
    field.requirement = facts.requirements[field.group];
  }
  const controls = new Map();
  for (const group of facts.groups) {
    for (const control of group.controls) {
      control.group = group;
      controls.set(control.name, control);
    }
  }
  for (const feature of facts.features) controls.set(feature.name, feature);
  for (const control of controls.values()) control.fields = [];
  for (const field of facts.fields) {
    for (const name of field.requirement.names) controls.get(name).fields.push(field);
  }
  return {
    byId,
    byEncoding,
    controls,
    groups: new Map(facts.groups.map((group) => [group.id, group])),
    projects: new Map(facts.projects.map((project) => [project.id, project])),
    sources: new Map(facts.sources.map((source) => [source.id, source])),
    cpus: new Map(facts.cpus.map((cpu) => [cpu.id, cpu])),
    rungByField: new Map(
      facts.ladder.flatMap((rung) => rung.fields.map((id) => [id, rung])),
    ),
  };
})();

/** The control whose support the group of a control presupposes, or null. */
function activation(name) {
  return model.controls.get(name)?.group?.activated_by ?? null;
}

/** The names with the activating controls they presuppose, each before what it activates. */
function closure(names) {
  const ordered = new Set();
  const add = (name) => {
    const activating = activation(name);
    if (activating) add(activating);
    ordered.add(name);
  };
  names.forEach(add);
  return [...ordered];
}
