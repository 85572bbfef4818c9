// Shows the list of guides on the front page, and one guide on every other page.
"use strict";

function element(tag, text, attributes) {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  return node;
}

function list(guides) {
  const items = element("ul");
  for (const guide of guides) {
    const item = element("li");
    item.append(element("a", guide.title, { class: "guide", href: guide.path }), element("p", guide.summary));
    items.append(item);
  }
  return [element("h1", "Field Guides"), items];
}

function article(guide) {
  const node = element("article");
  const steps = element("ol", "", { class: "steps" });
  for (const step of guide.steps) steps.append(element("li", step));
  const about = element("p", "Filed under ");
  about.append(
    element("span", guide.category, { class: "category" }),
    " and updated on ",
    element("time", guide.updated, { datetime: guide.updated }),
  );
  const text = element("div", "", { class: "text" });
  text.append(element("p", guide.summary), steps);
  node.append(element("h1", guide.title), about, text);
  return [node];
}

async function show() {
  const front = location.pathname === "/";
  const response = await fetch(front ? "/data/guides" : "/data" + location.pathname);
  const value = await response.json();
  const main = element("main", "", { "data-ready": "true" });
  main.append(...(front ? list(value) : article(value)));
  if (!front) document.title = value.title;
  document.getElementById("app").replaceChildren(main);
}

show();
