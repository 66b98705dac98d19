import { describe, expect, it } from "vitest";
import {
  EXCEPTIONS,
  expectValidError,
  expectValidEvent,
  expectValidItemList,
  expectValidResponse,
  expectValidStream,
} from "../../../core/testing/wire/expect-valid.ts";
import {
  codeItem,
  functionCallItem,
  mcpCallItem,
  mcpListItem,
  messageItem,
  numbered,
  reasoningItem,
  refusalItem,
  type SampleEvent,
  sampleResponse,
  sampleStream,
} from "../../../core/testing/wire/samples.ts";

type Change = (events: SampleEvent[]) => void;

/** A copy of a stream with one thing changed. */
function changed(events: SampleEvent[], change: Change): SampleEvent[] {
  const copy = structuredClone(events);
  change(copy);
  return copy;
}

function find(events: SampleEvent[], type: string, from = 0): number {
  const index = events.findIndex((event, position) => position >= from && event.type === type);
  if (index === -1) throw new Error(`the sample has no ${type}`);
  return index;
}

const edit =
  (type: string, fields: object): Change =>
  (events) => {
    Object.assign(events[find(events, type)] ?? {}, fields);
  };

/** Takes an event away and closes the gap in the numbers. */
const without =
  (type: string): Change =>
  (events) => {
    events.splice(find(events, type), 1);
    renumber(events);
  };

const swap =
  (one: string, other: string): Change =>
  (events) => {
    const [a, b] = [find(events, one), find(events, other)];
    const [first, second] = [events[a], events[b]];
    if (first && second) [events[a], events[b]] = [second, first];
    renumber(events);
  };

const twice =
  (type: string): Change =>
  (events) => {
    const index = find(events, type);
    const event = events[index];
    if (event) events.splice(index, 0, structuredClone(event));
    renumber(events);
  };

function renumber(events: SampleEvent[]): void {
  for (const [index, event] of numbered(events).entries()) events[index] = event;
}

const editItem =
  (type: string, fields: object): Change =>
  (events) => {
    Object.assign(events[find(events, type)]?.item ?? {}, fields);
  };

const editEnd =
  (fields: object): Change =>
  (events) => {
    Object.assign(events.at(-1)?.response ?? {}, fields);
  };

const citation = { type: "url_citation", url: "http://a.example/", title: "A", start_index: 0, end_index: 2 };
const fileCitation = {
  type: "container_file_citation",
  container_id: "cntr_1",
  file_id: "f",
  filename: "f.txt",
  start_index: 0,
  end_index: 1,
};

const text = sampleStream([messageItem(["Hel", "lo"], [citation])]);
const call = sampleStream([functionCallItem("clock", ["{", "}"])]);
const code = sampleStream([codeItem(["1 +", " 1"])]);
const mcp = sampleStream([mcpListItem(), mcpCallItem(["{", "}"]), messageItem(["found"])]);
const mcpFailed = sampleStream([
  mcpCallItem(["{}"], { type: "mcp_tool_execution_error", content: [{ type: "text", text: "no" }] }),
]);
const thought = sampleStream([reasoningItem(["h", "m"]), refusalItem(["n", "o"])]);

describe("a stream that keeps the rules", () => {
  it.each([
    ["text with a citation", text],
    [
      "text with a citation that Open Responses does not know",
      sampleStream([messageItem(["a"], [fileCitation])]),
    ],
    ["a message without deltas", sampleStream([messageItem([])])],
    ["a function call", call],
    ["code interpreter", code],
    ["MCP", mcp],
    ["a failed MCP call", mcpFailed],
    ["reasoning, then a refusal", thought],
    [
      "reasoning under its Open Responses names",
      sampleStream([reasoningItem(["h", "m"], "response.reasoning")]),
    ],
    ["no output", sampleStream([])],
    [
      "incomplete",
      sampleStream([messageItem(["a"])], {
        status: "incomplete",
        completed_at: null,
        incomplete_details: { reason: "max_output_tokens" },
      }),
    ],
    [
      "failed",
      sampleStream([messageItem(["a"])], {
        status: "failed",
        completed_at: null,
        error: { code: "server_error", message: "the upstream broke off" },
      }),
    ],
  ])("passes: %s", (_, events) => {
    expect(expectValidStream(events)).toEqual(events.at(-1)?.response);
  });

  it("may repeat response.in_progress anywhere to keep the stream alive", () => {
    const alive = changed(text, (events) => {
      const beat = events[1];
      if (beat) events.splice(4, 0, structuredClone(beat));
      renumber(events);
    });
    expect(() => expectValidStream(alive)).not.toThrow();
  });

  it("may interleave parallel items that finish in another order", () => {
    const [first, second] = [functionCallItem("a", ["{}"])(0), functionCallItem("b", ["{}"])(1)];
    const woven = changed(
      sampleStream([functionCallItem("a", ["{}"]), functionCallItem("b", ["{}"])]),
      (events) => {
        const [open, ...rest] = first;
        const [open2, ...rest2] = second;
        if (open && open2)
          events.splice(2, first.length + second.length, ...numbered([open, open2, ...rest2, ...rest]));
        renumber(events);
      },
    );
    expect(() => expectValidStream(woven)).not.toThrow();
  });

  it("may skip what a stopped tool call never came to", () => {
    const stopped = changed(code, (events) => {
      events.splice(find(events, "response.code_interpreter_call.interpreting"), 2);
      editItem("response.output_item.done", { status: "incomplete" })(events);
      const item = events[find(events, "response.output_item.done")]?.item;
      editEnd({ output: [item] })(events);
      renumber(events);
    });
    expect(() => expectValidStream(stopped)).not.toThrow();
  });
});

