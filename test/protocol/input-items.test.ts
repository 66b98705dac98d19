import { describe, expect, it } from "vitest";
import { itemProblem } from "../../core/protocol/input-items.ts";

const user = (...content: unknown[]) => ({ role: "user", content });
const assistant = (...content: unknown[]) => ({ role: "assistant", content });
const output = (value: unknown) => ({ type: "function_call_output", call_id: "call_1", output: value });
const call = { type: "function_call", call_id: "call_1", name: "clock", arguments: "{}" };
const reasoning = { type: "reasoning", id: "rs_1", summary: [] };

const mcpCall = { type: "mcp_call", id: "mcp_1", server_label: "docs", name: "search" };
const mcpList = { type: "mcp_list_tools", id: "mcpl_1", server_label: "docs", tools: [] };
const codeCall = (more: object) => ({ type: "code_interpreter_call", id: "ci_1", ...more });
const fileSearch = (more: object) => ({ type: "file_search_call", id: "fs_1", ...more });
const webSearch = (more: object) => ({ type: "web_search_call", id: "ws_1", ...more });

describe("input items", () => {
  it.each<[what: string, item: object]>([
    ["a message without a type", { role: "user", content: "hi" }],
    ["a message whose type is null", { type: null, role: "user", content: "hi" }],
    ["a message of each role: system", { type: "message", role: "system", content: "hi" }],
    ["developer", { type: "message", role: "developer", content: "hi" }],
    ["assistant", { type: "message", role: "assistant", content: "hi" }],
    ["a message without parts", user()],
    [
      "a message with an id, a status and a phase",
      { ...assistant(), id: "m", status: "completed", phase: null },
    ],
    ["text", user({ type: "input_text", text: "" })],
    ["an image by URL", user({ type: "input_image", image_url: "https://example.com/a.png", detail: "low" })],
    ["an image by upper-case URL", user({ type: "input_image", image_url: "HTTPS://EXAMPLE.COM/A" })],
    [
      "an image as data",
      user({ type: "input_image", image_url: "data:image/png;base64,AA==", file_id: null }),
    ],
    ["a file as data", user({ type: "input_file", file_data: "AA==", filename: "a.pdf" })],
    ["a file by URL", user({ type: "input_file", file_url: "http://example.com/a.pdf" })],
    [
      "an answer",
      assistant({ type: "output_text", text: "a", annotations: [] }, { type: "refusal", refusal: "no" }),
    ],
    ["an answer in input_text", assistant({ type: "input_text", text: "a" })],
    ["a call", call],
    ["a call with nulls", { ...call, id: null, status: null }],
    ["an output in text", output("noon")],
    ["an output with the client's own id", { ...output("noon"), id: "fco_0198" }],
    ["an output in parts", output([{ type: "input_text", text: "noon" }])],
    ["an image as output", output([{ type: "input_image", image_url: "data:image/png;base64,AA==" }])],
    ["reasoning with a summary", { ...reasoning, summary: [{ type: "summary_text", text: "so" }] }],
    ["reasoning with content", { ...reasoning, content: [{ type: "reasoning_text", text: "so" }] }],
    [
      "reasoning that nobody can read",
      { ...reasoning, id: undefined, content: null, encrypted_content: "x" },
    ],
    ["a reference", { type: "item_reference", id: "rs_1" }],
    ["a reference without a type", { id: "rs_1" }],
    ["a reference whose type is null", { type: null, id: "rs_1" }],
    ["a code interpreter's call", { type: "code_interpreter_call", id: "ci_1" }],
    ["an MCP call", { ...mcpCall, anything: 1 }],
    ["an MCP call that failed", { ...mcpCall, arguments: "{}", output: null, error: { type: "http_error" } }],
    ["an MCP listing", { ...mcpList, tools: [{ name: "add", input_schema: {} }] }],
    ["an approval", { type: "mcp_approval_response", approval_request_id: "mcpr_1", approve: true }],
    ["a web search", { type: "web_search_call", id: "ws_1" }],
    ["a file search", { type: "file_search_call", id: "fs_1" }],
    ["an image generation", { type: "image_generation_call", id: "ig_1" }],
    [
      "a code interpreter's call with outputs",
      codeCall({
        outputs: [
          { type: "logs", logs: "" },
          { type: "image", url: "data:image/png;base64,AA==" },
        ],
      }),
    ],
    ["a code interpreter's call without what was not shown", codeCall({ code: null, outputs: null })],
    [
      "a file search with results",
      fileSearch({
        queries: ["a"],
        results: [{ text: "b", score: 0.5, attributes: { year: 2026, draft: true } }],
      }),
    ],
    ["a file search without results", fileSearch({ queries: [], results: null })],
    ["a web search with an action", webSearch({ action: { type: "search", query: "a", sources: null } })],
    ["a web search that opened a page", webSearch({ action: { type: "open_page", url: null } })],
    ["an image that was made", { type: "image_generation_call", id: "ig_1", result: "AA==" }],
    ["an MCP call whose error is a text", { ...mcpCall, error: "no" }],
    ["an MCP listing that failed", { ...mcpList, error: "down" }],
  ])("may be %s", (_what, item) => {
    expect(itemProblem(item)).toBeUndefined();
  });

  it.each<[path: string, item: unknown, says: string]>([
    ["", "hi", "expected an object, got a string"],
    ["", null, "expected an object, got null"],
    [".type", {}, "expected a string, got nothing"],
    [".type", { type: 3 }, "expected a string, got 3"],
    [".type", { type: "mesage", role: "user" }, '"mesage" is no known item type'],
    [".type", { type: "toString" }, "no known item type"],
    [".role", { type: "message", content: "hi" }, "got nothing"],
    [".role", { role: "tool", content: "hi" }, 'got "tool"'],
    [".status", { ...user(), status: "done" }, 'got "done"'],
    [".phase", { ...assistant(), phase: "end" }, 'got "end"'],
    [".content", { role: "user" }, "expected a string or an array of content parts, got nothing"],
    [".content", { role: "assistant", content: null }, "got null"],
    [".content[0]", user("hi"), "expected an object with a type, got a string"],
    [".content[0].type", user({ text: "hi" }), "got nothing"],
    [".content[0].type", user({ type: "text", text: "hi" }), 'got "text"'],
    [".content[0].type", user({ type: "output_text", text: "hi" }), 'got "output_text"'],
    [".content[0].type", user({ type: "constructor" }), 'got "constructor"'],
    [".content[0].type", assistant({ type: "input_image", image_url: "https://a" }), 'got "input_image"'],
    [".content[0].type", user({ type: "input_audio" }), "not supported yet"],
    [".content[0].type", user({ type: "input_video" }), "not supported yet"],
    [".content[1].text", user({ type: "input_text", text: "" }, { type: "input_text" }), "got nothing"],
    [".content[0].refusal", assistant({ type: "refusal", text: "no" }), "got nothing"],
    [".content[0].image_url", user({ type: "input_image" }), "expected a part with image_url"],
    [
      ".content[0].image_url",
      user({ type: "input_image", image_url: { url: "https://a" } }),
      "got an object",
    ],
    [".content[0].image_url", user({ type: "input_image", image_url: "file:///etc/passwd" }), "got a string"],
    [".content[0].file_id", user({ type: "input_image", file_id: "file_1" }), "not supported yet"],
    [".content[0].detail", user({ type: "input_image", image_url: "https://a", detail: "x" }), 'got "x"'],
    [".content[0].file_id", user({ type: "input_file", file_id: "file_1" }), "not supported yet"],
    [".content[0].file_data", user({ type: "input_file", filename: "a" }), "file_data or file_url"],
    [".content[0].file_url", user({ type: "input_file", file_url: "/etc/passwd" }), "an http(s) URL"],
    [".call_id", { ...call, call_id: undefined }, "got nothing"],
    [".call_id", { ...call, call_id: "" }, "not empty"],
    [".name", { ...call, name: undefined }, "got nothing"],
    [".arguments", { ...call, arguments: {} }, "expected a string, got an object"],
    [".call_id", { type: "function_call_output", output: "noon" }, "got nothing"],
    [".output", output({ noon: true }), "expected a string or an array of content parts, got an object"],
    [".output[0].type", output([{ type: "output_text", text: "noon" }]), 'got "output_text"'],
    [".summary", { type: "reasoning", id: "rs_1" }, "expected an array of content parts, got nothing"],
    [".summary[0].type", { ...reasoning, summary: [{ type: "reasoning_text", text: "" }] }, "summary_text"],
    [".content[0].text", { ...reasoning, content: [{ type: "reasoning_text" }] }, "got nothing"],
    [".encrypted_content", { ...reasoning, encrypted_content: {} }, "expected a string, got an object"],
    [".id", { type: "item_reference" }, "got nothing"],
    [".id", { ...mcpCall, id: undefined }, "got nothing"],
    [".name", { ...mcpCall, name: undefined }, "got nothing"],
    [".arguments", { ...mcpCall, arguments: {} }, "got an object"],
    [".output", { ...mcpCall, output: 5 }, "got 5"],
    [".server_label", { ...mcpList, server_label: undefined }, "got nothing"],
    [".tools", { ...mcpList, tools: "all" }, "got a string"],
    [".tools[0]", { ...mcpList, tools: [null] }, "got null"],
    [".tools[0].name", { ...mcpList, tools: [{ name: 5 }] }, "got 5"],
    [".tools[0].input_schema", { ...mcpList, tools: [{ name: "a", input_schema: "x" }] }, "got a string"],
    [".tools[0].description", { ...mcpList, tools: [{ name: "a", description: {} }] }, "got an object"],
    [".error", { ...mcpList, error: {} }, "expected a string, got an object"],
    [".error", { ...mcpCall, error: 3 }, "expected a string or an object with a type, got 3"],
    [".error", { ...mcpCall, error: { content: [] } }, "got an object"],
    [".approval_request_id", { ...mcpCall, approval_request_id: 1 }, "got 1"],
    [".id", { type: "code_interpreter_call" }, "got nothing"],
    [".code", codeCall({ code: 5 }), "expected a string, got 5"],
    [".code", codeCall({ code: ["print(1)"] }), "got an array"],
    [".outputs", codeCall({ outputs: "logs" }), "expected an array, got a string"],
    [".outputs", codeCall({ outputs: { type: "logs" } }), "got an object"],
    [".outputs[0]", codeCall({ outputs: ["logs"] }), "expected an object, got a string"],
    [".outputs[0]", codeCall({ outputs: [null] }), "got null"],
    [".outputs[0].type", codeCall({ outputs: [{}] }), 'expected one of "logs", "image", got nothing'],
    [".outputs[0].type", codeCall({ outputs: [{ type: "files" }] }), 'got "files"'],
    [
      ".outputs[1].logs",
      codeCall({ outputs: [{ type: "logs", logs: "" }, { type: "logs" }] }),
      "got nothing",
    ],
    [".outputs[0].url", codeCall({ outputs: [{ type: "image", url: null }] }), "got null"],
    [".container_id", codeCall({ container_id: {} }), "got an object"],
    [".status", codeCall({ status: 1 }), "got 1"],
    [".queries[0]", fileSearch({ queries: [1] }), "expected a string, got 1"],
    [".results", fileSearch({ results: "none" }), "got a string"],
    [".results[0].text", fileSearch({ results: [{ text: 1 }] }), "got 1"],
    [".results[0].score", fileSearch({ results: [{ score: "high" }] }), "expected a number, got a string"],
    [".action", webSearch({ action: "search" }), "expected an object, got a string"],
    [".action.type", webSearch({ action: {} }), "got nothing"],
    [".action.query", webSearch({ action: { type: "search", query: [] } }), "got an array"],
    [".action.sources[0]", webSearch({ action: { type: "search", sources: ["a"] } }), "got a string"],
    [".result", { type: "image_generation_call", id: "ig_1", result: {} }, "got an object"],
    [".approve", { type: "mcp_approval_response", approval_request_id: "mcpr_1" }, "expected a boolean"],
    [".arguments", { type: "mcp_approval_request", id: "m", name: "n", server_label: "s" }, "got nothing"],
  ])("are refused at %j: %j", (path, item, says) => {
    const problem = itemProblem(item);
    expect(problem).toMatchObject({ path });
    expect(problem?.text).toContain(says);
  });

  it("never repeats what a URL or a text says", () => {
    const image_url = "s3://key:secret@bucket/a.png";
    expect(itemProblem(user({ type: "input_image", image_url }))?.text).not.toContain("secret");
  });
});
