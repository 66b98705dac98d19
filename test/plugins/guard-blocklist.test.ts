import { describe, expect, it } from "vitest";
import { HookSet } from "../../core/hook-set.ts";
import type { SealedHooks } from "../../core/hooks.ts";
import type { ModelChunk, ModelRequest, ResponseContext, Turn, Vr, wire } from "../../core/index.ts";
import { foldCase } from "../../plugins/guard-blocklist/fold.ts";
import { guardBlocklist } from "../../plugins/guard-blocklist/index.ts";
import { Matcher } from "../../plugins/guard-blocklist/matcher.ts";

type Options = Parameters<typeof guardBlocklist>[0];

const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const STOP: ModelChunk = { type: "stop", message: "The content holds a blocked word." };
const FINISH: ModelChunk = { type: "finish", reason: "stop" };

async function guard(options: Options): Promise<SealedHooks> {
  const hooks = new HookSet();
  const plugin = guardBlocklist(options);
  await plugin.setup({ hooks: hooks.facade(plugin.name) } as Vr);
  return hooks.seal({ log: silent, limitMs: 10_000 });
}

function turnOf(request: Partial<ResponseContext["request"]> = {}, index = 0): Turn {
  const values = new Map<string | symbol, unknown>();
  const state = <T>(key: string | symbol, init: () => T): T => {
    if (!values.has(key)) values.set(key, init());
    return values.get(key) as T;
  };
  const { signal } = new AbortController();
  return {
    index,
    state,
    signal,
    response: { request: { input: [], tools: [], ...request } },
  } as unknown as Turn;
}

/** One chunk per batch, as a slow upstream would send them; ends at a stop as the pipeline does. */
async function stream(options: Options, chunks: readonly ModelChunk[]): Promise<ModelChunk[]> {
  const { onChunk } = await guard(options);
  const turn = turnOf();
  const out: ModelChunk[] = [];
  for (const chunk of chunks) {
    out.push(...((await onChunk?.([chunk], turn)) ?? [chunk]));
    if (out.at(-1)?.type === "stop") break;
  }
  return out;
}

type Words = "text" | "reasoning" | "refusal" | "tool_arguments";

function chunkOf(kind: Words, words: string): ModelChunk {
  return kind === "tool_arguments" ? { type: kind, index: 0, delta: words } : { type: kind, text: words };
}

function wordsOf(chunks: readonly ModelChunk[]): string {
  return chunks.map((chunk) => ("text" in chunk ? chunk.text : "delta" in chunk ? chunk.delta : "")).join("");
}

/** Whole, split in two at every place, and unit by unit. */
function splits(words: string): string[][] {
  const pairs = Array.from({ length: words.length - 1 }, (_, at) => [
    words.slice(0, at + 1),
    words.slice(at + 1),
  ]);
  return [[words], words.split(""), ...pairs];
}

async function expectBefore(
  options: Options,
  words: string,
  before: string,
  kind: Words = "text",
): Promise<void> {
  for (const parts of splits(words)) {
    const out = await stream(options, [...parts.map((part) => chunkOf(kind, part)), FINISH]);
    expect(wordsOf(out)).toBe(before);
    expect(out.at(-1)).toEqual(before === words ? FINISH : STOP);
  }
}

