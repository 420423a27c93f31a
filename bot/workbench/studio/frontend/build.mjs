// Bundles the page into the folder that is given, with the licence of every package whose code is in it.
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [modules, target] = process.argv.slice(2);
const source = dirname(fileURLToPath(import.meta.url));
const { build } = createRequire(join(modules, "here.js"))("esbuild");

await mkdir(target, { recursive: true });
const result = await build({
  entryPoints: [join(source, "src/main.js"), join(source, "src/studio.css")],
  entryNames: "studio",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome109", "firefox115", "safari16.4"],
  legalComments: "none", // the licences stand in THIRD-PARTY.txt, whole
  metafile: true,
  nodePaths: [modules],
  outdir: target,
  logLevel: "warning",
});
await copyFile(join(source, "src/index.html"), join(target, "index.html"));
await writeFile(join(target, "THIRD-PARTY.txt"), await listLicences(Object.keys(result.metafile.inputs)));

async function listLicences(inputs) {
  const names = new Set(inputs.map((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1]).filter(Boolean));
  const parts = await Promise.all([...names].sort().map(describePackage));
  return `The page of \`signpost studio\` is made of these packages, and of code of our own.\n\n${parts.join("\n")}`;
}

async function describePackage(name) {
  const folder = join(modules, name);
  const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  if (!license || !file) throw new Error(`${name} comes without a licence`);
  const text = await readFile(join(folder, file), "utf8");
  return `${"=".repeat(78)}\n${name} ${version} (${license})\n\n${text.trim()}\n`;
}
