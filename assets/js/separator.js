// The separator of device codes, as scanners type it.
export const GS = "\x1d";

/** Browsers put no GS into a text box: scanners send it as Ctrl+], some are set to F8. */
export function typesSeparator(event) {
  return (event.ctrlKey && (event.key === "]" || event.code === "BracketRight")) || event.key === "F8" || event.key === GS;
}

export function typeSeparator(event, box) {
  event.preventDefault();
  box.setRangeText(GS, box.selectionStart, box.selectionEnd, "end");
}
