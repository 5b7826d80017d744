// npm ci && node assets/build.mjs  ->  static/dist/{app.js,charts.js,handheld.js,style.css,icons.svg,fonts/*}
//
// Icons are cut out of @tabler/icons into one sprite: every name written as {% icon "name" %} in a template or as
// icon="name" in Python. A name that does not exist fails the build.
import { build, context } from "esbuild";
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const out = "static/dist";
const watching = process.argv.includes("--watch");

const ICON_USES = {
  ".html": [/\{%\s*icon\s+["']([a-z0-9-]+)["']/g, /\bicon=["']([a-z0-9-]+)["']/g],
  ".py": [/\bicon\s*=\s*"([a-z0-9-]+)"/g, /\bicon:\s*str\s*=\s*"([a-z0-9-]+)"/g],
  ".js": [/\bicon\("([a-z0-9-]+)"/g],
};

function filesUnder(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (name === "__pycache__" || name === "node_modules") return [];
    return statSync(path).isDirectory() ? filesUnder(path) : [path];
  });
}

function iconNames() {
  const names = new Map();
  for (const path of [...filesUnder("hrp"), ...filesUnder("assets/js")]) {
    const patterns = ICON_USES[path.slice(path.lastIndexOf("."))];
    if (!patterns) continue;
    const text = readFileSync(path, "utf8");
    for (const pattern of patterns) {
      for (const match of text.matchAll(pattern)) names.set(match[1], path);
    }
  }
  return names;
}

function symbol(name) {
  const svg = readFileSync(`node_modules/@tabler/icons/icons/outline/${name}.svg`, "utf8");
  const body = svg
    .replace(/<!--[\s\S]*?-->/g, "")
    .match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1]
    .replace(/\s*\n\s*/g, "")
    .replace(/<path stroke="none" d="M0 0h24v24H0z"[^>]*\/?>/, "");
  return (
    `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" ` +
    `stroke-linecap="round" stroke-linejoin="round">${body}</symbol>`
  );
}

function writeSprite() {
  const missing = [];
  let sprite = '<svg xmlns="http://www.w3.org/2000/svg">';
  for (const [name, path] of [...iconNames()].sort()) {
    try {
      sprite += symbol(name);
    } catch {
      missing.push(`${name} (${path})`);
    }
  }
  if (missing.length) {
    console.error("图标不存在，请到 https://tabler.io/icons 查正确名称：\n  " + missing.join("\n  "));
    process.exit(1);
  }
  writeFileSync(join(out, "icons.svg"), sprite + "</svg>");
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
writeSprite();

const options = {
  entryPoints: {
    app: "assets/js/app.js",
    charts: "assets/js/charts.js",
    handheld: "assets/js/handheld.js",
    style: "assets/css/index.css",
  },
  outdir: out,
  bundle: true,
  minify: !watching,
  // A missing .map aborts collectstatic's manifest, and compressing maps costs a minute: none in production.
  sourcemap: watching ? "inline" : false,
  format: "iife",
  target: ["chrome100"],
  loader: { ".woff2": "file" },
  assetNames: "fonts/[name]",
  legalComments: "linked",
  logLevel: "warning",
};

if (watching) {
  await (await context(options)).watch();
  console.log("watching assets/");
} else {
  await build(options);
}
