// Quantities and prices typed in another unit of the thing: 2箱, or 617.28/箱. Exact, as the server counts.
const TYPED = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*(元?[/每])?\s*([^\d\s.,，/每元-][^\d\s]*)\s*$/;

function ratio(text) {
  const [whole, part = ""] = text.split(".");
  return [BigInt((whole || "0") + part), 10n ** BigInt(part.length)];
}

function decimals(num, den, places) {
  const scale = 10n ** BigInt(places);
  const digits = ((num * scale * 2n + den) / (den * 2n)).toString().padStart(places + 1, "0");
  const text = `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, "");
  return { text, exact: (num * scale) % den === 0n };
}

/** `units` maps a name to [num, den] base units. Nothing typed with a unit: an empty answer. */
export function inBaseUnits(typed, units) {
  const match = typed.match(TYPED);
  if (!match) return {};
  const [, number, per, name] = match;
  const unit = units[name];
  if (!unit) {
    const known = Object.keys(units).join("、");
    return { wrong: known ? `没有单位“${name}”，可用：${known}` : `没有登记单位“${name}”，请按基本单位填写` };
  }
  const [num, den] = unit.map(BigInt);
  const [top, bottom] = ratio(number);
  if (per) {
    const { text } = decimals(top * den, bottom * num, 6);
    return { value: text, said: `每${name} ${number} 元，折合每基本单位 ${text} 元` };
  }
  const { text, exact } = decimals(top * num, bottom * den, 4);
  if (!exact) return { wrong: `${number}${name} 不能折成四位小数以内的数量，请用较小的单位` };
  return { value: text, said: `${number}${name} = ${text} 基本单位` };
}
