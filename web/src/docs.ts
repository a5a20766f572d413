// The reference's only script: curl lines name the origin that served them, and can be copied. Without
// it they name localhost, and are copied by hand.

const LOCAL = "http://localhost:8081";

for (const block of document.querySelectorAll<HTMLElement>(".curl")) {
  const code = block.querySelector("code");
  if (code === null) continue;
  code.textContent = (code.textContent ?? "").replaceAll(LOCAL, location.origin);
  if (navigator.clipboard === undefined) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.textContent ?? "");
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 2_000);
  });
  block.append(button);
}

export {};
