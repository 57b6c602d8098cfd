// @ts-check
/// <reference lib="dom" />
/** Making and changing elements. Text is only ever set as text. */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Record<string, string | number | boolean | undefined | ((event: any) => void)>} Props */

/**
 * An element: functions among `props` are listeners (`click`), the rest are attributes.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Props} [props]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  assign(element, props);
  element.append(...children);
  return element;
}

/**
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Props} [props]
 * @param {...Node} children
 * @returns {SVGElementTagNameMap[T]}
 */
export function svg(tag, props = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  assign(element, props);
  element.append(...children);
  return element;
}

/** @param {Element} element @param {Props} props */
function assign(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else setAttribute(element, name, value);
  }
}

/** Changes the document only where it has to. @param {Element} element @param {string} name @param {string | number | boolean | undefined} value */
export function setAttribute(element, name, value) {
  if (value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) {
    element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {string} id */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no #${id}`);
  return element;
}

/**
 * Lets the children of `parent` be those of `items`, in their order; a child stays while its key does, so that focus and
 * selection stay too.
 *
 * @template T
 * @param {Element} parent
 * @param {readonly T[]} items
 * @param {{ key: (item: T) => string, make: (item: T) => Element, update?: (element: any, item: T) => void }} how
 */
export function list(parent, items, { key, make, update }) {
  const old = new Map([...parent.children].map((child) => [child.getAttribute("data-key") ?? "", child]));
  const keys = new Set();
  items.forEach((item, index) => {
    let name = key(item);
    while (keys.has(name)) name += "'";
    keys.add(name);
    const child = old.get(name) ?? make(item);
    if (!old.has(name)) child.setAttribute("data-key", name);
    update?.(child, item);
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
  for (const [name, child] of old) {
    if (!keys.has(name)) child.remove();
  }
}

/** A table row of plain text; the first cell is its heading. @param {...(string | Node)} cells */
export function row(...cells) {
  const [first, ...rest] = cells;
  return h("tr", {}, h("th", { scope: "row" }, first), ...rest.map((cell) => h("td", {}, cell)));
}

/** Lets the cells of `element` read as given. @param {Element} element @param {readonly string[]} texts */
export function setCells(element, texts) {
  texts.forEach((text, index) => setText(element.children[index], text));
}

/** Calls `draw` with the width of `element`, now and whenever it changes. @param {Element} element @param {(width: number) => void} draw */
export function onWidth(element, draw) {
  let last = 0;
  new ResizeObserver(([{ contentRect: { width } }]) => {
    if (Math.round(width) === last) return;
    last = Math.round(width);
    draw(last);
  }).observe(element);
}
