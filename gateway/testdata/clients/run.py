"""Real Python clients against ragway: each case prints one line, and a failure ends in 1.

RAGWAY is ragway's address, KEY its key, MODEL the address of the scripted model server.
"""

import json
import os
import sys
import time
import urllib.request

RAGWAY, KEY, MODEL = os.environ["RAGWAY"], os.environ["KEY"], os.environ["MODEL"]
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
ASK = "How long is parental leave?"
SAID = "Sixteen weeks [1], not."
TOOL = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
failed = 0


def case(client, name):
    def run(f):
        global failed
        try:
            f()
            print(f"{client:14} {name:12} ok")
        except Exception as e:  # every failure is a line of the table
            failed += 1
            print(f"{client:14} {name:12} FAILED: {type(e).__name__}: {str(e)[:300]}")
        return f

    return run


def same(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def left():
    with urllib.request.urlopen(MODEL + "/state") as r:
        return json.load(r)["left"]


def leaves(begin):
    """The model server hears that a client left, at once."""
    before = left()
    begin()
    for _ in range(50):
        if left() > before:
            return
        time.sleep(0.02)
    raise AssertionError("the model server was not told within a second")


def raises(kind, f):
    try:
        f()
    except kind as e:
        return e
    raise AssertionError(f"no {kind}")


# OpenAI: chat completions and Responses.
import openai

oai = openai.OpenAI(base_url=RAGWAY + "/v1", api_key=KEY, max_retries=0)


def chat(q, **kw):
    return oai.chat.completions.create(model="fake-1", messages=[{"role": "user", "content": q}], **kw)


@case("openai", "chat")
def _():
    m = chat(ASK).choices[0].message
    same(m.content, SAID)
    a = m.annotations[0].url_citation
    same((a.start_index, a.end_index), (14, 17))
    assert "/v1/documents/" in a.url


@case("openai", "stream")
def _():
    text, rag = "", None
    for chunk in chat(ASK, stream=True):
        for c in chunk.choices:
            text += c.delta.content or ""
        rag = (chunk.model_extra or {}).get("rag") or rag
    same(text, SAID)
    assert rag["sources"][0]["cited"]


@case("openai", "tools")
def _():
    tools = [{"type": "function", "function": {"name": "lookup", "parameters": TOOL}}]
    m = chat(ASK + " SCRIPT-TOOL", tools=tools).choices[0].message
    same(json.loads(m.tool_calls[0].function.arguments), {"id": 99})
    again = oai.chat.completions.create(
        model="fake-1", tools=tools,
        messages=[{"role": "user", "content": ASK + " SCRIPT-TOOL"}, m.model_dump(exclude_none=True), {"role": "tool", "tool_call_id": "call_1", "content": "TOOL-RESULT"}],
    )
    same(again.choices[0].message.content, SAID)


@case("openai", "image")
def _():
    content = [{"type": "text", "text": ASK}, {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PIXEL}}]
    same(oai.chat.completions.create(model="fake-1", messages=[{"role": "user", "content": content}]).choices[0].message.content, SAID)


@case("openai", "structured")
def _():
    schema = {"name": "leave", "schema": {"type": "object", "properties": {"weeks": {"type": "integer"}}}}
    m = chat(ASK + " SCRIPT-JSON", response_format={"type": "json_schema", "json_schema": schema}).choices[0].message
    same(json.loads(m.content), {"weeks": 16, "note": "[8] stays"})


@case("openai", "errors")
def _():
    wrong = openai.OpenAI(base_url=RAGWAY + "/v1", api_key="wrong", max_retries=0)
    raises(openai.AuthenticationError, lambda: wrong.models.list())
    e = raises(openai.BadRequestError, lambda: chat(ASK + " SCRIPT-FAIL"))
    assert "the model says no" in str(e) and e.body["source"] == "upstream", e.body
    raises(openai.APIError, lambda: list(chat(ASK + " SCRIPT-CUT", stream=True)))


@case("openai", "silence")
def _():
    same("".join(c.delta.content or "" for ch in chat(ASK + " SCRIPT-SLOW", stream=True) for c in ch.choices), SAID)


