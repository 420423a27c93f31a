// The search of the first page: messages first, as they are written in rules; then words, if Pagefind's index is there.
"use strict";
(() => {
  const section = document.getElementById("search");
  const form = section.querySelector("form");
  const field = document.getElementById("query");
  const list = document.getElementById("results");
  const status = document.getElementById("search-status");
  const root = new URL("./", location.href);
  const SHORTEST = 6;
  const MOST = 10;
  let messages = null;
  let words = null;
  let asked = 0;

  const strip = (text) => text.normalize("NFKC").toLowerCase().replace(/[^\p{L}\p{M}\p{N}]+/gu, "");
  // Line ends as JSON writes them, and colours of a terminal; a Windows path may look the same, so both are tried.
  const unescape = (text) => text.replace(/\\+[nrt]|(?:\u001b|\\u001b)\[[0-9;]*m/g, " ");
  const withoutDigits = (text) => text.replace(/[0-9]+/g, "");

  async function readMessages() {
    const answer = await fetch(new URL("assets/messages.json", root));
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  async function loadWords() {
    if (section.dataset.words !== "yes") return null;
    const engine = await import(new URL("pagefind/pagefind.js", root).href);
    await engine.options({ baseUrl: root.pathname, excerptLength: 24 });
    return engine;
  }

  // How much of a message and a query agree: the number of signs, 0 for none.
  function compare(pieces, query) {
    let at = 0;
    const hasAll = pieces.every((piece) => {
      const found = query.indexOf(piece, at);
      at = found + piece.length;
      return found >= 0;
    });
    const whole = pieces.join("");
    if (hasAll && whole.length >= SHORTEST) return whole.length;
    if (query.length >= SHORTEST && whole.includes(query)) return query.length;
    const plain = withoutDigits(query);
    const message = withoutDigits(whole);
    if (message.length >= 2 * SHORTEST && plain.includes(message)) return message.length;
    return plain.length >= 2 * SHORTEST && message.includes(plain) ? plain.length : 0;
  }

  function findMessages(text) {
    const queries = [text, unescape(text)].map(strip).filter((query) => query.length >= 4);
    const rate = (pieces) => Math.max(0, ...queries.map((query) => compare(pieces, query)));
    return messages
      .map((row) => ({ row, score: Math.max(0, ...row.messages.map(rate)) }))
      .filter((found) => found.score > 0)
      .sort((one, other) => other.score - one.score)
      .slice(0, MOST)
      .map(({ row }) => ({ address: row.address, title: row.title, note: row.note }));
  }

  // Pages whose title, tags and messages have all words of the query.
  function findTitles(text) {
    const wanted = text.normalize("NFKC").toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
    if (!wanted.some((word) => word.length >= 2)) return [];
    return messages
      .filter((row) => wanted.every((word) => ` ${row.words}`.includes(` ${word}`)))
      .slice(0, MOST)
      .map((row) => ({ address: row.address, title: row.title, note: row.note }));
  }

  async function findWords(text) {
    if (!words) return [];
    const found = await words.search(text.replace(/\s+/g, " ").slice(0, 300));
    const pages = await Promise.all(found.results.slice(0, MOST).map((result) => result.data()));
    return pages.map((page) => ({
      address: page.raw_url ? page.raw_url.replace(/^\//, "") : page.url,
      title: page.meta.title || page.url,
      note: page.plain_excerpt || "",
    }));
  }

  function show(found) {
    list.replaceChildren(
      ...found.map((each) => {
        const item = document.createElement("li");
        const link = document.createElement("a");
        const note = document.createElement("p");
        link.href = new URL(each.address, root).href;
        link.textContent = each.title;
        note.textContent = each.note;
        note.className = "soft";
        item.append(link, note);
        return item;
      }),
    );
    list.hidden = found.length === 0;
  }

  function tell(text, found) {
    if (!text.trim()) return "";
    if (found.length === 0) return "No known problem has this message. Try fewer words, or only the part that names the error.";
    return found.length === 1 ? "1 known problem" : `${found.length} known problems`;
  }

  async function search(text) {
    const turn = ++asked;
    try {
      messages ??= await readMessages();
      words ??= await loadWords();
    } catch {
      if (!messages) {
        status.textContent = "The search could not be loaded: it needs a web server. The list below has every problem.";
        return;
      }
    }
    const exact = findMessages(text);
    const known = new Set(exact.map((each) => each.address));
    const first = [...exact, ...findTitles(text).filter((each) => !known.has(each.address))];
    const seen = new Set(first.map((each) => each.address));
    const rest = text.trim() ? (await findWords(text)).filter((each) => !seen.has(each.address)) : [];
    if (turn !== asked) return;
    const found = [...first, ...rest].slice(0, MOST);
    show(found);
    status.textContent = tell(text, found);
  }

  let timer = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => search(field.value), 150);
  });
  // An input of one line drops line ends: a message that a terminal wrapped is pasted as it is, joined.
  field.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!/[\r\n]/.test(text)) return;
    event.preventDefault();
    field.setRangeText(text.replace(/\s*[\r\n]+\s*/g, " "), field.selectionStart, field.selectionEnd, "end");
    search(field.value);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    search(field.value);
    const address = new URL(location.href);
    address.searchParams.set("q", field.value);
    history.replaceState(null, "", address);
  });
  form.hidden = false;
  document.getElementById("without-script").hidden = true;
  const asking = new URLSearchParams(location.search).get("q");
  if (asking) {
    field.value = asking.slice(0, 4000);
    search(field.value);
  }
})();
