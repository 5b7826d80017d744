// The zone that takes a file (ui/parts/drop.html) shows the name of the one it was given.
import { $, on } from "./dom.js";

on("change", ".drop input[type=file]", (_, input) => {
  const name = $("[data-file-name]", input.closest(".drop"));
  if (input.files.length) name.textContent = [...input.files].map((file) => file.name).join("、");
});
