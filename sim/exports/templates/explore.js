(() => {
  const { axes, series, steps, months, values } = JSON.parse(document.getElementById("data").textContent);
  const [CALLS, PUSHED] = [0, 3];  // places of two axes
  const dates = months.map((month) => new Date(month));
  const last = months.length - 1;
  const sizes = [...axes.map((axis) => axis.levels.length), series.length, months.length];
  const strides = sizes.map((_, k) => sizes.slice(k + 1).reduce((product, size) => product * size, 1));
  const state = axes.map((axis, k) => axis.words.length ? axis.levels[k === PUSHED ? 1 : 0] : (k === CALLS ? d3.max(axis.levels) : 0));
  const nothing = axes.map((axis) => axis.levels[0]);

  // the corners of the cell of the grid around a point, with their weights
  function corners(point) {
    return axes.reduce((found, axis, k) => {
      const at = Math.max(0, Math.min(axis.levels.length - 2, d3.bisectRight(axis.levels, point[k]) - 1));
      const [low, high] = axis.levels.slice(at, at + 2);
      const share = (point[k] - low) / (high - low);
      return found.flatMap(([place, weight]) =>
        [[at, 1 - share], [at + 1, share]].filter(([, w]) => w > 0)
          .map(([level, w]) => [place + level * strides[k], weight * w]));
    }, [[0, 1]]);
  }

  function world(point) {
    const around = corners(point);
    return series.map((_, s) => months.map((_, m) =>
      d3.sum(around, ([place, weight]) => weight * values[place + s * strides[axes.length] + m]) / steps));
  }

  const percent = (value) => `${Math.round(100 * value)}\u00a0%`;
  const written = (value, unit) => unit === "%" ? (value < 0.095 ? `${(100 * value).toFixed(1)}\u00a0%` : percent(value)) : value.toFixed(2);
  const usual = world(nothing);
  const max = series.findIndex((one) => one.title === "Max");

  const levers = d3.select("#levers");
  axes.forEach((axis, k) => {
    const group = levers.append("fieldset");
    if (axis.words.length) {
      group.append("legend").text(axis.title);
      axis.words.forEach((word, level) => {
        const choice = group.append("label").attr("class", "choice");
        choice.append("input").attr("type", "radio").attr("name", `axis${k}`)
          .property("checked", state[k] === axis.levels[level])
          .on("change", () => { state[k] = axis.levels[level]; draw(); });
        choice.append("span").text(word);
      });
    } else {
      const label = group.append("label").attr("for", `axis${k}`).text(`${axis.title}: `);
      const shown = label.append("output").text(percent(state[k]));
      group.append("input").attr("type", "range").attr("id", `axis${k}`)
        .attr("min", axis.levels[0]).attr("max", d3.max(axis.levels)).attr("step", 0.01).property("value", state[k])
        .on("input", (event) => { state[k] = +event.target.value; shown.text(percent(state[k])); draw(); });
    }
  });

  const narrow = window.matchMedia("(max-width: 760px)").matches;
  const [width, height] = narrow ? [360, 320] : [860, 420];
  const margin = { top: 10, right: 140, bottom: 26, left: 44 };
  const svg = d3.select("#curves").append("svg").attr("viewBox", `0 0 ${width} ${height}`).attr("role", "img");
  const x = d3.scaleTime(d3.extent(dates), [margin.left, width - margin.right]);
  const y = d3.scaleLinear([0, 1], [height - margin.bottom, margin.top]);
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - margin.bottom})`)
    .call(d3.axisBottom(x).ticks(d3.timeMonth.every(narrow ? 6 : 3)).tickFormat(d3.timeFormat("%b %Y")));
  svg.append("g").attr("class", "axis").attr("transform", `translate(${margin.left},0)`)
    .call(d3.axisLeft(y).ticks(5, "%"));
  const line = d3.line((_, m) => x(dates[m]), (value) => y(value));
  const reach = series.map((one, s) => ({ ...one, s })).filter((one) => one.colour);
  svg.append("g").selectAll("path").data(reach).join("path").attr("fill", "none")
    .attr("stroke", (one) => one.colour).attr("stroke-width", 1).attr("stroke-opacity", 0.6).attr("d", (one) => line(usual[one.s]));
  const curves = svg.append("g").selectAll("path").data(reach).join("path").attr("fill", "none")
    .attr("stroke", (one) => one.colour).attr("stroke-width", 2.5);
  const names = svg.append("g").selectAll("text").data(reach).join("text").attr("x", width - margin.right + 6);

  // labels at the ends of curves, moved apart where they would lie on each other
  function places(ends) {
    const order = d3.range(ends.length).sort((a, b) => ends[a] - ends[b]);
    const found = [...ends];
    order.forEach((k, n) => { if (n) found[k] = Math.max(found[k], found[order[n - 1]] + 15); });
    const over = Math.max(0, d3.max(found) - (height - margin.bottom));
    return found.map((place) => place - over);
  }

  function title(now) {
    const [calls, messages, date, pushed] = axes.map((axis, k) => axis.words.length ? axis.words[axis.levels.indexOf(state[k])] : state[k]);
    const fails = calls + messages === 0 ? "If nothing fails" :
      `If ${percent(calls)} of calls${messages > 0 ? ` and ${percent(messages)} of messages` : ""} in WhatsApp and Telegram fail from ${date}`;
    const end = d3.timeFormat("%B %Y")(dates[last]);
    return `${fails}${pushed === "yes" ? " while Max is pushed" : ""}, about ${percent(now[max][last])} use Max in ${end}; ${percent(usual[max][last])} if nothing is done`;
  }

  function draw() {
    const now = world(state);
    document.getElementById("title").textContent = revealed ? title(now) : "What happens if calls fail? Choose, and guess";
    curves.attr("d", (one) => line(now[one.s]));
    const ends = places(reach.map((one) => y(now[one.s][last])));
    names.attr("y", (_, k) => ends[k] + 4).text((one) => `${one.title} ${percent(now[one.s][last])}`);
    svg.attr("aria-label", `Monthly reach at the end: ${reach.map((one) => `${one.title} ${percent(now[one.s][last])}`).join(", ")}`);
    d3.select("#tiles").selectAll("li").data(series.map((one, s) => ({ ...one, s })).filter((one) => !one.colour)).join("li")
      .html("").each(function (one) {
        const tile = d3.select(this);
        tile.append("b").text(written(now[one.s][last], one.unit));
        tile.append("span").text(one.title);
        tile.append("span").attr("class", "pale").text(` (${written(usual[one.s][last], one.unit)})`);
      });
  }

  let revealed = false;
  const guessed = document.getElementById("guessed");
  guessed.addEventListener("input", () => { document.getElementById("said").textContent = `${guessed.value} %`; });
  document.getElementById("show").addEventListener("click", () => {
    revealed = true;
    document.getElementById("guess").hidden = true;
    document.getElementById("answer").hidden = false;
    document.getElementById("beside").textContent = `You guessed ${guessed.value} %; the model says ${percent(world(state)[max][last])}.`;
    draw();
  });
  draw();
})();