@case("openai", "cancel")
def _():
    def begin():
        s = chat(ASK + " SCRIPT-SLOW", stream=True)
        next(iter(s))
        s.close()

    leaves(begin)


@case("openai", "responses")
def _():
    r = oai.responses.create(model="fake-1", input=ASK)
    same(r.output_text, SAID)
    same(r.output[1].content[0].annotations[0].type, "url_citation")
    tools = [{"type": "file_search", "vector_store_ids": ["vs_default"]}]
    r = oai.responses.create(model="fake-1", input=ASK, tools=tools, include=["file_search_call.results"])
    same(r.output[0].type, "file_search_call")
    assert "sixteen weeks" in r.output[0].results[0].text
    same(r.output[2].content[0].annotations[0].type, "file_citation")


@case("openai", "resp. stream")
def _():
    tools = [{"type": "file_search", "vector_store_ids": ["vs_default"]}]
    with oai.responses.stream(model="fake-1", input=ASK, tools=tools) as s:
        for _ in s:
            pass
        r = s.get_final_response()
    same(r.output_text, SAID)
    same([i.type for i in r.output], ["file_search_call", "reasoning", "message"])
    raises(Exception, lambda: list(oai.responses.create(model="fake-1", input=ASK + " SCRIPT-CUT", stream=True)))


# Anthropic.
import anthropic

ant = anthropic.Anthropic(base_url=RAGWAY, api_key=KEY, max_retries=0)


def message(q, **kw):
    return ant.messages.create(model="claude-fake", max_tokens=100, messages=[{"role": "user", "content": q}], **kw)


@case("anthropic", "message")
def _():
    block = message(ASK).content[0]
    same(block.text, SAID)
    same(block.citations[0].type, "search_result_location")


@case("anthropic", "stream")
def _():
    with ant.messages.stream(model="claude-fake", max_tokens=100, messages=[{"role": "user", "content": ASK}]) as s:
        text = "".join(s.text_stream)
        final = s.get_final_message()
    same(text, SAID)
    assert final.content[1].citations[0].cited_text


@case("anthropic", "tools")
def _():
    tools = [{"name": "lookup", "input_schema": TOOL}]
    m = message(ASK + " SCRIPT-TOOL", tools=tools)
    same(m.content[0].input, {"id": 99})
    again = ant.messages.create(
        model="claude-fake", max_tokens=100, tools=tools,
        messages=[{"role": "user", "content": ASK + " SCRIPT-TOOL"}, {"role": "assistant", "content": m.content}, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "TOOL-RESULT"}]}],
    )
    same(again.content[0].text, SAID)


@case("anthropic", "image")
def _():
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    content = [{"type": "image", "source": source}, {"type": "text", "text": ASK}]
    same(ant.messages.create(model="claude-fake", max_tokens=9, messages=[{"role": "user", "content": content}]).content[0].text, SAID)


@case("anthropic", "errors")
def _():
    wrong = anthropic.Anthropic(base_url=RAGWAY, api_key="wrong", max_retries=0)
    raises(anthropic.AuthenticationError, lambda: wrong.messages.create(model="m", max_tokens=9, messages=[{"role": "user", "content": "x"}]))
    raises(anthropic.BadRequestError, lambda: message(ASK + " SCRIPT-FAIL"))
    raises(Exception, lambda: list(message(ASK + " SCRIPT-CUT", stream=True)))


@case("anthropic", "silence")
def _():
    with ant.messages.stream(model="claude-fake", max_tokens=9, messages=[{"role": "user", "content": ASK + " SCRIPT-SLOW"}]) as s:
        same("".join(s.text_stream), SAID)


@case("anthropic", "cancel")
def _():
    def begin():
        s = message(ASK + " SCRIPT-SLOW", stream=True)
        next(iter(s))
        s.close()

    leaves(begin)


# Google.
from google import genai
from google.genai import errors, types

