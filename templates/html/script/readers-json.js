// Reader of JSON: MSR values by address, what `caps --format json` prints, QMP's CPU models.

const MODEL_COMPLETE = 50;
const JSON_DEPTH = 8;
const WITHOUT_VMX = "VMX is off in this CPU model";

/** Whether a control can be 1 in a guest whose QEMU property is `flag`; default1 ones always can. */
function allowedToGuest(name, flag) {
  const control = model.controls.get(name);
  return flag || Boolean(BigInt(control.group.default1) >> BigInt(control.bit) & 1n);
}

const qemuProperties = new Map([...model.controls.values()].flatMap((control) => {
  const property = control.names.qemu?.property;
  return property ? [[property, control.name]] : [];
}));

/** Notes what a QEMU property says of a control or feature. */
function tellProperty(draft, property, flag) {
  const name = qemuProperties.get(property);
  if (!name) return;
  if (name.startsWith("cpuid.")) setOnce(draft.features, name, flag);
  else setOnce(draft.controls, name, allowedToGuest(name, flag));
}

const jsonText = {
  // "[cpu 0] 0x480 = ..." does not begin like this.
  recognises: (text) => /^[ \t\r\n\ufeff]*(?:\{|\[[ \t\r\n\ufeff]*[[{\]])/.test(text),

  read(text) {
    const values = jsonText.values(text);
    const collector = new Collector();
    if (values === null) collector.fault("not JSON: cut short, or damaged");
    for (const value of values ?? []) jsonText.visit(collector, value, JSON_DEPTH);
    return collector.finish("JSON");
  },

  /** All JSON values of a text, one after the other, or null if it isn't JSON. */
  values(text) {
    const exact = text.replace(
      /"(?:[^"\\]|\\.)*"|NaN|-?Infinity|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/g,
      jsonText.exact);
    const found = [];
    let depth = 0;
    let start = 0;
    for (const { 0: token, index } of exact.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
      if (token === "{" || token === "[") depth += 1;
      if (token === "}" || token === "]") depth -= 1;
      if (depth !== 0 || token[0] === '"') continue;
      try {
        found.push(JSON.parse(exact.slice(start, index + 1).replace(/^\ufeff/, "")));
      } catch {
        return null;
      }
      start = index + 1;
    }
    return /^[ \t\r\n\ufeff]*$/.test(exact.slice(start)) ? found : null;
  },

  /** A number of 16 digits and more, which no double holds, as text; one with a fraction as none. */
  exact(token) {
    if (token[0] === '"' || /^-?\d{1,15}$/.test(token)) return token;
    if (/[NI]/.test(token)) return `"${token}"`; // NaN and Infinity, which Python reads
    if (/[.eE]/.test(token)) return "[]";
    return `"${token[0] === "-" ? "negative" : hex(BigInt(token), 1)}"`;
  },

  visit(collector, value, depth) {
    if (Array.isArray(value)) {
      if (depth) value.forEach((item) => jsonText.visit(collector, item, depth - 1));
    } else if (isObject(value) && !jsonText.object(collector, value) && depth) {
      for (const [key, inner] of Object.entries(value)) {
        if (typeof inner !== "object" || inner === null) continue;
        const numbered = /^(?:cpu)?[ _#]?(\d{1,6})$/i.exec(key);
        collector.select(numbered ? Number(numbered[1]) : null);
        jsonText.visit(collector, inner, depth - 1);
      }
    }
  },

  /** Takes an object of one of the three forms; false if it is none of them. */
  object(collector, found) {
    if (isObject(found.props)) {
      jsonText.cpuModel(collector, found.name ?? "", found.props);
      return true;
    }
    const msrs = Object.hasOwn(found, "msrs") ? found.msrs : found;
    if (!isObject(msrs)) return false;
    const readings = Object.entries(msrs).map(([key, value]) => [jsonText.address(key), value])
      .filter(([address]) => address !== null);
    if (!readings.length && !(Object.hasOwn(found, "msrs") && isObject(found.controls))) return false;
    if (tells(collector.current)) collector.begin();
    const seen = new Set();
    for (const [address, value] of readings) {
      if (seen.has(address) || value === null) continue;
      if (!["string", "number"].includes(typeof value)) {
        collector.fault(`the value of MSR ${hex(address, 1)} is neither an integer nor text`);
        continue;
      }
      seen.add(address);
      const digits = typeof value === "string" ? value : value < 0 ? "negative" : value.toString(16);
      collector.msr(address, digits, 0);
    }
    if (Object.hasOwn(found, "msrs")) jsonText.report(collector.current, found);
    return true;
  },

  /** What a report of `vmcsgen caps` tells beside the MSRs. */
  report(draft, found) {
    if (typeof found.cpu === "string") draft.name = found.cpu || null;
    draft.identity = jsonText.identity(found);
    if (Array.isArray(found.logical_cpus)) {
      draft.numbers = found.logical_cpus.filter(
        (each) => Number.isInteger(each) && each >= 0 && each < 10 ** 6);
    }
    draft.virtual = typeof found.virtual === "boolean" ? found.virtual : null;
    for (const [key, target] of [["controls", draft.controls], ["features", draft.features]]) {
      for (const [name, truth] of Object.entries(isObject(found[key]) ? found[key] : {})) {
        if (model.controls.has(name) && typeof truth === "boolean") target.set(name, truth);
      }
    }
    for (const name of Object.keys(isObject(found.inferred) ? found.inferred : {})) {
      draft.features.delete(name);
    }
  },

  /** Vendor and signature, which no report has leaves for; null where it has neither. */
  identity(found) {
    const [family, model_, stepping] = [found.family, found.model, found.stepping].map(
      (each) => Number.isInteger(each) && each >= 0 ? each : null);
    const vendor = typeof found.vendor === "string" ? found.vendor : "";
    return vendor || family !== null ? { vendor, family, model: model_, stepping } : null;
  },

  address(key) {
    const lower = key.trim().toLowerCase();
    const address = msrNames.get(lower.replace(/^msr_/, "")) ?? parseHexadecimal(lower.slice(0, 20));
    return address !== null && address >= FIRST_MSR && address <= LAST_MSR ? Number(address) : null;
  },

  cpuModel(collector, name, props) {
    if (props.vmx === false) {
      collector.fault(`${WITHOUT_VMX}: ask for it with "props": {"vmx": true}`);
      return;
    }
    const draft = collector.begin();
    draft.name = String(name) || null;
    draft.virtual = true;
    for (const [key, flag] of Object.entries(props)) {
      if (typeof flag === "boolean") tellProperty(draft, key, flag);
    }
    const whole = Object.keys(props).filter((key) => key.startsWith("vmx-")).length;
    if (whole >= MODEL_COMPLETE && props.migratable !== false) {
      for (const control of model.controls.values()) {
        const { property, macro } = control.names.qemu ?? {};
        if (control.leaf !== undefined) {
          if (property !== undefined) setOnce(draft.features, control.name, false);
        } else if (property !== undefined || !macro) {
          setOnce(draft.controls, control.name, allowedToGuest(control.name, false));
        }
      }
    }
    if (typeof props.vendor === "string" && /^[\0-\x7f]{12}$/.test(props.vendor) &&
      Number.isInteger(props.level)) {
      const register = (at) => BigInt([3, 2, 1, 0].reduce(
        (value, byte) => value * 256 + props.vendor.charCodeAt(at + byte), 0));
      const level = BigInt.asUintN(32, BigInt(props.level));
      setOnce(draft.cpuid, "0/0", [level, register(0), register(8), register(4)]);
    }
    const numbers = [props.family, props.model, props.stepping];
    if (numbers.every((each) => Number.isInteger(each) && each >= 0 && each <= 0xff)) {
      const [family, model_, stepping] = numbers;
      const eax = Math.max(0, family - 0xf) << 20 | model_ >> 4 << 16 |
        Math.min(family, 0xf) << 8 | (model_ & 0xf) << 4 | stepping & 0xf;
      setOnce(draft.cpuid, "1/0", [BigInt(eax), 0n, 0n, 0n]);
    }
  },
};

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
