// Draws the numbers, the issue and the comment from the answers of the server.
import { count, find, make } from "./dom.js";
import { renderMarkdown } from "./markdown.js";

const RELATIONS = {
  supersedes: "this rule speaks instead of it", superseded: "it speaks instead of this rule", also: "both may speak",
  fallback: "the fallback rule gives way", "other product": "it is for another product", "no comment": "only one of them may comment, or neither",
  allowed: "both may speak, as their packs say", undeclared: "undeclared: declare which rule speaks",
};
const SVG = "http://www.w3.org/2000/svg";

export function drawNumbers({ counts, loads }) {
  find("numbers").classList.toggle("stale", !loads);
  find("matched").textContent = counts.matched.toLocaleString("en");
  const share = counts.issues ? ` (${((100 * counts.matched) / counts.issues).toFixed(counts.matched / counts.issues < 0.1 ? 1 : 0)} %)` : "";
  find("share").textContent = `of ${count(counts.issues, "issue")} match${counts.matched === 1 ? "es" : ""}${share}`;
  drawChange("gained", counts.gained, "+");
  drawChange("lost", counts.lost, "−");
  drawOverTime(counts.over_time);
  find("overlaps").replaceChildren(...counts.overlaps.slice(0, 6).map(drawOverlap));
}

function drawChange(id, number, sign) {
  find(id).textContent = `${sign}${number.toLocaleString("en")} ${id}`;
  find(id).classList.toggle("some", number > 0);
}

function drawOverlap({ rule, count: number, relation }) {
  return make("li", { class: `chip ${relation.replace(" ", "-")}`, title: RELATIONS[relation] }, `${rule} ${number}`, make("span", { class: "unseen" }, `, ${RELATIONS[relation]}`));
}

function drawOverTime(columns) {
  const svg = find("over-time");
  const most = Math.max(...columns, 1);
  svg.toggleAttribute("hidden", !columns.length);
  svg.replaceChildren(...columns.map((value, index) => {
    const bar = document.createElementNS(SVG, "rect");
    const height = value ? Math.max(1.5, (30 * value) / most) : 0.5;
    for (const [key, set] of Object.entries({ x: index * 5, y: 32 - height, width: 4, height })) bar.setAttribute(key, set);
    return bar;
  }));
}

export function speakNumbers({ counts, loads, diagnostics }) {
  const problems = diagnostics.length ? `${count(diagnostics.length, "problem")}. ` : "";
  const numbers = `${counts.matched} of ${count(counts.issues, "issue")} match${counts.matched === 1 ? "es" : ""}, ${counts.gained} gained, ${counts.lost} lost.`;
  find("spoken").textContent = problems + (loads ? numbers : "The rule does not load.");
}

export function drawProblems(diagnostics, elsewhere, onGo) {
  const errors = diagnostics.filter((found) => found.severity === "error").length;
  const warnings = diagnostics.length - errors;
  const parts = [errors && count(errors, "error"), warnings && count(warnings, "warning"), elsewhere.length && `${elsewhere.length} in other files`].filter(Boolean);
  find("problems-heading").textContent = parts.join(", ") || "No problems";
  find("problems").replaceChildren(...diagnostics.map((found) => {
    const button = make("button", { type: "button", class: found.severity }, make("span", {}, `Line ${found.line}`), make("span", {}, found.message));
    button.addEventListener("click", () => onGo(found.start));
    return make("li", {}, button);
  }), ...elsewhere.map((problem) => make("li", { class: "elsewhere" }, problem)));
}

export function drawRow(row) {
  const sign = { gained: "+", lost: "−" }[row.change] ?? (row.is_matched ? "●" : "");
  const said = { gained: "gained", lost: "lost" }[row.change] ?? (row.is_matched ? "matched" : "not matched");
  const tone = { gained: "good", lost: "bad" }[row.change] ?? "";
  return [
    make("span", { class: `sign ${tone}`, "aria-hidden": "true" }, sign),
    make("span", { class: "number" }, `#${row.number}`),
    make("span", { class: "title", dir: "auto" }, row.title || "(no title)"),
    row.others.length ? make("span", { class: "also" }, row.others.join(", ")) : null,
    row.date ? make("span", { class: "date" }, row.date) : null,
    make("span", { class: "unseen" }, said),
  ].filter(Boolean);
}

