// Names for the bars of code blocks, and the keyboard for tables that are wider than the window (WCAG 2.2, 1.3.1 and 2.1.1).
const mend = () => {
  document.querySelectorAll(".md-code__nav:not([aria-label])").forEach((bar, number) => {
    bar.setAttribute("aria-label", `Code ${bar.closest("[id]")?.id ?? number}`);
  });
  document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])").forEach((table, number) => {
    table.tabIndex = 0;
    table.setAttribute("role", "region");
    table.setAttribute("aria-label", `Table ${number + 1}`);
  });
};
new MutationObserver(mend).observe(document.documentElement, { childList: true, subtree: true });
mend();
