// What the page asks of the server; every address is relative, so that nothing leaves this machine.

export class Refused extends Error {
  constructor(status, told) {
    super(told.error ?? `the studio answered ${status}`);
    this.status = status;
    this.told = told;
  }
}

async function ask(path, options = {}) {
  const reply = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options });
  const isJson = reply.headers.get("content-type")?.startsWith("application/json");
  const told = isJson ? await reply.json() : { error: (await reply.text()).trim() };
  if (!reply.ok) throw new Refused(reply.status, told);
  return told;
}

function post(path, value, signal) {
  return ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value), signal });
}

export const server = {
  readRule: () => ask("rule"),
  sendText: (text, revision, signal) => post("text", { text, revision }, signal),
  readState: (revision, signal) => ask(`state?revision=${encodeURIComponent(revision)}`, { signal }),
  listIssues: (filter, query, start, count) => ask(`issues?${new URLSearchParams({ filter, query, start, count })}`),
  readIssue: (index) => ask(`issues/${index}`),
  readExample: (kind, index) => ask(`examples/${kind}/${index}`),
  complete: (text, offset) => post("completion", { text, offset }),
  describe: (text, offset) => post("help", { text, offset }),
  save: (text, version) => post("save", { text, version }),
};