describe("a stream that breaks a rule is caught:", () => {
  const breaks: Array<[string, SampleEvent[], Change, RegExp]> = [
    ["numbers with a gap", text, (events) => events.splice(4, 1), /event 4 .*sequence_number is 5/],
    ["numbers that do not start at 0", text, (events) => events.shift(), /event 0 .*sequence_number is 1/],
    ["no response.created", text, without("response.created"), /response\.created is the first/],
    ["no response.in_progress", text, without("response.in_progress"), /come first/],
    ["response.created twice", text, twice("response.created"), /response\.created is the first/],
    ["no terminal event", text, (events) => events.pop(), /no terminal event/],
    ["two terminal events", text, twice("response.completed"), /nothing comes after the terminal/],
    [
      "events after the terminal one",
      text,
      swap("response.output_item.done", "response.completed"),
      /never closed/,
    ],
    ["another response id", text, editEnd({ id: "resp_2" }), /the response was "resp_1"/],
    [
      "a shared response object",
      text,
      edit("response.created", { response: text.at(-1)?.response }),
      /snapshot/,
    ],
    ["a terminal status that differs", text, editEnd({ status: "incomplete" }), /status is "incomplete"/],
    ["completed without completed_at", text, editEnd({ completed_at: null }), /completed_at is missing/],
    [
      "completed with an error",
      text,
      editEnd({ error: { code: "server_error", message: "" } }),
      /error is for failed/,
    ],
    [
      "completed with incomplete_details",
      text,
      editEnd({ incomplete_details: { reason: "content_filter" } }),
      /for inc/,
    ],
    [
      "output that lacks an item",
      mcp,
      (e) => editEnd({ output: e.slice(-2, -1).map(({ item }) => item) })(e),
      /output d/,
    ],
    [
      "a first item at index 1",
      text,
      edit("response.output_item.added", { output_index: 1 }),
      /next item is 0/,
    ],
    [
      "a delta for an item that is not there",
      text,
      edit("response.output_text.delta", { output_index: 3 }),
      /no item/,
    ],
    [
      "a delta with another item's id",
      text,
      edit("response.output_text.delta", { item_id: "msg_9" }),
      /item_id is/,
    ],
    [
      "a delta with another content index",
      text,
      edit("response.output_text.delta", { content_index: 1 }),
      /open part/,
    ],
    [
      "an id that is used twice",
      mcp,
      (e) => editItem("response.output_item.added", { id: "mcp_1" })(e),
      /item_id|twice/,
    ],
    ["an item that is opened twice", text, twice("response.output_item.added"), /output_index is 0/],
    ["an item that is closed twice", text, twice("response.output_item.done"), /closed before/],
    ["an item that is never closed", text, without("response.output_item.done"), /never closed/],
    [
      "an item that closes in progress",
      call,
      editItem("response.output_item.done", { status: "in_progress" }),
      /closes with/,
    ],
    [
      "a message that opens with content",
      text,
      (e) => editItem("response.output_item.added", { content: [{ type: "refusal", refusal: "" }] })(e),
      /opens with content/,
    ],
    ["a message without content_part.added", text, without("response.content_part.added"), /no part is open/],
    ["a message without output_text.done", text, without("response.output_text.done"), /the order is/],
    ["a message without content_part.done", text, without("response.content_part.done"), /the order is/],
    [
      "annotations after output_text.done",
      text,
      swap("response.output_text.annotation.added", "response.output_text.done"),
      /the order is/,
    ],
    [
      "annotations that do not count from 0",
      text,
      edit("response.output_text.annotation.added", { annotation_index: 1 }),
      /count from 0/,
    ],
    [
      "an annotation that the part lacks",
      text,
      without("response.output_text.annotation.added"),
      /annotations/,
    ],
    [
      "deltas that differ from output_text.done",
      text,
      edit("response.output_text.delta", { delta: "Hal" }),
      /the deltas make "Hallo"/,
    ],
    ["a lost delta", text, without("response.output_text.delta"), /the deltas make "lo"/],
    [
      "a part that differs from its deltas",
      text,
      (e) =>
        edit("response.content_part.done", {
          part: { type: "output_text", text: "x", annotations: [], logprobs: [] },
        })(e),
      /the part's text/,
    ],
    [
      "an item that differs from its parts",
      text,
      editItem("response.output_item.done", { content: [] }),
      /the final content/,
    ],
    [
      "reasoning that differs from its deltas",
      thought,
      edit("response.reasoning_text.delta", { delta: "x" }),
      /deltas make "xm"/,
    ],
    [
      "a refusal that differs from its deltas",
      thought,
      edit("response.refusal.delta", { delta: "x" }),
      /deltas make "xo"/,
    ],
    ["reasoning without its part", thought, without("response.content_part.added"), /no part is open/],
    [
      "arguments that differ from their deltas",
      call,
      edit("response.function_call_arguments.delta", { delta: "[" }),
      /deltas make/,
    ],
    [
      "final arguments that differ",
      call,
      editItem("response.output_item.done", { arguments: "{ }" }),
      /final arguments/,
    ],
    ["a call without arguments.done", call, without("response.function_call_arguments.done"), /the order is/],
    [
      "a call that opens with arguments",
      call,
      editItem("response.output_item.added", { arguments: "{" }),
      /opens with its arguments/,
    ],
    [
      "a call that changes its name",
      call,
      editItem("response.output_item.done", { name: "watch" }),
      /name changes/,
    ],
    [
      "a call that changes its call_id",
      call,
      editItem("response.output_item.done", { call_id: "call_x" }),
      /call_id changes/,
    ],
    [
      "arguments.done with another name",
      call,
      edit("response.function_call_arguments.done", { name: "watch" }),
      /name differs/,
    ],
    [
      "code that differs from its deltas",
      code,
      edit("response.code_interpreter_call_code.delta", { delta: "2 +" }),
      /deltas make/,
    ],
    [
      "interpreting before the code is done",
      code,
      swap("response.code_interpreter_call.interpreting", "response.code_interpreter_call_code.done"),
      /the order is/,
    ],
    [
      "code that never ran but is completed",
      code,
      without("response.code_interpreter_call.interpreting"),
      /the order is/,
    ],
    ["an MCP list without in_progress", mcp, without("response.mcp_list_tools.in_progress"), /the order is/],
    ["an MCP call without in_progress", mcp, without("response.mcp_call.in_progress"), /the order is/],
    [
      "an MCP call that completes before its arguments",
      mcp,
      swap("response.mcp_call.completed", "response.mcp_call_arguments.done"),
      /the order is/,
    ],
    [
      "an MCP call that failed without an error",
      mcpFailed,
      editItem("response.output_item.done", { error: null }),
      /has no error/,
    ],
    [
      "an error event",
      text,
      (e) => e.splice(2, 1, { type: "error", code: null, message: "", param: null, sequence_number: 2 }),
      /not with an error event/,
    ],
  ];

  it.each(breaks)("%s", (_, good, change, problem) => {
    expect(() => expectValidStream(good)).not.toThrow();
    expect(() => expectValidStream(changed(good, change))).toThrow(problem);
  });
});

