"use strict";
// Adds sorting by a column's heading, and the figure of a mark below its chart, also for a finger on a phone.
// Rows that sum up or stand for the rest stay at the end.
(() => {
  const value = (row, index) => {
    const cell = row.cells[index];
    const given = cell.dataset.value;
    if (given === undefined) return cell.textContent.trim();
    if (given === "") return null;
    return cell.classList.contains("num") ? Number(given) : given;
  };
  // What is not known comes last in both directions.
  const compare = (a, b, sign) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (typeof a === "number" ? a - b : a.localeCompare(b, document.documentElement.lang, { numeric: true }));
  };
  const sort = (table, heading) => {
    const falling = heading.getAttribute("aria-sort") === "ascending" ||
      (!heading.hasAttribute("aria-sort") && heading.classList.contains("num"));
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const fixed = rows.filter((row) => row.matches(".subtotal, .sum, .rest"));
    const free = rows.filter((row) => !row.matches(".subtotal, .sum, .rest"));
    const sign = falling ? -1 : 1;
    free.sort((a, b) => compare(value(a, heading.cellIndex), value(b, heading.cellIndex), sign));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
    body.append(...free, ...fixed);
  };
  for (const drawing of document.querySelectorAll(".drawing")) {
    const told = document.createElement("p");
    told.className = "told";
    told.setAttribute("aria-hidden", "true");
    told.textContent = "\u00a0";
    drawing.after(told);
    const tell = (event) => {
      const mark = event.target.querySelector(":scope > title");
      told.textContent = mark ? mark.textContent : "\u00a0";
    };
    drawing.addEventListener("pointerover", tell);
    drawing.addEventListener("pointerdown", tell);
    drawing.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse") told.textContent = "\u00a0";
    });
  }
  for (const table of document.querySelectorAll("table.sortable")) {
    if (table.tBodies[0].rows.length < 3) continue;
    for (const heading of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sort(table, heading));
      heading.append(button);
    }
  }
})();
