// The live page.
document.querySelector("#app")?.append("Chaac");
