/** Servers count and name items, parts and events wrongly: what they say is told once, and all of it. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { OutputItem } from "../../../core/protocol/wire.ts";
import { careful, items, search, searched } from "../../helpers/careful-server.ts";
import { type ChatServer, createChatServer, stream } from "../../helpers/chat-server.ts";
import { startInProcess } from "../../helpers/in-process.ts";
import { clock, nativeAt } from "../../helpers/native.ts";
import { added, done, ended, message, part, thought, told } from "../../helpers/responses-says.ts";

type Json = Record<string, unknown>;

let server: ChatServer;
beforeEach(async () => {
  server = await createChatServer();
});
afterEach(() => server.close());

/** The whole answer to these events of a server, whose stream is checked against the specification. */
async function answerTo(events: readonly Json[]) {
  server.reply(stream(...events));
  const vr = await startInProcess({ plugins: [nativeAt(server)] });
  return vr.stream({ tools: [clock, { type: "web_search" }], include: ["reasoning.encrypted_content"] });
}

/** What an item says, without what names it. */
function said(item: OutputItem | Json): unknown {
  const { id: _, call_id: __, encrypted_content: ___, phase: ____, ...rest } = item as Json;
  return rest;
}

const is = (event: Json, pattern: RegExp) => pattern.test(String(event.type));
const itemOf = (event: Json) => event.item as Json | undefined;
/** The same events with these fields changed; `undefined` takes a field away. */
const each = (change: (event: Json, position: number) => Json) =>
  careful.map((event, i) => JSON.parse(JSON.stringify({ ...event, ...change(event, i) })) as Json);
const has = (event: Json, name: string) => event[name] !== undefined;