describe("the schemas", () => {
  it("name the field that has the wrong type", () => {
    const bad = { ...text[4], delta: 1 };
    expect(() => expectValidEvent(bad)).toThrow(
      /ResponseTextDeltaEvent of openai:\n\s+\/delta must be string/,
    );
  });

  it("name the field that is missing deep inside a union, and no branch that was not meant", () => {
    const bad = sampleResponse({
      output: [{ type: "message", id: "msg_1", role: "assistant", content: [] }],
    });
    expect(() => expectValidResponse(bad)).toThrow(
      /openai:\n {2}\/output\/0 must have required property 'status'\n\{/,
    );
  });

  it("refuse events that OpenAI does not have", () => {
    expect(() => expectValidEvent({ type: "response.ping", sequence_number: 0 })).toThrow(
      /no event of this API/,
    );
    expect(() => expectValidEvent(null)).toThrow(/not an event/);
  });

  it("require what Open Responses requires", () => {
    const { store: _, ...bad } = sampleResponse();
    expect(() => expectValidResponse(bad)).toThrow(/ResponseResource of openresponses:\n.*'store'/);
  });

  it("leave out Open Responses for tools that it does not know", () => {
    const { store: _, ...response } = sampleResponse({
      tools: [{ type: "code_interpreter", container: { type: "auto" } }],
    });
    expect(() => expectValidResponse(response)).not.toThrow();
  });

  it("know what the reference has and the older description lacks", () => {
    const item = { type: "configuration_update", id: "cu_1", reasoning: { effort: "high" } };
    const list = { object: "list", data: [item], first_id: "cu_1", last_id: "cu_1", has_more: false };
    expect(() => expectValidItemList(list)).not.toThrow();
    expect(() => expectValidItemList({ ...list, has_more: undefined })).toThrow(/'has_more'/);
    const compacting = { type: "response.compaction.compacting", item_id: "cmp_1", output_index: 0 };
    expect(() => expectValidEvent({ ...compacting, sequence_number: 2 })).not.toThrow();
    expect(() => expectValidEvent(compacting)).toThrow(/ResponseCompactionCompactingEvent of openai:.*/);
    const steered = { status: "incomplete", incomplete_details: { reason: "steered" } };
    expect(() => expectValidResponse(sampleResponse(steered))).not.toThrow();
  });

  it("require what only the older description requires", () => {
    const bad = sampleStream([messageItem(["a"])]).at(-1)?.response as {
      output: Array<{ content: object[] }>;
    };
    for (const { content } of bad.output)
      for (const part of content) Object.assign(part, { logprobs: undefined });
    expect(() => expectValidResponse(bad)).toThrow(/Response of openai-2026-08:\n.*'logprobs'/);
  });

  it("refuse what the SDK adds by itself", () => {
    expect(() => expectValidResponse(sampleResponse({ output_text: "hi" }))).toThrow(/\/output_text/);
  });

  it("check URLs", () => {
    const bad = sampleStream([messageItem(["a"], [{ ...citation, url: "nowhere" }])]);
    expect(() => expectValidStream(bad)).toThrow(/url must match format "uri"/);
  });

  it.each([
    ["a null error of mcp_list_tools", mcpListItem, { error: null }],
    [
      "a null description of a listed tool",
      mcpListItem,
      { tools: [{ name: "a", input_schema: {}, description: null }] },
    ],
  ])("refuse what stops the AI SDK: %s", (_, item, fields) => {
    const events = changed(sampleStream([item()]), editItem("response.output_item.done", fields));
    expect(() => expectValidStream(events)).toThrow(/absent rather than null/);
  });

  it("check lists of items", () => {
    const item = {
      id: "msg_1",
      type: "message",
      role: "user",
      status: "completed",
      content: [{ type: "input_text", text: "hi" }],
    };
    const list = { object: "list", data: [item], first_id: "msg_1", last_id: "msg_1", has_more: false };
    expect(expectValidItemList(list)).toBe(list);
    expect(() => expectValidItemList({ ...list, last_id: "msg_2" })).toThrow(/last_id/);
    expect(() => expectValidItemList({ ...list, data: [{ ...item, id: undefined }] })).toThrow(/'id'/);
  });

  it("check error bodies", () => {
    const body = { error: { message: "no", type: "invalid_request_error", param: null, code: null } };
    expect(expectValidError(body)).toBe(body);
    expect(() => expectValidError({ error: { message: "no", type: "x", code: null } })).toThrow(/'param'/);
    expect(() => expectValidError({ message: "no" })).toThrow(/'error'/);
  });
});

describe("the exceptions", () => {
  it("each have a reason", () => {
    for (const { what, reason } of EXCEPTIONS) expect(`${what}: ${reason}`).toMatch(/^.{5,}: .{20,}$/);
  });

  it.each([
    ["context_length_exceeded", { error: { code: "context_length_exceeded", message: "" } }],
    ["a null description of a format", { text: { format: format({ description: null }) } }],
    ["an echoed JSON schema", { text: { format: format({ description: "" }) } }],
    ["a null user", { user: null }],
    ["no access programs", { access_programs: undefined }],
    ["an effort that Open Responses lacks", { reasoning: { effort: "minimal", summary: null } }],
  ])("let %s pass", (_, fields) => {
    expect(() => expectValidResponse(sampleResponse(fields))).not.toThrow();
  });

  it.each([
    ["another unknown code", { error: { code: "oops", message: "" } }, /\/error\/code/],
    ["a user that is no text", { user: 1 }, /\/user/],
    ["a usage that is no object", { usage: "none" }, /\/usage/],
    ["a format without a name", { text: { format: { ...format({}), name: undefined } } }, /'name'/],
    ["an effort that nobody knows", { reasoning: { effort: "huge", summary: null } }, /\/reasoning\/effort/],
  ])("do not let %s pass", (_, fields, problem) => {
    expect(() => expectValidResponse(sampleResponse(fields))).toThrow(problem);
  });
});

function format(fields: object): object {
  return { type: "json_schema", name: "n", schema: { type: "object" }, strict: true, ...fields };
}
