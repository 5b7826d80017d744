// Exact decimals while typing: integers scaled by ten thousand. The server computes everything again.
const SCALE = 10000n;
const DIGITS = "零壹贰叁肆伍陆柒捌玖";

/** "1,234.5678" -> 12345678n; anything that is no number -> null. More than four decimals are cut (server says no). */
export function parse(text) {
  const plain = String(text ?? "")
    .replace(/[０-９．]/g, (c) => (c === "．" ? "." : String.fromCharCode(c.charCodeAt(0) - 0xfee0)))
    .replace(/[,\s，]/g, "");
  const match = plain.match(/^([-−]?)(\d*)(?:\.(\d*))?$/);
  if (!match || !(match[2] || match[3])) return null;
  const scaled = BigInt(match[2] || 0) * SCALE + BigInt((match[3] || "").slice(0, 4).padEnd(4, "0"));
  return match[1] ? -scaled : scaled;
}

function divideHalfUp(value, by) {
  const negative = value < 0n;
  const size = negative ? -value : value;
  const rounded = (size + by / 2n) / by;
  return negative ? -rounded : rounded;
}

/** Product of two scaled numbers, scaled. Rounded to 分 by `money`. */
export function multiply(a, b) {
  return divideHalfUp(a * b, SCALE * 100n) * 100n;
}

export function format(value, places) {
  const rounded = divideHalfUp(value, 10n ** BigInt(4 - places));
  const negative = rounded < 0n;
  const digits = (negative ? -rounded : rounded).toString().padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places).replace(/\B(?=(\d{3})+$)/g, ",");
  return (negative ? "-" : "") + whole + (places ? `.${digits.slice(-places)}` : "");
}

export const money = (value) => format(value, 2);
export const quantity = (value) => format(value, 4).replace(/\.?0+$/, "");

function section(number) {
  const units = ["", "拾", "佰", "仟"];
  let words = "";
  let zero = false;
  for (let place = 3; place >= 0; place -= 1) {
    const digit = Math.floor(number / 10 ** place) % 10;
    if (digit) {
      words += (zero && words ? "零" : "") + DIGITS[digit] + units[place];
      zero = false;
    } else {
      zero = true;
    }
  }
  return words;
}

/** Scaled yuan -> 人民币大写, as printed on a voucher. */
export function inWords(value) {
  const cents = divideHalfUp(value, 100n);
  const size = cents < 0n ? -cents : cents;
  const groups = ["", "万", "亿", "兆"];
  let yuan = size / 100n;
  const jiao = Number((size / 10n) % 10n);
  const fen = Number(size % 10n);
  let words = "";
  let gap = false;
  for (let index = 0; yuan > 0n && index < groups.length; index += 1) {
    const part = Number(yuan % 10000n);
    if (part) {
      words = section(part) + groups[index] + (gap && words ? "零" : "") + words;
      gap = part < 1000;
    } else {
      gap = Boolean(words);
    }
    yuan /= 10000n;
  }
  words = words ? `${words}元` : "";
  const tail = (jiao ? `${DIGITS[jiao]}角` : fen && words ? "零" : "") + (fen ? `${DIGITS[fen]}分` : "");
  const sign = cents < 0n ? "负" : "";
  return sign + (tail ? words + tail + (fen ? "" : "整") : `${words || "零元"}整`);
}
