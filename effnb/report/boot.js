const dark = matchMedia("(prefers-color-scheme: dark)");
const ink = (card, text, soft, line) => ({
  background: card,
  title: { color: text, subtitleColor: soft },
  axis: { gridColor: line, domainColor: soft, tickColor: soft },
  style: { "guide-label": { fill: text }, "guide-title": { fill: soft } },
});
const themes = { light: ink("#ffffff", "#1c2230", "#5a6374", "#c9ced8"), dark: ink("#1c2027", "#e6e9ef", "#a4acba", "#4a5160") };

async function draw(figure) {
  const spec = JSON.parse(figure.querySelector("script").textContent);
  const theme = dark.matches ? "dark" : "light";
  const holder = document.createElement("div");
  const options = { mode: "vega-lite", renderer: "svg", actions: false, ast: true, config: themes[theme], tooltip: { theme } };
  await vegaEmbed(holder, spec, options);
  const fallback = figure.querySelector("img, .vega-embed");
  fallback.replaceWith(holder);
  figure.dataset.ready = "1";
}

const drawAll = () => document.querySelectorAll("[data-effnb-chart]").forEach((figure) => draw(figure));
drawAll();
dark.addEventListener("change", drawAll);