for version in ("v1beta", "v1", None):
    options = {"base_url": RAGWAY}
    if version:
        options["api_version"] = version
    name = f"genai {version or 'default'}"
    goo = genai.Client(api_key=KEY, http_options=types.HttpOptions(**options))

    @case(name, "generate")
    def _():
        r = goo.models.generate_content(model="gemini-fake", contents=ASK)
        same(r.text, SAID)
        meta = r.candidates[0].grounding_metadata
        assert "sixteen weeks" in meta.grounding_chunks[0].retrieved_context.text
        same(meta.grounding_supports[0].segment.start_index, 14)

    @case(name, "stream")
    def _():
        same("".join(c.text or "" for c in goo.models.generate_content_stream(model="gemini-fake", contents=ASK)), SAID)


@case("genai", "tools")
def _():
    lookup = types.FunctionDeclaration(name="lookup", parameters_json_schema=TOOL)
    config = types.GenerateContentConfig(tools=[types.Tool(function_declarations=[lookup])], automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True))
    r = goo.models.generate_content(model="gemini-fake", contents=ASK + " SCRIPT-TOOL", config=config)
    same(r.function_calls[0].args, {"id": 99})


@case("genai", "image")
def _():
    import base64

    image = types.Part.from_bytes(data=base64.b64decode(PIXEL), mime_type="image/png")
    same(goo.models.generate_content(model="gemini-fake", contents=[image, ASK]).text, SAID)


@case("genai", "structured")
def _():
    config = types.GenerateContentConfig(response_mime_type="application/json")
    same(json.loads(goo.models.generate_content(model="gemini-fake", contents=ASK + " SCRIPT-JSON", config=config).text)["note"], "[8] stays")


@case("genai", "errors")
def _():
    wrong = genai.Client(api_key="wrong", http_options=types.HttpOptions(base_url=RAGWAY))
    same(raises(errors.ClientError, lambda: wrong.models.generate_content(model="m", contents="x")).code, 401)
    same(raises(errors.ClientError, lambda: goo.models.generate_content(model="m", contents=ASK + " SCRIPT-FAIL")).code, 400)
    raises(Exception, lambda: list(goo.models.generate_content_stream(model="gemini-fake", contents=ASK + " SCRIPT-CUT")))


@case("genai", "silence")
def _():
    same("".join(c.text or "" for c in goo.models.generate_content_stream(model="gemini-fake", contents=ASK + " SCRIPT-SLOW")), SAID)


# LiteLLM.
import litellm

litellm.suppress_debug_info = True
lite = dict(api_base=RAGWAY + "/v1", api_key=KEY, num_retries=0)


@case("litellm", "chat")
def _():
    m = litellm.completion(model="openai/fake-1", messages=[{"role": "user", "content": ASK}], **lite).choices[0].message
    same(m.content, SAID)


@case("litellm", "stream")
def _():
    s = litellm.completion(model="openai/fake-1", stream=True, messages=[{"role": "user", "content": ASK}], **lite)
    same("".join(c.choices[0].delta.content or "" for c in s), SAID)


@case("litellm", "anthropic")
def _():
    m = litellm.completion(model="anthropic/claude-fake", api_base=RAGWAY, api_key=KEY, messages=[{"role": "user", "content": ASK}]).choices[0].message
    same(m.content, SAID)


@case("litellm", "search")
def _():
    body = {"vector_store_ids": ["vs_default"]}
    m = litellm.completion(model="openai/fake-1", messages=[{"role": "user", "content": ASK}], extra_body=body, **lite).choices[0].message
    same(m.content, SAID)


@case("litellm", "errors")
def _():
    raises(litellm.BadRequestError, lambda: litellm.completion(model="openai/fake-1", messages=[{"role": "user", "content": ASK + " SCRIPT-FAIL"}], **lite))


# LangChain.
from langchain_openai import ChatOpenAI

chain = ChatOpenAI(base_url=RAGWAY + "/v1", api_key=KEY, model="fake-1", max_retries=0)


@case("langchain", "chat")
def _():
    same(chain.invoke(ASK).content, SAID)


@case("langchain", "stream")
def _():
    same("".join(c.content for c in chain.stream(ASK)), SAID)


@case("langchain", "tools")
def _():
    tool = {"type": "function", "function": {"name": "lookup", "parameters": TOOL}}
    same(chain.bind_tools([tool]).invoke(ASK + " SCRIPT-TOOL").tool_calls[0]["args"], {"id": 99})


sys.exit(1 if failed else 0)
