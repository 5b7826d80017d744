// Enough of a GS1 code to find a line without a network: product, lot. The server reads the whole code.
const GS = "\u001d";
const FIXED = { "00": 18, "01": 14, "02": 14, 11: 6, 12: 6, 13: 6, 15: 6, 16: 6, 17: 6, 20: 2 };
const VARIABLE = new Set(["10", "21", "22", "30", "37"]);

/** `{code, lot}` of a scan: a code of ours (`HC001*LOT`), or a GTIN taken out of its element string. */
export function read(raw) {
  const text = raw.trim().replace(/^\](C1|d2|Q3|e0|J1)/, "");
  const plain = text.replace(/\((\d{2})\)/g, (_, ai) => `${GS}${ai}`).replace(/^\u001d/, "");
  if (!/^01\d{14}/.test(plain)) {
    const [code, lot = ""] = text.split("*");
    return { code, lot };
  }
  const found = {};
  let rest = plain;
  while (rest) {
    rest = rest.replace(/^\u001d+/, "");
    const ai = rest.slice(0, 2);
    if (FIXED[ai]) {
      found[ai] = rest.slice(2, 2 + FIXED[ai]);
      rest = rest.slice(2 + FIXED[ai]);
    } else if (VARIABLE.has(ai)) {
      const end = rest.indexOf(GS);
      found[ai] = end < 0 ? rest.slice(2) : rest.slice(2, end);
      rest = end < 0 ? "" : rest.slice(end);
    } else break;
  }
  return { code: found["01"], lot: found["10"] ?? "" };
}

const bare = (code) => code.replace(/^0+/, "");

/** Lines a scan may mean. */
export function matches(lines, { code, lot }) {
  const same = lines.filter((line) => line.codes.some((one) => one === code || (/^\d{8,14}$/.test(code) && bare(one) === bare(code))));
  return { same, exact: lot ? same.filter((line) => line.lot === lot) : same };
}
