// A press reloads the page; this keeps the place where it was pressed. Without it all still works.
addEventListener("submit", (event) => {
  if (event.target.closest("main .stream")) sessionStorage.setItem("place", String(scrollY));
});
addEventListener("DOMContentLoaded", () => {
  const place = sessionStorage.getItem("place");
  sessionStorage.removeItem("place");
  if (place !== null) scrollTo({ top: Number(place), behavior: "instant" });
});
addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (!menu.contains(event.target)) menu.open = false;
});
