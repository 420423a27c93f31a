// Elements without HTML: whatever a reporter wrote can only ever become text.

export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const find = (id) => document.getElementById(id);

export const count = (number, thing, things = `${thing}s`) => `${number.toLocaleString("en")} ${number === 1 ? thing : things}`;
