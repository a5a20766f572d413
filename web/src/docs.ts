// The reference's only script: curl lines name the origin that served them, and can be copied.
const LOCAL = "http://localhost:8081";
for (const block of document.querySelectorAll<HTMLElement>(".curl code")) {
  block.textContent = (block.textContent ?? "").replaceAll(LOCAL, location.origin);
}
export {};
