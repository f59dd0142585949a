// Puts the theme that the reader chose in the program, else the system's, on the page of a card.
let kept = null;
try {
  kept = localStorage.getItem("einthoven-dark");
} catch {
  // Storage is forbidden: the system's.
}
const dark = kept === null ? matchMedia("(prefers-color-scheme: dark)").matches : kept === "true";
document.documentElement.dataset.theme = dark ? "dark" : "light";
