// Our comment as GitHub would show it. Markdown becomes elements one by one; no HTML is ever parsed.
import MarkdownIt from "markdown-it";
import { make } from "./dom.js";

const parser = new MarkdownIt({ html: true, linkify: true, breaks: true });
const TAGS = new Set(
  "p h1 h2 h3 h4 h5 h6 ul ol li blockquote em strong s hr table thead tbody tr th td br a".split(" "),
);
const PLAIN_HTML = /^<(\/?)(sub|sup|kbd|b|i|em|strong|br)\s*\/?>$/i;

export function renderMarkdown(text) {
  const root = make("div", { class: "markdown" });
  build(parser.parse(text, {}), root);
  return root;
}

function build(tokens, root) {
  const open = [root];
  const top = () => open.at(-1);
  for (const token of tokens) {
    if (token.hidden) continue;
    if (token.nesting === 1) open.push(append(top(), startElement(token)));
    else if (token.nesting === -1) open.length > 1 && open.pop();
    else if (token.type === "inline") build(token.children, top());
    else if (token.type === "html_inline") takeHtml(token.content, open);
    else top().append(...leaf(token));
  }
}

function append(parent, child) {
  parent.append(child);
  return child;
}

function startElement(token) {
  const element = make(TAGS.has(token.tag) ? token.tag : "span");
  const href = token.attrGet("href");
  if (token.tag === "a" && href && /^(https?:|mailto:)/i.test(href)) {
    element.setAttribute("href", href);
    element.setAttribute("target", "_blank");
    element.setAttribute("rel", "noopener noreferrer");
  }
  const start = token.attrGet("start");
  if (token.tag === "ol" && start) element.setAttribute("start", start);
  return element;
}

function leaf(token) {
  switch (token.type) {
    case "text":
      return splitReferences(token.content);
    case "code_inline":
      return [make("code", {}, token.content)];
    case "fence":
    case "code_block":
      return [make("pre", {}, make("code", {}, token.content))];
    case "hardbreak":
    case "softbreak":
      return [make("br")];
    case "hr":
      return [make("hr")];
    case "image":
      return [`[image: ${token.content}]`];
    default:
      return [token.content];
  }
}

function splitReferences(text) {
  return text.split(/(?<=^|[\s(])(#\d+)\b/).map((part) => (/^#\d+$/.test(part) ? make("span", { class: "ref" }, part) : part));
}

function takeHtml(html, open) {
  const tag = PLAIN_HTML.exec(html);
  if (!tag) open.at(-1).append(html);
  else if (tag[2].toLowerCase() === "br") open.at(-1).append(make("br"));
  else if (!tag[1]) open.push(append(open.at(-1), make(tag[2].toLowerCase())));
  else if (open.length > 1 && open.at(-1).localName === tag[2].toLowerCase()) open.pop();
}
