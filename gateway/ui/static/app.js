"use strict";

// Everything shown comes from models and documents, so it is only ever set as text.

const byId = (id) => document.getElementById(id);
let running = null; // the AbortController of the question being answered

function element(tag, text, className) {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = text;
  if (className) e.className = className;
  return e;
}

function headers() {
  const h = { "Content-Type": "application/json" };
  const key = byId("key").value.trim();
  if (key) h.Authorization = "Bearer " + key;
  return h;
}

// safeLink is url if a browser may follow it: never javascript: and its like.
function safeLink(url) {
  try {
    const u = new URL(url, location.href);
    return u.protocol === "http:" || u.protocol === "https:" ? u.href : "";
  } catch {
    return "";
  }
}

function showError(message) {
  byId("error").textContent = message;
  byId("error").hidden = !message;
}

async function errorOf(response) {
  try {
    const e = (await response.json()).error;
    return `${response.status}: ${e.message}`;
  } catch {
    return `The server answered ${response.status}.`;
  }
}

async function loadModels() {
  try {
    const response = await fetch("/v1/models", { headers: headers() });
    if (!response.ok) return;
    const ids = (await response.json()).data.map((m) => m.id);
    byId("models").replaceChildren(...ids.map((id) => {
      const o = document.createElement("option");
      o.value = id;
      return o;
    }));
    if (!byId("model").value && ids.length) byId("model").value = ids[0];
  } catch { /* the list is a convenience */ }
}

// renderAnswer shows text with a link wherever it cites a source that exists.
function renderAnswer(text, sources) {
  const known = new Set(sources.map((s) => s.n));
  const parts = [];
  let at = 0;
  for (const m of text.matchAll(/\[(\d{1,2})\]/g)) {
    if (!known.has(Number(m[1]))) continue;
    parts.push(document.createTextNode(text.slice(at, m.index)));
    const a = element("a", m[0], "cite");
    a.href = "#source-" + m[1];
    parts.push(a);
    at = m.index + m[0].length;
  }
  parts.push(document.createTextNode(text.slice(at)));
  byId("answer").replaceChildren(...parts);
}

function renderSource(s) {
  const li = element("li", undefined, s.cited ? "" : "uncited");
  li.id = "source-" + s.n;
  const head = element("div");
  head.append(element("strong", `[${s.n}] `));
  const link = safeLink(s.url);
  const title = element(link ? "a" : "span", s.title || s.uri);
  if (link) {
    title.href = link;
    title.rel = "noopener noreferrer";
    title.target = "_blank";
  }
  head.append(title);
  const about = [...(s.headings || [])];
  if (s.page) about.push("page " + s.page);
  about.push("relevance " + s.relevance.toFixed(2), s.cited ? "cited" : "not cited");
  li.append(head, element("div", about.join(" · "), "about"), element("div", s.text, "text"));
  return li;
}

function leg(l) {
  return l ? `${l.score.toFixed(3)}${l.rank ? " (rank " + l.rank + ")" : ""}` : "–";
}

function renderExplain(explain) {
  byId("explained").hidden = !explain;
  if (!explain) return;
  byId("candidates").replaceChildren(...explain.candidates.slice(0, 50).map((c) => {
    const row = element("tr");
    const where = [c.title || c.uri, ...(c.headings || [])].join(" › ");
    row.append(element("td", where), element("td", c.relevance.toFixed(2)), element("td", leg(c.signals.lexical)),
      element("td", leg(c.signals.dense)), element("td", c.fate));
    return row;
  }));
  byId("record").textContent = JSON.stringify(explain, null, 2);
}

function renderRag(rag) {
  byId("sources").replaceChildren(...rag.sources.map(renderSource));
  byId("none").hidden = rag.sources.length > 0;
  const lost = rag.degraded.map((d) => `${d.stage}: ${d.reason}`);
  byId("note").textContent = lost.length ? "Answered with parts missing. " + lost.join("; ") : "";
  renderExplain(rag.explain);
}

// events yields the data of each event of a stream, and its name.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    buffer = (buffer + value).replace(/\r\n/g, "\n");
    for (let end; (end = buffer.indexOf("\n\n")) >= 0; buffer = buffer.slice(end + 2)) {
      const lines = buffer.slice(0, end).split("\n");
      const data = lines.filter((l) => l.startsWith("data:")).map((l) => l.slice(5).trimStart()).join("\n");
      if (data) yield data;
    }
  }
}

async function readAnswer(response) {
  let text = "", sources = [], whole = false;
  for await (const data of events(response.body)) {
    if (data === "[DONE]") {
      whole = true;
      continue;
    }
    const chunk = JSON.parse(data);
    if (chunk.error) throw new Error(chunk.error.message);
    for (const choice of chunk.choices || []) text += (choice.delta && choice.delta.content) || "";
    if (chunk.rag) {
      sources = chunk.rag.sources;
      renderRag(chunk.rag);
    }
    renderAnswer(text, sources);
  }
  if (!whole) throw new Error("The answer broke off.");
}

async function ask(question) {
  showError("");
  byId("result").hidden = false;
  byId("answer").textContent = "…";
  byId("sources").replaceChildren();
  byId("note").textContent = "";
  byId("none").hidden = true;
  renderExplain(null);
  const response = await fetch("/v1/chat/completions", {
    method: "POST",
    headers: headers(),
    signal: running.signal,
    body: JSON.stringify({
      model: byId("model").value || "default",
      stream: true,
      messages: [{ role: "user", content: question }],
      rag: { explain: true },
    }),
  });
  if (!response.ok) {
    byId("result").hidden = true;
    throw new Error(await errorOf(response));
  }
  await readAnswer(response);
}

async function submit(event) {
  event.preventDefault();
  if (running) running.abort();
  const mine = running = new AbortController();
  byId("stop").hidden = false;
  try {
    await ask(byId("question").value);
  } catch (e) {
    if (e.name !== "AbortError") showError(e.message);
  } finally {
    if (running === mine) {
      running = null;
      byId("stop").hidden = true;
    }
  }
}

byId("form").addEventListener("submit", submit);
byId("stop").addEventListener("click", () => running && running.abort());
byId("key").addEventListener("change", loadModels);
byId("question").addEventListener("keydown", (e) => {
  if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) byId("form").requestSubmit();
});
loadModels();
