// What follows from capability MSRs, as core/capabilities.py and core/enumeration.py derive it.
// Truths are true, false or null (unknown). MSR values are BigInt.

const TRUE_CONTROLS_BIT = 55n;
const VMX_BASIC = 0x480;
const VMCS_ENUM = 0x48a;

/** Kleene's "and". */
function both(left, right) {
  if (left === false || right === false) return false;
  return left === null || right === null ? null : true;
}

/** Whether a requirement (as the spec writes it) holds; `truthOf` answers for a name. */
function evaluate(requires, truthOf) {
  if (requires === "always") return true;
  if (typeof requires === "string") return truthOf(requires);
  const [operator] = Object.keys(requires);
  const decisive = operator === "any";
  let unknown = false;
  for (const operand of requires[operator]) {
    const truth = evaluate(operand, truthOf);
    if (truth === decisive) return decisive;
    unknown ||= truth === null;
  }
  return unknown ? null : !decisive;
}

/** The MSR that reports a group's allowed 1-settings among `msrs` (a Map), or null. */
function reportingMsr(group, msrs) {
  if (group.true_msr !== null && msrs.has(group.true_msr)) {
    const basic = msrs.get(VMX_BASIC);
    if (basic === undefined || basic >> TRUE_CONTROLS_BIT & 1n) return group.true_msr;
  }
  return msrs.has(group.msr) ? group.msr : null;
}

/** Bit `bit` of MSR `msr` as a truth. */
function msrBit(msrs, msr, bit) {
  const value = msrs.get(msr);
  return value === undefined ? null : Boolean(value >> BigInt(bit) & 1n);
}

/**
 * The truth of every control and feature that a processor tells.
 *
 * `processor` has msrs (Map of address to BigInt), and may have controls and features (Maps of
 * name to boolean, as a source told them by name) and virtual (true, false or null).
 */
function capabilitiesOf({ msrs, controls = new Map(), features = new Map(), virtual = null }) {
  const bits = new Map();
  for (const group of facts.groups) {
    const msr = reportingMsr(group, msrs);
    for (const control of group.controls) {
      const told = controls.get(control.name) ?? null;
      bits.set(control.name, msr === null ? told : msrBit(msrs, msr, control.bit + group.shift));
    }
  }
  for (const feature of facts.features) bits.set(feature.name, features.get(feature.name) ?? null);
  const truths = new Map();
  const close = (name) => {
    if (!truths.has(name)) {
      const activating = activation(name);
      truths.set(name, activating ? both(bits.get(name), close(activating)) : bits.get(name));
    }
    return truths.get(name);
  };
  for (const name of bits.keys()) close(name);
  const inferred = new Map();
  for (const feature of facts.features) {
    if (truths.get(feature.name) !== null) continue;
    const found = infer(feature, truths, msrs, virtual);
    if (found) {
      inferred.set(feature.name, found);
      truths.set(feature.name, found.conclusion);
    }
  }
  return { truths, inferred };
}

function infer(feature, truths, msrs, virtual) {
  return feature.inferences.find((inference) => {
    if (inference.hardware_only && virtual) return false;
    const witness = inference.control !== null
      ? truths.get(inference.control)
      : msrBit(msrs, inference.msr, inference.bit);
    return witness === inference.when;
  });
}

/** Which fields exist, what VMCS_ENUM derives, which rung decides. */
function evaluateProcessor(processor) {
  const { truths, inferred } = capabilitiesOf(processor);
  const truthOf = (name) => truths.get(name);
  const existence = new Map();
  let index = -1;
  let upper = -1;
  for (const field of facts.fields) {
    const truth = evaluate(field.requirement.requires, truthOf);
    existence.set(field.id, truth);
    if (truth !== false) upper = Math.max(upper, field.index);
    if (truth) index = Math.max(index, field.index);
  }
  const rungs = facts.ladder.map((rung) => ({ ...rung, truth: evaluate(rung.requires, truthOf) }));
  const reported = processor.msrs.get(VMCS_ENUM) ?? null;
  return {
    truths,
    inferred,
    existence,
    derived: Math.max(index, 0) << 1,
    upper: Math.max(upper, 0) << 1,
    exact: index === upper,
    reported,
    rungs,
    deciding: rungs.findIndex((rung) => rung.truth === true),
  };
}
