// The rule's editor: CodeMirror with what the server knows of the rule language.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentService, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { forceLinting, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import {
  crosshairCursor, drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, hoverTooltip, keymap, lineNumbers,
  rectangularSelection,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { make } from "./dom.js";
import { renderMarkdown } from "./markdown.js";
import { server } from "./server.js";

const look = EditorView.theme({
  "&": { fontSize: ".85rem", backgroundColor: "var(--paper)", color: "var(--ink)" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--ink)", padding: ".4rem 0" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--paper)", color: "var(--soft)", border: "0" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--panel) 70%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--tint-2)" },
  ".cm-selectionMatch": { backgroundColor: "var(--tint-3)" },
  ".cm-tooltip": { backgroundColor: "var(--panel)", color: "var(--ink)", border: "1px solid var(--line)", borderRadius: "6px", maxWidth: "calc(100vw - 2rem)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--paper)" },
  ".cm-tooltip.cm-completionInfo, .cm-help": { padding: ".35rem .6rem", maxWidth: "26rem", fontFamily: "var(--sans)" },
  ".cm-completionDetail": { fontStyle: "normal", opacity: ".8" },
  ".cm-diagnostic": { fontFamily: "var(--sans)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
  ".cm-panels": { backgroundColor: "var(--panel)", color: "var(--ink)", borderColor: "var(--line)" },
  ".cm-textfield, .cm-button": { backgroundColor: "var(--paper)", backgroundImage: "none", color: "var(--ink)", border: "1px solid var(--line)" },
});

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--series-1)" },
  { tag: [tags.string, tags.content], color: "var(--series-3)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "var(--series-2)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: "var(--soft)" },
]);

// A new line starts where the one above it does, and two further in below a key without a value.
function indent(context, position) {
  const { text, from } = context.lineAt(position, -1);
  const above = text.slice(0, position - from);
  const [, spaces, dashes] = /^(\s*)((?:-\s+)*)/.exec(above);
  return spaces.length + (/(?::|[|>][-+]?)\s*(?:#.*)?$/.test(above) ? dashes.length + 2 : 0);
}

async function complete(context) {
  const before = context.matchBefore(/[\w.{:"'-]+/);
  if (!context.explicit && !before && !/(^|[:[,-] )\s*$/.test(context.state.doc.lineAt(context.pos).text)) return null;
  const found = await server.complete(context.state.doc.toString(), context.pos);
  if (context.aborted || !context.view?.hasFocus || !found.options.length) return null; // it closes only when it loses the focus
  return { from: found.start, options: found.options.map(makeOption), validFor: /^[\w.-]*$/ };
}

function makeOption(option) {
  return {
    label: option.label, type: option.kind, detail: option.detail, apply: option.insert,
    info: option.help ? () => renderMarkdown(option.help) : undefined,
  };
}

async function help(view, position) {
  const word = view.state.wordAt(position);
  if (!word) return null;
  const told = await server.describe(view.state.doc.toString(), word.to);
  if (!told.help) return null;
  return { pos: word.from, end: word.to, above: true, create: () => ({ dom: make("div", { class: "cm-help" }, renderMarkdown(told.help)) }) };
}

export function makeEditor(parent, { onChange, nonce }) {
  const keys = [...closeBracketsKeymap, ...completionKeymap, ...lintKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap];
  const view = new EditorView({
    parent,
    state: EditorState.create({
      extensions: [
        EditorView.cspNonce.of(nonce), look, syntaxHighlighting(colours), lineNumbers(), lintGutter(), history(), drawSelection(),
        rectangularSelection(), crosshairCursor(), indentService.of(indent), bracketMatching(), closeBrackets(), highlightActiveLine(),
        highlightActiveLineGutter(), highlightSelectionMatches(), indentUnit.of("  "), EditorView.lineWrapping, yaml(),
        autocompletion({ override: [complete], icons: false }), hoverTooltip(help), keymap.of(keys),
        EditorView.contentAttributes.of({ "aria-label": "Rule in YAML", spellcheck: "false", tabindex: "0" }),
        EditorView.updateListener.of((update) => update.docChanged && onChange()),
      ],
    }),
  });
  return {
    view,
    getText: () => view.state.doc.toString(),
    setText: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    goTo(position) {
      view.dispatch({ selection: { anchor: Math.min(position, view.state.doc.length) }, scrollIntoView: true });
      view.focus();
    },
    showProblems(problems) {
      const end = view.state.doc.length;
      const shown = problems.map(({ start, end: stop, severity, message }) => ({
        from: Math.min(start, end), to: Math.min(stop, end), severity, message,
      }));
      view.dispatch(setDiagnostics(view.state, shown));
      forceLinting(view);
    },
  };
}
