// Small helpers for making elements and for changing only what differs.

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | EventListener | null | undefined>;

const SVG = "http://www.w3.org/2000/svg";

function fill(element: Element, attributes: Attributes, children: Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child) element.append(child);
}

/** An element. A function among the attributes listens to the event of that name. */
export function h<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  fill(element, attributes, children);
  return element;
}

export function svg<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[Name] {
  const element = document.createElementNS(SVG, name) as SVGElementTagNameMap[Name];
  fill(element, attributes, children);
  return element;
}

/** Sets the text if it differs: a text that stays costs the browser nothing. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element: Element, name: string, value: string | null): void {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

export function setHidden(element: HTMLElement, hidden: boolean): void {
  if (element.hidden !== hidden) element.hidden = hidden;
}

/** A custom property; unlike a style attribute, allowed by the Content-Security-Policy. */
export function setVariable(element: HTMLElement, name: string, value: string): void {
  if (element.style.getPropertyValue(name) !== value) element.style.setProperty(name, value);
}

/** Makes the children of `parent` those of `wanted`, in that order. One that moves far moves alone. */
export function arrange(parent: Element, wanted: readonly Element[]): void {
  let present = parent.firstElementChild;
  for (const element of wanted) {
    if (present !== null && present !== element && present.nextElementSibling === element) {
      // It belongs further down: it is taken out, and comes back where it is wanted.
      present.remove();
      present = element;
    }
    if (element === present) present = present.nextElementSibling;
    else parent.insertBefore(element, present);
  }
  while (present !== null) {
    const next = present.nextElementSibling;
    present.remove();
    present = next;
  }
}
