// A list of any length: only the rows in sight are there, and only their pages are asked for.
import { make } from "./dom.js";

const ROW = 36;
const PAGE = 100;

const keyOf = (row) => `${row.kind ?? "issue"} ${row.index}`;

export class List {
  // `load(start, count)` gives {total, rows}; `draw(row)` the children of a row; `onChoose(row)` is told what was chosen.
  constructor(element, { draw, onChoose }) {
    this.element = element;
    this.room = make("div", { class: "room", role: "presentation" });
    this.draw = draw;
    this.onChoose = onChoose;
    this.generation = 0;
    this.chosen = -1; // its place, or -1 where it is not in sight of what was loaded
    this.key = "";
    this.pages = new Map();
    this.total = 0;
    element.addEventListener("scroll", () => this.show(), { passive: true });
    element.addEventListener("keydown", (event) => this.takeKey(event));
    element.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (row) this.choose(Number(row.dataset.place), true);
    });
    new ResizeObserver(() => this.show()).observe(element);
  }

  // Show another source. What is in sight stays until the new rows are there.
  async open(load, { keeps = false, emptyText = "" } = {}) {
    const generation = ++this.generation;
    this.load = load;
    const first = keeps ? Math.floor(this.element.scrollTop / ROW / PAGE) : 0;
    const answer = await load(first * PAGE, PAGE);
    if (generation !== this.generation) return;
    this.pages = new Map([[first, answer.rows]]);
    this.total = answer.total;
    if (!keeps) this.element.scrollTop = 0;
    if (!keeps) this.key = "";
    this.room.style.height = `${this.total * ROW}px`;
    this.element.replaceChildren(this.total ? this.room : make("p", { class: "empty" }, emptyText));
    this.chosen = -1;
    this.findChosen(first);
    this.show();
  }

  // The chosen row may stand at another place now.
  findChosen(page) {
    const found = this.pages.get(page).findIndex((row) => keyOf(row) === this.key);
    if (this.key && found >= 0) this.chosen = page * PAGE + found;
  }

  rowAt(place) {
    return this.pages.get(Math.floor(place / PAGE))?.[place % PAGE];
  }

  show() {
    if (!this.total) return this.element.removeAttribute("aria-activedescendant");
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW) - 5);
    const last = Math.min(this.total - 1, Math.ceil((this.element.scrollTop + this.element.clientHeight) / ROW) + 5);
    const rows = [];
    for (let place = first; place <= last; place++) rows.push(this.makeRow(place));
    this.room.replaceChildren(...rows);
    for (const page of new Set([Math.floor(first / PAGE), Math.floor(last / PAGE)])) this.fetchPage(page);
    if (this.chosen >= first && this.chosen <= last) this.element.setAttribute("aria-activedescendant", `row-${this.chosen}`);
    else this.element.removeAttribute("aria-activedescendant");
  }

  makeRow(place) {
    const row = this.rowAt(place);
    const element = make("div", {
      class: "row", role: "option", id: `row-${place}`, "data-place": place, "aria-selected": String(place === this.chosen),
      "aria-setsize": this.total, "aria-posinset": place + 1,
    }, ...(row ? this.draw(row) : ["…"]));
    element.style.top = `${place * ROW}px`;
    return element;
  }

  async fetchPage(page) {
    if (this.pages.has(page)) return;
    const generation = this.generation;
    this.pages.set(page, []);
    const answer = await this.load(page * PAGE, PAGE);
    if (generation !== this.generation) return;
    this.pages.set(page, answer.rows);
    this.findChosen(page);
    this.show();
  }

  async choose(place, isByHand = false) {
    if (!this.total) return;
    this.chosen = Math.max(0, Math.min(place, this.total - 1));
    const top = this.chosen * ROW;
    const height = this.element.clientHeight;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top + ROW > this.element.scrollTop + height) this.element.scrollTop = top + ROW - height;
    this.show();
    await this.fetchPage(Math.floor(this.chosen / PAGE));
    const row = this.rowAt(this.chosen);
    if (!row) return;
    this.key = keyOf(row);
    await this.onChoose(row, isByHand);
  }

  takeKey(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW) - 1);
    const moves = { ArrowDown: this.chosen + 1, ArrowUp: this.chosen - 1, PageDown: this.chosen + page, PageUp: this.chosen - page, Home: 0, End: this.total - 1 };
    if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.choose(moves[event.key], true);
  }
}
