(() => {
  const found = JSON.parse(document.getElementById("readings").textContent);
  const figure = document.getElementById("headline");
  const said = document.getElementById("reading");
  const svgs = [...figure.querySelectorAll("svg")];
  let at = -1;

  // the rectangle of the axes, in units of the drawing
  const area = (svg) => svg.querySelector('g[id$="axes_1"] > g[id*="patch_"] path').getBBox();
  const shown = () => svgs.find((svg) => svg.getClientRects().length);
  const percent = (value) => value.toFixed(1) + " %";

  const cursors = svgs.map((svg) => {
    const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    line.setAttribute("class", "cursor");
    svg.append(line);
    return line;
  });

  function text(name, [median, low, high, other]) {
    const band = low < high ? ` (${low.toFixed(1)} to ${high.toFixed(1)})` : "";
    return `${name} ${percent(median)}${band}` + (found.other ? `, otherwise ${percent(other)}` : "");
  }

  function read(step) {
    at = Math.max(0, Math.min(found.steps.length - 1, step));
    const { when, at: place, values } = found.steps[at];
    const svg = shown();
    const box = area(svg);
    const line = cursors[svgs.indexOf(svg)];
    const x = box.x + place * box.width;
    for (const [key, value] of Object.entries({ x1: x, x2: x, y1: box.y, y2: box.y + box.height })) {
      line.setAttribute(key, value);
    }
    said.replaceChildren(`${when}: `, ...values.map((some, k) => {
      const item = document.createElement("span");
      item.style.borderColor = found.colours[k];
      item.textContent = text(found.names[k], some) + (k < values.length - 1 ? "; " : ".");
      return item;
    }));
    figure.setAttribute("aria-valuenow", at);
    figure.setAttribute("aria-valuetext", when);
  }

  function point(event) {
    const svg = shown();
    const box = area(svg);
    const matrix = svg.getScreenCTM();
    const place = ((event.clientX - matrix.e) / matrix.a - box.x) / box.width;
    const far = (step) => Math.abs(step.at - place);
    const nearest = found.steps.reduce((best, step, k, all) => (far(step) < far(all[best]) ? k : best), 0);
    if (nearest !== at) read(nearest);
  }

  const last = found.steps.length - 1;
  const moves = {
    ArrowLeft: () => at - 1, ArrowRight: () => at + 1, ArrowDown: () => at - 1, ArrowUp: () => at + 1,
    PageUp: () => at + 4, PageDown: () => at - 4, Home: () => 0, End: () => last,
  };
  figure.addEventListener("keydown", (event) => {
    if (event.key in moves && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      read(moves[event.key]());
    }
  });
  figure.addEventListener("pointermove", point);
  figure.addEventListener("pointerdown", point);
  figure.addEventListener("focus", () => { if (at < 0) read(last); });
  for (const [key, value] of Object.entries({
    tabindex: 0, role: "slider", "aria-label": "Daily reach by date: arrow keys move along the days",
    "aria-valuemin": 0, "aria-valuemax": last, "aria-valuenow": last,
    "aria-valuetext": found.steps[last].when, "aria-describedby": "reading",
  })) figure.setAttribute(key, value);
  said.hidden = false;
})();
