// What can't be so in a processor's capability MSRs, in the words of core/consistency.py.

const WORD = 0xffffffffn;
const BASIC_RESERVED = 1n << 31n | 0b111n << 45n;
const VMCS_ENUM_BITS = 0x3fen;

/**
 * Every contradiction in capability MSR values (a Map of address to BigInt): {msr, bit, message}.
 *
 * `bit` is null where it is not one bit. MSRs that are missing are not judged.
 */
function inconsistencies(msrs) {
  return [
    ...setBits((msrs.get(VMX_BASIC) ?? 0n) & BASIC_RESERVED).map((bit) => contradiction(
      VMX_BASIC, bit, `bit ${bit} is reserved, zero, but reads 1`)),
    ...setBits((msrs.get(VMCS_ENUM) ?? 0n) & ~VMCS_ENUM_BITS).map((bit) => contradiction(
      VMCS_ENUM, bit, `bit ${bit} is reserved, zero, but reads 1 (SDM A.9)`)),
    ...facts.groups.flatMap((group) => [
      ...[group.msr, group.true_msr].filter((msr) => group.shift && msrs.has(msr))
        .flatMap((msr) => wrongSettings(group, msr, msrs.get(msr))),
      ...wrongTrueMsr(group, msrs),
      ...wrongActivation(group, msrs),
    ]),
  ];
}

function contradiction(msr, bit, message) {
  return { msr, bit, message };
}

/** The numbers of the set bits, ascending. */
function setBits(value) {
  const found = [];
  for (let bit = 0; bit < 64; bit += 1) if (value >> BigInt(bit) & 1n) found.push(bit);
  return found;
}

function controlAt(group, bit) {
  return group.controls.find((control) => control.bit === bit)?.name
    ?? `${group.id} control ${bit}`;
}

/** Controls that must be 1 (bits 31:0) and can't be 1 (bits 63:32). */
function wrongSettings(group, msr, value) {
  const must = value & WORD;
  const may = value >> 32n;
  const found = setBits(must & ~may).map((bit) => contradiction(msr, bit,
    `bit ${bit} says that ${controlAt(group, bit)} must be 1, bit ${bit + 32} that it can't be`));
  if (!group.default1) {
    found.push(...setBits(must & may).map((bit) => contradiction(msr, bit,
      `bit ${bit} reads 1, but bits 31:0 of this MSR are always 0`)));
  } else if (msr === group.msr) {
    found.push(...setBits(BigInt(group.default1) & ~must).map((bit) => contradiction(msr, bit,
      `bit ${bit} reads 0, but ${controlAt(group, bit)} is of the default1 class, whose ` +
      "0-setting only the TRUE_ MSR can allow")));
  }
  return found;
}

/** The TRUE_ MSR differs only in default1 controls that it allows to be 0 (SDM A.2 to A.5). */
function wrongTrueMsr(group, msrs) {
  const msr = group.true_msr;
  if (msr === null || !msrs.has(msr)) return [];
  const found = [];
  const basic = msrs.get(VMX_BASIC);
  if (basic !== undefined && !(basic >> TRUE_CONTROLS_BIT & 1n)) {
    found.push(contradiction(msr, null,
      `has a value, but bit ${TRUE_CONTROLS_BIT} of IA32_VMX_BASIC says that it does not exist`));
  }
  if (!msrs.has(group.msr)) return found;
  const plain = msrs.get(group.msr);
  const truth = msrs.get(msr);
  const differs = (bit, setting) => contradiction(msr, bit,
    `bit ${bit} (${controlAt(group, bit % 32)} ${setting} be 1) reads ` +
    `${truth >> BigInt(bit) & 1n}, but ${plain >> BigInt(bit) & 1n} in ${group.msr_name} ` +
    `(${hex(group.msr, 1)})`);
  const unlike = plain ^ truth;
  const allowed = BigInt(group.default1) & ~truth;
  found.push(...setBits(unlike >> 32n).map((bit) => differs(bit + 32, "can")));
  found.push(...setBits(unlike & WORD & ~allowed).map((bit) => differs(bit, "must")));
  return found;
}

/** A group's MSR that allows something, though the control that activates it can't be 1. */
function wrongActivation(group, msrs) {
  const value = (msrs.get(group.msr) ?? 0n) >> BigInt(group.shift);
  if (group.activated_by === null || !value) return [];
  const { name, bit, group: outer } = model.controls.get(group.activated_by);
  const place = outer.shift + bit;
  if (msrBit(msrs, outer.msr, place) !== false) return [];
  return setBits(value).map((each) => contradiction(group.msr, each + group.shift,
    `bit ${each + group.shift} (${controlAt(group, each)}) reads 1, but bit ${place} of ` +
    `${outer.msr_name} (${hex(outer.msr, 1)}) says that ${name} can't be 1`));
}
