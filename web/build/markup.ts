// HTML from text, for the reference. Everything that comes from the document is escaped here.

export function escaped(text: string): string {
  return text.replace(
    /[&<>"']/g,
    (character) =>
      ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[character] ?? "",
  );
}

export const code = (text: string) => `<code>${escaped(text)}</code>`;

function inline(text: string): string {
  return text
    .split("`")
    .map((part, index) => (index % 2 === 1 ? code(part) : escaped(part)))
    .join("");
}

/** Paragraphs and lists, as Markdown separates them. */
export function prose(text: string): string {
  return text
    .trim()
    .split(/\n\s*\n/)
    .filter((block) => block !== "")
    .map((block) => {
      const lines = block.split("\n");
      if (!lines.every((line) => /^(- |\s)/.test(line))) return `<p>${inline(block)}</p>`;
      const items = block.split(/^- /m).filter((item) => item.trim() !== "");
      return `<ul>${items.map((item) => `<li>${inline(item.trim())}</li>`).join("")}</ul>`;
    })
    .join("");
}
