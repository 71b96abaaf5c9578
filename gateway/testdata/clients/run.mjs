// Real Node clients against ragway: each case prints one line, and a failure ends in 1.
// RAGWAY is ragway's address, KEY its key, MODEL the address of the scripted model server.
import Anthropic from "@anthropic-ai/sdk";
import { createOpenAI } from "@ai-sdk/openai";
import { GoogleGenAI } from "@google/genai";
import { generateText, streamText } from "ai";
import assert from "node:assert";
import OpenAI from "openai";

const { RAGWAY, KEY, MODEL } = process.env;
const ASK = "How long is parental leave?";
const SAID = "Sixteen weeks [1], not.";
let failed = 0;

async function test(client, name, f) {
  try {
    await f();
    console.log(`${client.padEnd(14)} ${name.padEnd(12)} ok`);
  } catch (e) {
    failed++;
    console.log(`${client.padEnd(14)} ${name.padEnd(12)} FAILED: ${String(e?.message ?? e).slice(0, 300)}`);
  }
}

const left = async () => (await (await fetch(MODEL + "/state")).json()).left;

// The model server hears that a client left, at once.
async function leaves(begin) {
  const before = await left();
  await begin();
  for (let i = 0; i < 50; i++) {
    if ((await left()) > before) return;
    await new Promise((r) => setTimeout(r, 20));
  }
  assert.fail("the model server was not told within a second");
}

const user = (content) => [{ role: "user", content }];
const oai = new OpenAI({ baseURL: RAGWAY + "/v1", apiKey: KEY, maxRetries: 0 });
const chat = (q, more = {}) => oai.chat.completions.create({ model: "fake-1", messages: user(q), ...more });

await test("openai", "chat", async () => {
  const m = (await chat(ASK)).choices[0].message;
  assert.equal(m.content, SAID);
  assert.equal(m.annotations[0].url_citation.start_index, 14);
});
await test("openai", "stream", async () => {
  let text = "";
  for await (const c of await chat(ASK, { stream: true })) text += c.choices[0]?.delta?.content ?? "";
  assert.equal(text, SAID);
});
await test("openai", "tools", async () => {
  const tools = [{ type: "function", function: { name: "lookup", parameters: { type: "object" } } }];
  const m = (await chat(ASK + " SCRIPT-TOOL", { tools })).choices[0].message;
  assert.deepEqual(JSON.parse(m.tool_calls[0].function.arguments), { id: 99 });
});
await test("openai", "structured", async () => {
  const m = (await chat(ASK + " SCRIPT-JSON", { response_format: { type: "json_object" } })).choices[0].message;
  assert.equal(JSON.parse(m.content).note, "[8] stays");
});
await test("openai", "errors", async () => {
  const wrong = new OpenAI({ baseURL: RAGWAY + "/v1", apiKey: "wrong", maxRetries: 0 });
  await assert.rejects(wrong.models.list(), OpenAI.AuthenticationError);
  await assert.rejects(chat(ASK + " SCRIPT-FAIL"), OpenAI.BadRequestError);
  await assert.rejects(async () => { for await (const _ of await chat(ASK + " SCRIPT-CUT", { stream: true })); });
});
await test("openai", "silence", async () => {
  let text = "";
  for await (const c of await chat(ASK + " SCRIPT-SLOW", { stream: true })) text += c.choices[0]?.delta?.content ?? "";
  assert.equal(text, SAID);
});
await test("openai", "cancel", () => leaves(async () => {
  for await (const _ of await chat(ASK + " SCRIPT-SLOW", { stream: true })) break;
}));
await test("openai", "responses", async () => {
  const tools = [{ type: "file_search", vector_store_ids: ["vs_default"] }];
  const r = await oai.responses.create({ model: "fake-1", input: ASK, tools });
  assert.equal(r.output_text, SAID);
  assert.equal(r.output[2].content[0].annotations[0].type, "file_citation");
  let text = "";
  for await (const e of await oai.responses.create({ model: "fake-1", input: ASK, tools, stream: true }))
    if (e.type === "response.output_text.delta") text += e.delta;
  assert.equal(text, SAID);
});

const ant = new Anthropic({ baseURL: RAGWAY, apiKey: KEY, maxRetries: 0 });
await test("anthropic", "message", async () => {
  const m = await ant.messages.create({ model: "claude-fake", max_tokens: 9, messages: user(ASK) });
  assert.equal(m.content[0].text, SAID);
  assert.equal(m.content[0].citations[0].type, "search_result_location");
});
await test("anthropic", "stream", async () => {
  const m = await ant.messages.stream({ model: "claude-fake", max_tokens: 9, messages: user(ASK + " SCRIPT-SLOW") }).finalMessage();
  assert.equal(m.content[1].text, SAID);
  assert.equal(m.content[1].citations.length, 1);
});

const goo = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: RAGWAY } });
await test("genai", "generate", async () => {
  const r = await goo.models.generateContent({ model: "gemini-fake", contents: ASK });
  assert.equal(r.text, SAID);
  assert.ok(r.candidates[0].groundingMetadata.groundingChunks[0].retrievedContext.uri);
});
await test("genai", "stream", async () => {
  let text = "";
  for await (const c of await goo.models.generateContentStream({ model: "gemini-fake", contents: ASK + " SCRIPT-SLOW" })) text += c.text ?? "";
  assert.equal(text, SAID);
});

const ai = createOpenAI({ baseURL: RAGWAY + "/v1", apiKey: KEY });
for (const [name, model] of [["chat", ai.chat("fake-1")], ["responses", ai.responses("fake-1")]]) {
  await test("vercel ai", name, async () => {
    const r = await generateText({ model, prompt: ASK, maxRetries: 0 });
    assert.equal(r.text, SAID);
  });
  await test("vercel ai", name + " str.", async () => {
    let text = "";
    for await (const t of streamText({ model, prompt: ASK, maxRetries: 0 }).textStream) text += t;
    assert.equal(text, SAID);
  });
}

process.exit(failed ? 1 : 0);
