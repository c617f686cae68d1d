// Reader of logs of our own probe (docs/probe.md), whose lines are numbered and have checksums.

const probeLog = {
  recognises: (text) => /@vmcs[0-9]{1,4} [0-9a-f]{4} /.test(text),

  /** The processor of the last complete run. */
  read(text) {
    const collector = new Collector();
    const run = probeLog.runs(text).findLast(probeLog.complete);
    if (!run) collector.fault("the log of the probe has no complete, undamaged run");
    const leaves = new Map();
    const msrs = new Map();
    for (const { words: [kind, ...rest] } of run?.lines ?? []) {
      if (kind === "cpuid") leaves.set(`${parseInt(rest[0], 16)}/${parseInt(rest[1], 16)}`, rest);
      if (kind === "msr" && !rest[1].startsWith("trap")) msrs.set(parseInt(rest[0], 16), rest[1]);
    }
    for (const [leaf, subleaf, ...registers] of leaves.values()) {
      collector.leaf(parseInt(leaf, 16), parseInt(subleaf, 16), registers);
    }
    for (const [address, value] of msrs) collector.msr(address, value, 0);
    if (run?.host) collector.current.virtual = true;
    return collector.finish("probe log");
  },

  /** The runs of a log: their lines, the host's before them, whether one with a mark is damaged. */
  runs(text) {
    const found = [];
    let wounded = false;
    let host = null;
    for (const mark of text.matchAll(/@vmcs([0-9]{1,4}) (?=[0-9a-f]{4} |host )/g)) {
      const line = probeLog.line(text.slice(mark.index + mark[0].length,
        mark.index + mark[0].length + LINE_LIMIT), Number(mark[1]));
      // What stands behind `end` belongs to another run, whatever its number.
      const between = (found.at(-1)?.lines.at(-1).words[0] ?? "end") === "end";
      if (line === null) {
        if (between) wounded = true;
        else found.at(-1).damaged = true;
      } else if (line.number === null) {
        host = line;
      } else {
        if (line.number === 0 || between) {
          found.push({ lines: [], damaged: wounded, host });
          [wounded, host] = [false, null];
        }
        found.at(-1).lines.push(line);
      }
    }
    return found;
  },

  /** {number, words} of a sound line of this version of the protocol, else null. */
  line(rest, version) {
    const found = /^([ -~]{1,400}?) \*([0-9a-f]{4})/.exec(rest);
    if (version !== 1 || !found || probeLog.checksum(found[1]) !== parseInt(found[2], 16)) {
      return null;
    }
    const [number, ...words] = found[1].split(/ +/);
    return { number: number === "host" ? null : parseInt(number, 16), words };
  },

  /** CRC-16/CCITT-FALSE. */
  checksum(body) {
    let crc = 0xffff;
    for (const character of body) {
      crc ^= character.charCodeAt(0) << 8;
      for (let bit = 0; bit < 8; bit += 1) {
        crc = crc & 0x8000 ? (crc << 1 ^ 0x1021) & 0xffff : crc << 1;
      }
    }
    return crc;
  },

  complete({ lines, damaged }) {
    const kinds = lines.map((line) => line.words[0]);
    return !damaged && lines.every((line, place) => line.number === place) &&
      kinds.at(-1) === "end" && ["begin", "sweep", "verdict"].every((kind) => kinds.includes(kind));
  },
};
