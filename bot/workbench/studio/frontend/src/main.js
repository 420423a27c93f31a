// The page: one rule, its effect on past issues, and the comment that it makes.
import { count, find, make } from "./dom.js";
import { makeEditor } from "./editor.js";
import { List } from "./list.js";
import { clearIssue, drawComment, drawExampleRow, drawIssue, drawNumbers, drawProblems, drawRow, speakNumbers } from "./panes.js";
import { Refused, server } from "./server.js";

const DEBOUNCE = 90;
const SPEECH = 900;
const FILTERS = { matched: "Matched", gained: "Gained", lost: "Lost", unmatched: "Unmatched", all: "All", examples: "Examples" };
const EMPTY = {
  matched: "The rule matches no issue.", gained: "The rule gains no issue compared with the saved rule.", lost: "The rule loses no issue compared with the saved rule.",
  unmatched: "Each issue matches at least one rule.", all: "No past issues are loaded; start the studio with --issues.", examples: "The rule has no examples yet.",
};

const tab = crypto.randomUUID();
const page = { revision: "", sent: 0, version: "", saved: "", filter: "matched", state: null, shown: null, isPicked: false, history: null, elsewhere: [] };
let editor, list, waiting, speaking, abort;

async function start() {
  const nonce = find("style").nonce;
  editor = makeEditor(find("editor"), { onChange: takeChange, nonce });
  list = new List(find("list"), { draw: (row) => ("kind" in row ? drawExampleRow(row) : drawRow(row)), onChoose: choose });
  drawFilters();
  find("save").addEventListener("click", save);
  find("search").addEventListener("input", () => delay("search", search, 150));
  find("search").addEventListener("keydown", (event) => event.key === "ArrowDown" && (event.preventDefault(), find("list").focus(), list.choose(0, true)));
  find("conflict").addEventListener("close", (event) => settleConflict(event.target.returnValue));
  addEventListener("keydown", (event) => (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "s" && (event.preventDefault(), save()));
  addEventListener("beforeunload", (event) => isDirty() && event.preventDefault());
  addEventListener("focus", comeBack);
  await openRule();
  editor.view.focus();
}

async function openRule() {
  const told = await attempt(() => server.readRule());
  if (!told) return;
  page.version = told.version;
  page.saved = told.text;
  page.history = told.history;
  page.elsewhere = told.elsewhere;
  if (!told.history && page.filter === "matched") chooseFilter("examples");
  find("file").textContent = told.file;
  find("history").textContent = told.history ? told.history.name : "none loaded; add some with --issues FILE.jsonl";
  if (editor.getText() !== told.text) editor.setText(told.text);
  hideNotice();
  await send();
}

function takeChange() {
  drawSaved();
  delay("text", send, DEBOUNCE);
}

const delays = {};
function delay(name, act, time) {
  clearTimeout(delays[name]);
  delays[name] = setTimeout(act, time);
}

async function send() {
  abort?.abort();
  abort = new AbortController();
  const revision = (page.revision = `${tab}-${++page.sent}`);
  try {
    apply(await server.sendText(editor.getText(), revision, abort.signal), revision);
    while (page.revision === revision && !page.state.is_done) {
      apply(await server.readState(revision, abort.signal), revision);
    }
  } catch (error) {
    explain(error);
  }
}

function apply(state, revision) {
  if (page.revision !== revision) return;
  page.state = state;
  editor.showProblems(state.diagnostics);
  drawProblems(state.diagnostics, page.elsewhere, (place) => editor.goTo(place));
  drawNumbers(state);
  drawCounts(state);
  drawProgress(state);
  drawSaved();
  delay("speech", () => speakNumbers(state), SPEECH);
  if (state.trouble) showNotice(state.trouble);
  openList({ keeps: true });
}

function drawProgress(state) {
  const progress = find("progress");
  progress.hidden = state.is_loaded || !page.history;
  if (page.history?.total) {
    progress.max = page.history.total;
    progress.value = state.counts.issues;
  }
}

function drawFilters() {
  for (const [name, label] of Object.entries(FILTERS)) {
    const input = make("input", { type: "radio", name: "filter", value: name, id: `filter-${name}`, checked: name === page.filter });
    input.addEventListener("change", () => chooseFilter(name));
    find("filters").append(make("label", { for: `filter-${name}` }, input, `${label} `, make("b", { id: `count-${name}` })));
  }
}

function chooseFilter(name) {
  page.filter = name;
  find(`filter-${name}`).checked = true;
  page.shown = null;
  page.isPicked = false;
  if (page.state) openList();
}

function search() {
  page.shown = null;
  page.isPicked = false;
  return openList();
}

function drawCounts({ counts, examples }) {
  const wrong = examples.filter((example) => example.holds !== (example.kind === "match")).length;
  const numbers = { ...counts, all: counts.issues, examples: wrong ? `${examples.length - wrong} of ${examples.length}` : examples.length };
  for (const name of Object.keys(FILTERS)) find(`count-${name}`).textContent = numbers[name].toLocaleString("en");
}

async function openList({ keeps = false } = {}) {
  const { filter, state } = page;
  const query = find("search").value;
  const load = filter === "examples"
    ? async (start, size) => ({ total: state.examples.length, rows: state.examples.slice(start, start + size) })
    : (start, size) => server.listIssues(filter, query, start, size);
  const emptyText = query && filter !== "examples" ? "No issue contains this text." : EMPTY[filter];
  await attempt(() => list.open(load, { keeps, emptyText }));
  if (page.shown && (list.chosen >= 0 || page.isPicked)) await refresh(page.shown);
  else if (list.total) await list.choose(0);
  else clearIssue(emptyText);
}

// An issue that a person chose always stays in sight; an issue that the page chose, as long as it is listed.
function choose(row, isByHand) {
  const isNew = row.index !== page.shown?.index || row.kind !== page.shown?.kind;
  page.shown = row;
  page.isPicked = isByHand || (page.isPicked && !isNew);
  return refresh(row, isNew);
}

async function refresh(row, isNew = false) {
  const isExample = "kind" in row;
  const told = await attempt(() => (isExample ? server.readExample(row.kind, row.index) : server.readIssue(row.index)));
  if (page.shown !== row) return;
  if (!told) return clearIssue("It does not exist any more.");
  find("issue-hint").textContent = isExample ? `example ${row.kind} ${row.index + 1}` : `#${told.number} ${row.title}`;
  drawIssue(told, isNew);
  drawComment(told);
}

const isDirty = () => editor.getText() !== page.saved;

function drawSaved() {
  const dirty = isDirty();
  find("saved").textContent = dirty ? "Not saved" : "Saved";
  find("saved").classList.toggle("dirty", dirty);
  find("save").disabled = !dirty;
  document.title = `${dirty ? "• " : ""}${find("file").textContent} – Signpost studio`;
}

// One at a time: a second save with the version of the first would look like a conflict.
let saving = Promise.resolve();
function save() {
  saving = saving.then(saveNow);
  return saving;
}

async function saveNow() {
  if (!isDirty()) return;
  const text = editor.getText();
  try {
    const told = await server.save(text, page.version);
    page.version = told.version;
    page.saved = told.text;
    if (editor.getText() === text && told.text !== text) editor.setText(told.text);
    drawSaved();
    hideNotice();
    send();
  } catch (error) {
    if (error instanceof Refused && error.told.is_conflict) askAboutConflict(error.message);
    else explain(error);
  }
}

function askAboutConflict(text) {
  find("conflict-text").textContent = text;
  find("conflict").returnValue = "cancel";
  find("conflict").showModal();
}

async function settleConflict(answer) {
  if (answer === "reload") await openRule();
  if (answer === "overwrite") {
    const told = await attempt(() => server.readRule());
    if (told) page.version = told.version;
    if (told) await save();
  }
}

// Somebody comes back to the page: the file may have changed, and another tab may have sent its own text.
async function comeBack() {
  const told = await attempt(() => server.readRule());
  if (!told) return;
  if (told.version !== page.version) showNotice("The file has changed on disk.", "Reload it", openRule);
  else await send();
}

async function attempt(act) {
  try {
    return await act();
  } catch (error) {
    explain(error);
    return null;
  }
}

function explain(error) {
  if (error.name === "AbortError" || (error instanceof Refused && error.status === 409 && !error.told.error?.startsWith("there"))) return;
  const text = error instanceof Refused ? error.message : "The studio does not answer. Check that it is still running. Your text stays here until you close the page.";
  showNotice(text);
}

function showNotice(text, action, act) {
  const button = find("notice-action");
  find("notice").firstElementChild.textContent = text;
  button.hidden = !action;
  button.textContent = action ?? "";
  button.onclick = act ?? null;
  find("notice").hidden = false;
}

function hideNotice() {
  find("notice").hidden = true;
}

start();