describe("guardBlocklist on what streams", () => {
  for (const kind of ["text", "reasoning", "refusal", "tool_arguments"] as const)
    it(`lets no character of a listed word pass in ${kind}, however it is split`, async () => {
      await expectBefore(
        { words: ["falcon", "eagle"] },
        "we fly a fal, then a FalCon and an eagle",
        "we fly a fal, then a ",
        kind,
      );
    });

  it("passes text without listed words unchanged, however it is split", async () => {
    await expectBefore({ words: ["falcon"] }, "a falco is no falc", "a falco is no falc");
  });

  const cases: [string, string[], string, string][] = [
    ["the first of overlapping words", ["abcde", "bcd"], "xabcdex", "x"],
    ["a word within the beginning of a longer one", ["abcde", "bcd"], "xabcdx", "xa"],
    ["a word that ends with its own beginning", ["aab"], "aaaaab", "aaa"],
    ["phrases with blanks", ["project falcon"], "a project falco, a project falcon", "a project falco, a "],
    ["letters of other scripts in another case", ["ΣΊΣΥΦΟΣ"], "ο σίσυφος", "ο "],
    ["characters beyond 16 bits", ["𐐀𐐁"], "a𐐨𐐩", "a"],
    ["emoji that share their first half with others", ["😀"], "😁😂😀", "😁😂"],
    ["letters whose lower case is longer, at their places", ["istanbul"], "İİ istanbul", "İİ "],
  ];
  for (const [what, words, text, before] of cases)
    it(`finds ${what}`, () => expectBefore({ words }, text, before));

  it("counts case when told to", () =>
    expectBefore({ words: ["Falcon"], matchCase: true }, "a falcon, a Falcon", "a falcon, a "));

  it("counts whole words only when told to", async () => {
    const options = { words: ["ass", "class act"], wholeWords: true };
    await expectBefore(options, "a classic class, first-class, an ass.", "a classic class, first-class, an ");
    await expectBefore(options, "ass", "");
    await expectBefore(options, "assé _ass ass1", "assé _ass ass1");
    await expectBefore(options, '{"a":"x\\nass"}', '{"a":"x\\n', "tool_arguments");
  });

  it("decodes JSON's escapes in arguments", async () => {
    const words = ["foo\n", 'a "b"'];
    await expectBefore({ words }, String.raw`{"q":"1 \u0066o\u006F\n2"}`, '{"q":"1 ', "tool_arguments");
    await expectBefore({ words }, String.raw`{"q":"a \"b\""}`, '{"q":"', "tool_arguments");
    const harmless = String.raw`{"q":"\\u0066oo\\n \u0066o"}`;
    await expectBefore({ words }, harmless, harmless, "tool_arguments");
  });

  it("holds only what could be the beginning of a listed word", async () => {
    const { onChunk } = await guard({ words: ["falcon"] });
    const turn = turnOf();
    const harmless = [chunkOf("text", "the weather is fine")];
    expect(onChunk?.(harmless, turn)).toBe(harmless);
    expect(wordsOf((await onChunk?.([chunkOf("text", "a fal")], turn)) ?? [])).toBe("a ");
    expect(wordsOf((await onChunk?.([chunkOf("text", "se friend")], turn)) ?? [])).toBe("false friend");
  });

  it("keeps two blocklists apart", async () => {
    const hooks = new HookSet();
    for (const words of [["falcon"], ["eagle"]])
      await guardBlocklist({ words }).setup({ hooks: hooks.facade("guard-blocklist") } as Vr);
    const out = await hooks
      .seal({ log: silent, limitMs: 10_000 })
      .onChunk?.([chunkOf("text", "an eagle")], turnOf());
    expect(out).toEqual([chunkOf("text", "an "), STOP]);
  });

  it("looks at no output when told so", async () => {
    expect((await guard({ words: ["falcon"], output: false })).onChunk).toBeUndefined();
  });
});

describe("guardBlocklist on what comes whole", () => {
  const mcpCall = (output: string): wire.OutputItem => ({
    type: "mcp_call",
    id: "mcp_1",
    server_label: "birds",
    name: "find",
    arguments: "{}",
    output,
  });

  it("stops at a tool's output that holds a listed word", async () => {
    const { onOutputItem } = await guard({ words: ["falcon"] });
    await expect(onOutputItem?.(mcpCall("a Falcon"), turnOf())).rejects.toThrow("blocked word");
    await expect(onOutputItem?.(mcpCall("a duck"), turnOf())).resolves.toEqual(mcpCall("a duck"));
  });

  it("stops at a code interpreter's logs that hold a listed word", async () => {
    const { onOutputItem } = await guard({ words: ["falcon"] });
    const item: wire.OutputItem = {
      type: "code_interpreter_call",
      id: "ci_1",
      status: "completed",
      container_id: "cntr_falcon",
      code: "print(1)",
      outputs: [{ type: "logs", logs: "a falcon" }],
    };
    await expect(onOutputItem?.(item, turnOf())).rejects.toThrow("blocked word");
    await expect(onOutputItem?.({ ...item, outputs: null }, turnOf())).resolves.toBeDefined();
  });
});