describe("an answer is told once, whole and in order, by a server", () => {
  it.each<[string, () => Json[]]>([
    ["that makes no mistake", () => careful],
    [
      "that counts parts from 1",
      () => each((e) => (has(e, "content_index") ? { content_index: Number(e.content_index) + 1 } : {})),
    ],
    [
      "that gives all parts one number",
      () => each((e) => (has(e, "content_index") ? { content_index: 7 } : {})),
    ],
    [
      "that counts parts of a summary from 1",
      () => each((e) => (has(e, "summary_index") ? { summary_index: Number(e.summary_index) + 1 } : {})),
    ],
    ["that numbers no parts", () => each(() => ({ content_index: undefined, summary_index: undefined }))],
    [
      "that numbers its events' parts anew in each event",
      () => each((e, i) => (has(e, "content_index") ? { content_index: i } : {})),
    ],
    [
      "that numbers items from 3",
      () => each((e) => (has(e, "output_index") ? { output_index: Number(e.output_index) + 3 } : {})),
    ],
    ["that numbers all items 0", () => each((e) => (has(e, "output_index") ? { output_index: 0 } : {}))],
    ["that numbers no items", () => each(() => ({ output_index: undefined }))],
    [
      "whose numbers of items are chance",
      () => each((e, i) => (has(e, "output_index") ? { output_index: (i * 7) % 5 } : {})),
    ],
    ["that names no item in its events", () => each(() => ({ item_id: undefined }))],
    [
      "that makes up an id for each event",
      () => each((e, i) => (has(e, "item_id") && !is(e, /web_search/) ? { item_id: `x_${i}` } : {})),
    ],
    [
      "that ends items under other ids",
      () =>
        each((e, i) =>
          is(e, /item\.done/) && itemOf(e)?.id !== "ws_1" ? { item: { ...itemOf(e), id: `x_${i}` } } : {},
        ),
    ],
    [
      "that ends its answer under other ids",
      () =>
        each((e) =>
          is(e, /completed/) && e.response
            ? {
                response: {
                  ...(e.response as Json),
                  output: [...items, search].map((item, i) => ({ ...item, id: `x_${i}` })),
                },
              }
            : {},
        ),
    ],
    [
      "that ends its answer with a part of it",
      () => each((e) => (e.response ? { response: { ...(e.response as Json), output: [items[4]] } } : {})),
    ],
    [
      "that ends its answer in another order",
      () =>
        each((e) =>
          e.response
            ? { response: { ...(e.response as Json), output: [search, ...items].toReversed() } }
            : {},
        ),
    ],
    [
      "that gives all messages one id",
      () =>
        each((e) =>
          e.item_id === "msg_2"
            ? { item_id: "msg_1" }
            : itemOf(e)?.id === "msg_2"
              ? { item: { ...itemOf(e), id: "msg_1" } }
              : {},
        ),
    ],
    [
      "that gives all calls one id",
      () =>
        each((e) =>
          e.item_id === "fc_2"
            ? { item_id: "fc_1" }
            : itemOf(e)?.id === "fc_2"
              ? { item: { ...itemOf(e), id: "fc_1" } }
              : {},
        ),
    ],
    ["that opens each item twice", () => careful.flatMap((e) => (is(e, /item\.added/) ? [e, e] : [e]))],
    ["that opens each part twice", () => careful.flatMap((e) => (is(e, /part\.added/) ? [e, e] : [e]))],
    ["that ends each item twice", () => careful.flatMap((e) => (is(e, /item\.done/) ? [e, e] : [e]))],
    [
      "that ends each part twice",
      () => careful.flatMap((e) => (is(e, /part\.done|text\.done|arguments\.done/) ? [e, e] : [e])),
    ],
    ["that opens no item", () => careful.filter((e) => !is(e, /item\.added/))],
    ["that opens no part", () => careful.filter((e) => !is(e, /part\.added/))],
    ["that ends no item", () => careful.filter((e) => !is(e, /item\.done/))],
    ["that ends no part", () => careful.filter((e) => !is(e, /part\.done|text\.done/))],
    [
      "that opens and ends no item, and names none",
      () => careful.filter((e) => !is(e, /item\.(added|done)/)).map((e) => ({ ...e, item_id: undefined })),
    ],
    ["that opens items behind their first words", () => behind(careful, /item\.added/)],
    ["that opens parts behind their first words", () => behind(careful, /part\.added/)],
    [
      "that numbers and names nothing",
      () =>
        each((e) => ({
          output_index: undefined,
          item_id: undefined,
          content_index: undefined,
          summary_index: undefined,
          ...(itemOf(e) && itemOf(e)?.type !== "web_search_call"
            ? { item: { ...itemOf(e), id: undefined } }
            : {}),
        })),
    ],
  ])("%s", async (_, events) => {
    const { response } = await answerTo(events());
    expect(response.status).toBe("completed");
    const expected = [...items, search].map(said);
    expect(byKind(response.output.map(said))).toEqual(byKind(expected));
  });

  /** Each kind of items in its own order: one whose opening is missing may come behind another kind. */
  function byKind(list: unknown[]): unknown[] {
    const kinds = ["reasoning", "message", "function_call", "web_search_call"];
    return kinds.map((kind) => merged(list.filter((item) => (item as Json).type === kind)));
  }

  /** Where parts begin is lost with their numbers: what they say in all is not. */
  function merged(list: unknown[]): unknown[] {
    return list.map((item) => {
      const { content, summary, ...rest } = item as Json;
      const text = (parts: unknown) => (parts as Json[] | undefined)?.map((one) => one.text).join("");
      return { ...rest, content: text(content), summary: text(summary) };
    });
  }

  /** Each such event behind the first delta that follows it. */
  function behind(events: readonly Json[], late: RegExp): Json[] {
    const moved: Json[] = [];
    const held: Json[] = [];
    for (const event of events) {
      if (is(event, late) && !JSON.stringify(event).includes("ws_1")) held.push(event);
      else moved.push(event, ...(is(event, /delta$/) ? held.splice(0) : []));
    }
    return moved;
  }
});