export function drawExampleRow(row) {
  const isRight = row.holds === (row.kind === "match");
  return [
    make("span", { class: `sign ${isRight ? "good" : "bad"}`, "aria-hidden": "true" }, isRight ? "✓" : "✗"),
    make("span", { class: "number" }, `${row.kind} ${row.index + 1}`),
    make("span", { class: "title", dir: "auto" }, row.title),
    make("span", { class: "also" }, row.holds ? "matches" : "does not match"),
  ];
}

export function drawIssue(told, isNew) {
  const [title, ...texts] = told.texts;
  const place = find("issue").scrollTop;
  find("issue").replaceChildren(
    title.runs.length ? make("h3", { dir: "auto" }, ...drawRuns(title.runs)) : "",
    make("p", { class: "meta" }, ...drawMeta(told)),
    drawTree(told.tree) ?? "",
    ...texts.flatMap(({ source, runs }) => [
      source === "body" ? "" : make("h4", {}, source),
      make("pre", { class: "text" }, ...drawRuns(runs, "(empty)")),
    ]),
  );
  find("issue").scrollTop = isNew ? findEvidence() : place;
}

// The scroll position that shows the first evidence in the text.
function findEvidence() {
  const pane = find("issue");
  const mark = pane.querySelector(".text mark");
  const top = mark ? mark.getBoundingClientRect().bottom - pane.getBoundingClientRect().top + pane.scrollTop : 0;
  return top < pane.clientHeight ? 0 : top - pane.clientHeight * 0.6;
}

function drawMeta(told) {
  const link = told.url ? make("a", { href: told.url, target: "_blank", rel: "noopener noreferrer" }, `#${told.number}`) : "";
  const captures = told.captures.map(({ name, value }) => make("code", {}, `${name} = ${value}`));
  const others = told.matches.filter(({ is_own }) => !is_own).map(({ rule, superseded_by }) =>
    make("span", { class: "chip warn" }, `${rule} also matches${superseded_by ? `, but ${superseded_by} speaks` : ""}`));
  return [link, ...told.labels.map((label) => make("span", { class: "chip" }, label)), ...captures, ...others];
}

function drawRuns(runs, empty = "") {
  if (!runs.length) return [make("span", { class: "soft" }, empty)];
  return runs.map(({ text, kind, wanted }) => (kind === "plain" ? text : make("mark", { class: kind, title: kind === "against" ? `against: ${wanted}` : wanted }, text)));
}

function drawTree(tree) {
  if (!tree) return null;
  const summary = make("summary", {}, tree.holds ? "Why it matches" : "Why it does not match");
  return make("details", { class: "tree", open: !tree.holds }, summary, make("ul", {}, drawVerdict(tree)));
}

function drawVerdict({ wanted, holds, seen, children }) {
  const said = make("span", {}, make("span", { class: "unseen" }, holds ? "holds: " : "does not hold: "), wanted, seen ? make("small", {}, ` (${seen})`) : null);
  return make("li", { class: holds ? "yes" : "no" }, said, children.length ? make("ul", {}, ...children.map(drawVerdict)) : null);
}

export function drawComment(told) {
  const { comment, add, remove, remarks } = told.preview;
  const labels = [...add.map((label) => make("span", { class: "chip good" }, `+ ${label}`)), ...remove.map((label) => make("span", { class: "chip bad" }, `− ${label}`))];
  find("comment").replaceChildren(
    remarks.length ? make("ul", { class: "remarks" }, ...remarks.map((remark) => make("li", {}, remark))) : "",
    labels.length ? make("p", { class: "meta" }, "Labels: ", ...labels) : "",
    comment
      ? make("article", { class: "said" }, make("p", {}, "github-actions bot commented"), renderMarkdown(comment))
      : make("p", { class: "soft" }, told.tree?.holds ? "Signpost would not comment." : "No comment: the rule does not match this issue."),
  );
}

export function clearIssue(text) {
  find("issue").replaceChildren(make("p", { class: "soft" }, text));
  find("comment").replaceChildren(make("p", { class: "soft" }, "Choose an issue to see the comment."));
}