describe("guardBlocklist on the request", () => {
  const refused: [string, Partial<ResponseContext["request"]>, string][] = [
    ["a message", { input: [{ role: "user", content: "the Falcon" }] }, "input"],
    [
      "a content part",
      { input: [{ role: "user", content: [{ type: "input_text", text: "falcon" }] }] },
      "input",
    ],
    [
      "a tool's output",
      { input: [{ type: "function_call_output", call_id: "c", output: "falcon" }] },
      "input",
    ],
    [
      "a function's description",
      { tools: [{ type: "function", name: "f", description: "Of a falcon.", parameters: {}, strict: null }] },
      "tools",
    ],
    [
      "the name of a function's parameter, spelled with an escape",
      {
        tools: [
          {
            type: "function",
            name: "f",
            parameters: { properties: { "project\nfalcon": {} } },
            strict: null,
          },
        ],
      },
      "tools",
    ],
    [
      "the schema of the answer",
      { text: { format: { type: "json_schema", name: "f", schema: { enum: ["falcon"] } } } },
      "text.format",
    ],
    ["the instructions", { instructions: "You are a falcon." }, "instructions"],
  ];
  for (const [where, request, param] of refused)
    it(`refuses a listed word in ${where}`, async () => {
      const { beforeUpstream } = await guard({ words: ["falcon"] });
      const asked = beforeUpstream?.({} as ModelRequest, turnOf(request));
      await expect(asked).rejects.toMatchObject({ status: 403, code: "content_blocked", param });
    });

  it("refuses a listed word in what the model server takes beyond the API", async () => {
    const { beforeUpstream } = await guard({ words: ["falcon"] });
    const request = { extra: { chat_template_kwargs: { about: "the falcon" } } } as unknown as ModelRequest;
    await expect(beforeUpstream?.(request, turnOf({ input: [] }))).rejects.toMatchObject({
      status: 403,
      param: "chat_template_kwargs",
    });
  });

  it("takes a request without listed words, ids and images aside", async () => {
    const { beforeUpstream } = await guard({ words: ["falcon"] });
    const input: wire.InputItem[] = [
      {
        role: "user",
        content: [{ type: "input_image", detail: "auto", image_url: "data:image/png;base64,falcon" }],
      },
      { type: "function_call_output", call_id: "falcon", output: "a duck" },
    ];
    await expect(beforeUpstream?.({} as ModelRequest, turnOf({ input }))).resolves.toBeDefined();
  });

  it("does not refuse in later turns what it let pass in the first", async () => {
    const { beforeUpstream } = await guard({ words: ["falcon"] });
    const request = { input: [{ role: "user" as const, content: "falcon" }] };
    await expect(beforeUpstream?.({} as ModelRequest, turnOf(request, 1))).resolves.toBeDefined();
  });

  it("looks at no input when told so", async () => {
    expect((await guard({ words: ["falcon"], input: false })).beforeUpstream).toBeUndefined();
  });
});

describe("foldCase", () => {
  it("keeps every character at its place", () => {
    const moved: string[] = [];
    for (let code = 0; code < 0x1ffff; code++) {
      const character = String.fromCodePoint(code);
      if (foldCase(character).length !== character.length) moved.push(character);
    }
    expect(moved).toEqual([]);
  });

  it("agrees with the simple case folding of regular expressions", () => {
    const wrong: string[] = [];
    for (let code = 0; code < 0x1ffff; code++) {
      const character = String.fromCodePoint(code);
      const folded = foldCase(character);
      if (folded === character || /\p{Cs}/u.test(character)) continue;
      if (!new RegExp(`^\\u{${code.toString(16)}}$`, "iu").test(folded)) wrong.push(character);
    }
    expect(wrong).toEqual([]);
  });
});

describe("Matcher", () => {
  it("finds the first of thousands of words", () => {
    const words = Array.from({ length: 5_000 }, (_, index) => `word${index}x`);
    const matcher = new Matcher(words, { matchCase: false, wholeWords: false });
    const text = `${"some word12 and word4999 ".repeat(1_000)}Word4999X`;
    expect(matcher.search(text)).toEqual({ clear: text.length - 9, isWord: true });
  });
});