describe("a part", () => {
  const at = { item_id: "msg_1", output_index: 0 };
  const delta = (content_index: number, text: string) => ({
    type: "response.output_text.delta",
    ...at,
    content_index,
    delta: text,
  });
  const opened = added(0, { ...message("msg_1"), status: "in_progress" });
  const begins = (content_index: number) => ({
    type: "response.content_part.added",
    ...at,
    content_index,
    part: part(""),
  });
  const texts = async (...events: Json[]) => {
    const { response } = await answerTo([opened, ...events]);
    const [only, ...others] = response.output;
    expect(others).toEqual([]);
    return only?.type === "message"
      ? only.content.map((one) => (one.type === "output_text" ? one.text : ""))
      : [];
  };

  it("keeps the words that were streamed where its end says others", async () => {
    const other = message("msg_1", "HELLO.");
    const events = [
      begins(0),
      delta(0, "Hello."),
      { type: "response.output_text.done", ...at, content_index: 0, text: "HELLO." },
      { type: "response.content_part.done", ...at, content_index: 0, part: part("Hello!") },
      done(0, other),
      ended([message("msg_1", "hello")]),
    ];
    expect(await texts(...events)).toEqual(["Hello."]);
  });

  it.each(["text.done", "part.done", "item.done", "completed"])(
    "gets the words that only %s has",
    async (where) => {
      const whole = (when: string) => (when === where ? "Hello." : "Hel");
      const events = [
        begins(1),
        delta(1, "Hel"),
        { type: "response.output_text.done", ...at, content_index: 1, text: whole("text.done") },
        { type: "response.content_part.done", ...at, content_index: 1, part: part(whole("part.done")) },
        ...(where === "completed"
          ? []
          : [done(0, message("msg_1", where === "item.done" ? "Hello." : "Hel"))]),
        ended([message("msg_1", where === "completed" ? "Hello." : "Hel")]),
      ];
      expect(await texts(...events)).toEqual(["Hello."]);
    },
  );

  it("that was never streamed is told with the item, and no other again", async () => {
    expect(
      await texts(begins(1), delta(1, "two"), done(0, message("msg_1", "one", "two")), ended([])),
    ).toEqual(["two", "one"]);
  });

  it("begins where the server says so, and nowhere else once it has said so", async () => {
    const events = [begins(0), delta(0, "a"), delta(1, "b"), delta(0, "c")];
    expect(await texts(...events, done(0, message("msg_1", "abc")), ended([]))).toEqual(["abc"]);
  });
});

describe("a server that numbers no items", () => {
  it("has the text behind a thought that it ends with its answer streamed all the same", async () => {
    const plain = told(thought("rs_1", "Hm."), 0);
    const text = told(message("msg_1", "noon"), 1);
    const late = [...plain.slice(0, -1), ...text.slice(0, 3), ...plain.slice(-1), ...text.slice(3)];
    const { response, types } = await answerTo(
      [...late, ended([])].map((event) => JSON.parse(JSON.stringify({ ...event, output_index: undefined }))),
    );
    expect(response.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
    const firstWords = types.indexOf("response.output_text.delta");
    expect(types.indexOf("response.output_item.done")).toBeLessThan(firstWords);
  });
});

it("an event of the whole answer is none of the item that is open", async () => {
  const [opened = {}, ...rest] = searched(0);
  const progress = { type: "response.in_progress", response: {} };
  const { types } = await answerTo([
    opened,
    progress,
    { type: "response.unheard_of" },
    ...rest,
    ended([search]),
  ]);
  expect(types.filter((type) => type === "response.in_progress")).toHaveLength(1);
  expect(types).not.toContain("response.unheard_of");
});

describe("an event that names an item, and is of no item", () => {
  it.each(["created", "queued", "cancelled", "done", "output_item.other"])(
    "response.%s is skipped",
    async (name) => {
      const [opened, ...rest] = searched(0);
      const odd = { type: `response.${name}`, item_id: "ws_1", output_index: 0 };
      const { events, response } = await answerTo([opened as Json, odd, ...rest, ended([search])]);
      expect(response.status).toBe("completed");
      expect(events.filter(({ type }) => type === odd.type)).toHaveLength(name === "created" ? 1 : 0);
    },
  );
});
